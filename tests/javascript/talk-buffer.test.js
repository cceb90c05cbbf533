// @ts-check
// When the film of an answer is played.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createStartRule, isRefilled } from "../../lipsync/server/static/talk/answer-buffer.js";

const state = (/** @type {number} */ end, /** @type {number} */ now, isComplete = false, time = 0) => ({ end, now, isComplete, time });

test("an answer that arrives fast starts with a quarter of a second", () => {
  const mayStart = createStartRule();
  assert.ok(!mayStart(state(0, 0)));
  assert.ok(!mayStart(state(0.08, 0.1)));
  assert.ok(mayStart(state(0.24, 0.15)));
});

test("one that arrives slowly starts later, so that it does not stop at once", () => {
  const mayStart = createStartRule();
  assert.ok(!mayStart(state(0.08, 0)));
  assert.ok(!mayStart(state(0.32, 0.3)));
  assert.ok(!mayStart(state(0.72, 0.7)));
  assert.ok(mayStart(state(1.2, 1.4)));
});

test("one that arrives as fast as it is played starts with half a second or so", () => {
  const mayStart = createStartRule();
  assert.ok(!mayStart(state(0.1, 0)));
  assert.ok(!mayStart(state(0.5, 0.4)));
  assert.ok(mayStart(state(0.7, 0.6)));
});

test("all that arrives at once tells nothing of the rate", () => {
  assert.ok(!createStartRule()(state(0.4, 0)));
  assert.ok(createStartRule()(state(0.8, 0)));
});

test("a complete answer starts, however short", () => {
  assert.ok(createStartRule()(state(0.1, 0, true)));
  assert.ok(!createStartRule()(state(0, 0, true)));
});

test("playback that ran dry goes on with half a second, or with the end", () => {
  assert.ok(!isRefilled(state(2.4, 0, false, 2)));
  assert.ok(isRefilled(state(2.5, 0, false, 2)));
  assert.ok(isRefilled(state(2.1, 0, true, 2)));
});
