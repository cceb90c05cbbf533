// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { stripMoods } from "../../lipsync/server/static/studio/mood-markup.js";

const NAMES = ["happy", "sad", "удивленно"];

test("marks of moods are left out, other brackets are not", () => {
  assert.equal(stripMoods("[happy] Yes. [ Sad : 0,5 ] No. [sad:.5]", NAMES), "Yes. No. ");
  assert.equal(stripMoods("[Удивлённо] Да", NAMES), "Да");
  for (const text of ["[note]", "[happy birthday]", "[happy:]", "[happy", "[1]", "[[sadly]"]) {
    assert.equal(stripMoods(text, NAMES), text);
  }
});
