// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProgressState, stepMessage } from "../../lipsync/server/static/studio/progress-state.js";

/**
 * @param {Partial<import("../../lipsync/server/static/studio/jobs.js").Job>} more
 * @returns {import("../../lipsync/server/static/studio/jobs.js").Job}
 */
const job = (more) => ({
  id: "a", state: "running", stage: "speech", progress: 0, place: null, seconds_left: null, created: "", started: null,
  ended: null, avatar: "gauss", language: "en", characters: 5, duration: null, fallbacks: [], timings: {}, error: null, ...more,
});

test("a queued job is in the step of that name, whatever its stage", () => {
  const state = new ProgressState(job({ state: "queued", stage: "" }));
  assert.equal(state.step(0), "queued");
});

test("a later step is shown at once", () => {
  const state = new ProgressState(job({ stage: "speech" }));
  state.update(job({ stage: "render" }), 0);
  assert.equal(state.step(0), "render");
});

test("a short step back is not shown, a longer one is", () => {
  const state = new ProgressState(job({ stage: "render" }));
  state.update(job({ stage: "speech" }), 0);
  assert.equal(state.step(1000), "render");
  assert.equal(state.step(2400), "render");
  assert.equal(state.step(2600), "speech");
});

test("the time of a step back is measured anew after each return", () => {
  const state = new ProgressState(job({ stage: "render" }));
  state.update(job({ stage: "speech" }), 0);
  state.step(1000);
  state.update(job({ stage: "render" }), 0);
  state.step(2000);
  state.update(job({ stage: "speech" }), 0);
  assert.equal(state.step(2600), "render");
});

test("a job that waits again is shown at once", () => {
  const state = new ProgressState(job({ stage: "render" }));
  state.update(job({ state: "queued", stage: "" }), 0);
  assert.equal(state.step(1), "queued");
});

test("without an estimate there are no seconds", () => {
  assert.equal(new ProgressState(job({})).secondsLeft(0), null);
});

test("the estimate counts down by the clock", () => {
  const state = new ProgressState(job({}));
  state.update(job({ seconds_left: 20 }), 1000);
  assert.equal(state.secondsLeft(1000), 20);
  assert.equal(state.secondsLeft(5500), 16);
  assert.ok((state.secondsLeft(22_000) ?? 1) <= 0, "it takes longer");
});

test("a new estimate is shown only if it differs enough", () => {
  const state = new ProgressState(job({}));
  state.update(job({ seconds_left: 20 }), 0);
  state.update(job({ seconds_left: 22 }), 0);
  assert.equal(state.secondsLeft(0), 20);
  state.update(job({ seconds_left: 24 }), 0);
  assert.equal(state.secondsLeft(0), 24);
  state.update(job({ seconds_left: null }), 0);
  assert.equal(state.secondsLeft(0), null);
});

test("each step has its message, and a step of a newer server a general one", () => {
  assert.equal(stepMessage("render"), "step_render");
  assert.equal(stepMessage("dreaming"), "working");
});
