// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatBytes, formatDuration, formatLanguageName, formatMoment, formatNumber, formatPercent, formatSeconds, localesOf,
} from "../../lipsync/server/static/shared/format.js";

/** Intl separates groups and units by spaces that do not break. */
const plain = (/** @type {string} */ text) => text.replace(/[\u00a0\u202f]/gu, " ");

test("numbers have the digits that are asked for", () => {
  assert.equal(formatNumber("en", 1.005, 2), "1.01");
  assert.equal(plain(formatNumber("ru", 12345.6, 1)), "12 345,6");
});

test("percent are rounded down: 100 % means finished", () => {
  assert.equal(formatPercent("en", 0.999), "99%");
  assert.equal(formatPercent("en", 1), "100%");
  assert.equal(plain(formatPercent("ru", 0.5)), "50 %");
});

test("a duration has tenths below ten seconds, unless it is whole", () => {
  assert.equal(formatDuration("en", 3.72), "3.7 sec");
  assert.equal(formatDuration("en", 3), "3 sec");
  assert.equal(formatDuration("en", 9.96), "10 sec");
  assert.equal(formatDuration("en", 89.4), "89 sec");
});

test("a longer duration has two units, the longest only days", () => {
  assert.equal(formatDuration("en", 90), "1 min 30 sec");
  assert.equal(formatDuration("en", 3599.9), "59 min 59 sec");
  assert.equal(formatDuration("en", 3600), "1 hr 0 min");
  assert.equal(formatDuration("en", 200_000), "2 days");
});

test("each language has its own units", () => {
  assert.equal(plain(formatDuration("ru", 125)), "2 мин 5 с");
  assert.equal(plain(formatDuration("uk", 125)), "2 хв 5 с");
  assert.equal(plain(formatDuration("kk", 125)), "2 мин 5 с");
});

test("a language that a browser does not know is written like a similar one", () => {
  assert.deepEqual(localesOf("kk"), ["kk", "ru"]);
  assert.deepEqual(localesOf("uk"), ["uk"]);
});

test("timings have hundredths", () => {
  assert.equal(formatSeconds("en", 0.3456), "0.35 sec");
});

test("sizes change from megabytes to gigabytes", () => {
  assert.equal(formatBytes("en", 12_400_000), "12 MB");
  assert.equal(formatBytes("en", 1_250_000_000), "1.3 GB");
});

test("a moment of today has no day", () => {
  const now = new Date(2026, 4, 5, 20, 0);
  const today = formatMoment("en-GB", new Date(2026, 4, 5, 9, 3, 7), { now });
  assert.equal(today, "09:03");
  assert.equal(formatMoment("en-GB", new Date(2026, 4, 5, 9, 3, 7), { now, seconds: true }), "09:03:07");
  assert.match(formatMoment("en-GB", new Date(2026, 4, 4, 9, 3), { now }), /^4 May.+09:03$/);
});

test("languages are named in the page's language", () => {
  assert.equal(formatLanguageName("en", "kk"), "Kazakh");
  assert.equal(formatLanguageName("ru", "de"), "немецкий");
});
