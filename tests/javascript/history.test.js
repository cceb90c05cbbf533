// @ts-check
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { forgetText, isOwnJob, rememberText, textOf } from "../../lipsync/server/static/studio/history.js";
import { installStorage } from "./page.js";

/** @type {Map<string, string>} */
let items;

beforeEach(() => { items = installStorage(); });

test("a text is remembered in one line, and forgotten", () => {
  rememberText("a", "  Hello\n  there. ");
  assert.equal(textOf("a"), "Hello there.");
  assert.ok(isOwnJob("a"));
  forgetText("a");
  assert.equal(textOf("a"), "");
  assert.ok(!isOwnJob("a"));
});

test("a long text is cut between characters, not within one", () => {
  rememberText("a", "🙂".repeat(200));
  assert.equal(textOf("a"), `${"🙂".repeat(160)}…`);
});

test("the oldest of more than a hundred are forgotten", () => {
  for (let number = 0; number < 105; number += 1) rememberText(`job-${number}`, "Hello");
  assert.ok(!isOwnJob("job-4"));
  assert.ok(isOwnJob("job-5"));
  assert.ok(isOwnJob("job-104"));
});

test("a job is not ours because an object has a property of that name", () => {
  assert.ok(!isOwnJob("constructor"));
  assert.equal(textOf("constructor"), "");
});

test("damaged storage is as good as none", () => {
  for (const damaged of ["", "{", "null", "[1]", "5"]) {
    const id = `after ${damaged}`; // the page itself remembers what it stored before
    items.set("lipsync.videos", damaged);
    assert.equal(textOf(id), "");
    rememberText(id, "Hello");
    assert.equal(textOf(id), "Hello");
  }
});

test("where storage is refused, texts are remembered until the page is closed", () => {
  installStorage({ isRefused: true });
  rememberText("a", "Hello");
  assert.equal(textOf("a"), "Hello");
});
