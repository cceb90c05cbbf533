// @ts-check
// The button to talk, and the microphone's sound on its way to the server.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createHoldGesture, TAP_MS } from "../../lipsync/server/static/talk/hold-gesture.js";
import { catchMediaError } from "../../lipsync/server/static/talk/media-errors.js";
import { Resampler } from "../../lipsync/server/static/talk/resampler.js";

function recordedGesture() {
  /** @type {string[]} */
  const calls = [];
  const gesture = createHoldGesture({ onStart: () => calls.push("start"), onStop: () => calls.push("stop") });
  return { calls, gesture };
}

test("a held button is on until it is released", () => {
  const { calls, gesture } = recordedGesture();
  gesture.press(0);
  assert.ok(gesture.isOn());
  gesture.release(TAP_MS);
  assert.deepEqual(calls, ["start", "stop"]);
  assert.ok(!gesture.isOn());
});

test("a tap begins a turn, and the next one ends it", () => {
  const { calls, gesture } = recordedGesture();
  gesture.press(0);
  gesture.release(TAP_MS - 1);
  assert.ok(gesture.isOn() && gesture.isTapped());
  gesture.press(5000);
  assert.deepEqual(calls, ["start", "stop"]);
  gesture.release(5100);
  gesture.press(9000);
  assert.deepEqual(calls, ["start", "stop", "start"]);
});

test("the Enter key toggles", () => {
  const { calls, gesture } = recordedGesture();
  gesture.toggle();
  gesture.toggle();
  assert.deepEqual(calls, ["start", "stop"]);
});

test("a turn that ended for another reason is not ended again", () => {
  const { calls, gesture } = recordedGesture();
  gesture.press(0);
  gesture.reset();
  gesture.release(5000);
  assert.deepEqual(calls, ["start"]);
});

/**
 * A sine of this frequency, resampled to 16 kHz in pieces of 128 samples.
 *
 * @param {number} rate
 * @param {number} frequency
 */
function resampledSine(rate, frequency) {
  const resampler = new Resampler(rate, 16_000);
  /** @type {number[]} */
  const output = [];
  for (let begin = 0; begin + 128 <= rate; begin += 128) {
    const piece = Float32Array.from({ length: 128 }, (_, index) => Math.sin((2 * Math.PI * frequency * (begin + index)) / rate));
    output.push(...resampler.add(piece));
  }
  return output;
}

/** @param {number[]} samples */
const rms = (samples) => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

for (const rate of [8000, 16_000, 44_100, 48_000]) {
  test(`a voice keeps its length, pitch and loudness from ${rate} Hz`, () => {
    const output = resampledSine(rate, 1000);
    assert.ok(Math.abs(output.length - 16_000) < 140, `${output.length} samples`);
    const middle = output.slice(1000, 15_000);
    assert.ok(Math.abs(rms(middle) - Math.SQRT1_2) < 0.01, `${rms(middle)}`);
    const rises = middle.filter((sample, index) => index > 0 && sample >= 0 && (middle[index - 1] ?? 0) < 0).length;
    assert.ok(Math.abs(rises - 875) <= 1, `${rises} periods in 14,000 samples`);
  });
}

test("what is too high for the lower rate does not come back as another sound", () => {
  assert.ok(rms(resampledSine(48_000, 11_000).slice(1000)) < 0.005);
  assert.ok(rms(resampledSine(44_100, 9500).slice(1000)) < 0.02);
});

test("the browser's reasons have words, and mistakes of the page are no reasons", async () => {
  const refusal = (/** @type {string} */ name) => catchMediaError(async () => { throw new DOMException("no", name); });
  assert.equal(await refusal("NotAllowedError"), "microphone_denied");
  assert.equal(await refusal("NotFoundError"), "microphone_missing");
  assert.equal(await refusal("NotReadableError"), "microphone_busy");
  assert.equal(await catchMediaError(async () => {}), null);
  await assert.rejects(catchMediaError(async () => { throw new RangeError("a mistake"); }), RangeError);
});
