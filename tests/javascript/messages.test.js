// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMessage, pickLanguage } from "../../lipsync/server/static/shared/messages.js";

const ENGLISH = { one: "{n} character", other: "{n} characters" };
const RUSSIAN = { one: "{n} символ", few: "{n} символа", many: "{n} символов", other: "{n} символа" };

test("placeholders are filled in, as often as they occur", () => {
  assert.equal(formatMessage("{a} and {b} and {a}", { a: "x", b: "y" }, "en"), "x and y and x");
});

test("a placeholder without a value stays, and so does one in a value", () => {
  assert.equal(formatMessage("{a} {b}", { a: "{b}" }, "en"), "{b} {b}");
});

test("numbers are written as the language writes them, strings are not touched", () => {
  assert.equal(formatMessage("{n}", { n: 5000 }, "en"), "5,000");
  assert.equal(formatMessage("{n}", { n: 5000 }, "ru").replace(/\s/u, " "), "5 000");
  assert.equal(formatMessage("{n}", { n: "5000" }, "ru"), "5000");
  assert.equal(formatMessage("{n}", { n: 0.5 }, "ru"), "0,5");
});

test("English has two plural forms", () => {
  const write = (/** @type {number} */ n) => formatMessage(ENGLISH, { n }, "en");
  assert.deepEqual([0, 1, 2, 21].map(write), ["0 characters", "1 character", "2 characters", "21 characters"]);
});

test("Russian has four", () => {
  const write = (/** @type {number} */ n) => formatMessage(RUSSIAN, { n }, "ru");
  assert.deepEqual(
    [1, 2, 5, 11, 21, 22, 25, 111].map(write),
    ["1 символ", "2 символа", "5 символов", "11 символов", "21 символ", "22 символа", "25 символов", "111 символов"],
  );
});

test("Ukrainian and Kazakh follow their own rules", () => {
  const ukrainian = { one: "{n} символ", few: "{n} символи", many: "{n} символів", other: "{n} символу" };
  const kazakh = { one: "{n} таңба", other: "{n} таңба" };
  assert.equal(formatMessage(ukrainian, { n: 3 }, "uk"), "3 символи");
  assert.equal(formatMessage(kazakh, { n: 3 }, "kk"), "3 таңба");
});

test("a plural without the needed form, or without n, falls back to another form", () => {
  assert.equal(formatMessage({ other: "{n} things" }, { n: 1 }, "en"), "1 things");
  assert.equal(formatMessage(ENGLISH, {}, "en"), "{n} characters");
  assert.equal(formatMessage({ one: "one" }, { n: 5 }, "en"), "one");
});

test("a title comes in the page's language, else in English, else in any", () => {
  const titles = { en: "Gauss", ru: "Гаусс" };
  assert.equal(pickLanguage(titles, "ru"), "Гаусс");
  assert.equal(pickLanguage(titles, "kk"), "Gauss");
  assert.equal(pickLanguage({ ru: "Гаусс" }, "kk"), "Гаусс");
  assert.equal(pickLanguage({}, "kk"), "");
});
