// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bufferedEnd, createStartEstimator, findSkipTarget, isBeforeHole, isBuffered, isRunningDry, rangesOf, RefillQueue,
} from "../../lipsync/server/static/shared/media-buffer.js";

/** @typedef {import("../../lipsync/server/static/shared/media-buffer.js").Ranges} Ranges */

/** @type {Ranges} */
const TWO = [[0, 4], [4.3, 8]];
/** @type {Ranges} */
const HOLE = [[0, 4], [6, 8]];

test("TimeRanges become pairs", () => {
  const ranges = rangesOf({ length: 2, start: (index) => index * 10, end: (index) => index * 10 + 5 });
  assert.deepEqual(ranges, [[0, 5], [10, 15]]);
  assert.equal(bufferedEnd(ranges), 15);
  assert.equal(bufferedEnd([]), 0);
});

test("a moment is buffered within a range or near one", () => {
  assert.deepEqual([3, 4.4, 5, 5.6, 8.5, 8.6].map((time) => isBuffered(HOLE, time)), [true, true, false, true, true, false]);
});

test("a short gap is skipped, once what precedes it has been played", () => {
  assert.equal(findSkipTarget(TWO, 3.95), 4.3);
  assert.equal(findSkipTarget(TWO, 3.85), null);
  assert.equal(findSkipTarget(TWO, 2), null);
  assert.equal(findSkipTarget([[0.2, 4]], 0), 0.2);
  assert.equal(findSkipTarget(HOLE, 4), null);
  assert.equal(findSkipTarget([], 0), null);
});

test("a hole that is too long to skip is recognised where playback stops", () => {
  assert.ok(isBeforeHole(HOLE, 4));
  assert.ok(isBeforeHole(HOLE, 3.8));
  assert.ok(!isBeforeHole(HOLE, 3));
  assert.ok(!isBeforeHole(HOLE, 8), "the end is no hole");
  assert.ok(!isBeforeHole(TWO, 4));
});

/** @param {Partial<{ end: number, time: number, now: number, progress: number, isComplete: boolean }>} state */
const at = (state) => ({ end: 0, time: 0, now: 0, progress: 0, isComplete: false, ...state });

test("playback starts at once where the stream is complete", () => {
  assert.ok(createStartEstimator()(at({ isComplete: true })));
});

test("playback waits for the first 0.6 s, and for a rate", () => {
  const isEnough = createStartEstimator();
  assert.ok(!isEnough(at({ end: 0 })));
  assert.ok(!isEnough(at({ end: 0.5, now: 10 })));
  assert.ok(!isEnough(at({ end: 0.7, now: 12 })));
});

test("playback starts when the stream arrives faster than it plays", () => {
  const isEnough = createStartEstimator();
  isEnough(at({ end: 0.25, now: 10 }));
  assert.ok(!isEnough(at({ end: 1.2, now: 11 })), "at 0.95 of the speed it may run dry");
  assert.ok(isEnough(at({ end: 1.6, now: 11 })), "at 1.35 it does not");
});

test("a slow stream starts when the rest will arrive in time", () => {
  const isEnough = createStartEstimator();
  isEnough(at({ end: 0.25, now: 0, progress: 0.02 }));
  assert.ok(!isEnough(at({ end: 5, now: 10, progress: 0.5 })));
  assert.ok(isEnough(at({ end: 8, now: 16, progress: 0.8 })));
});

test("the buffer runs dry in its last second", () => {
  assert.ok(isRunningDry(TWO, 7.5));
  assert.ok(!isRunningDry(TWO, 6));
});

const piece = (/** @type {number} */ length) => ({ length });

test("pieces pass through a queue that does not hold", () => {
  const queue = new RefillQueue();
  assert.deepEqual(queue.add(piece(5), 100), [piece(5)]);
  assert.deepEqual(queue.release(), []);
});

test("after running dry a second is gathered", () => {
  const queue = new RefillQueue();
  queue.hold();
  assert.ok(queue.isHolding);
  assert.deepEqual(queue.add(piece(60), 100), []);
  assert.deepEqual(queue.add(piece(41), 100), [piece(60), piece(41)]);
  assert.ok(!queue.isHolding);
});

test("each time it ran dry twice as much is gathered, up to 16 s", () => {
  const queue = new RefillQueue();
  /** @type {number[]} */
  const seconds = [];
  for (let times = 0; times < 6; times += 1) {
    queue.hold();
    let gathered = 1;
    while (queue.add(piece(100), 100).length === 0) gathered += 1;
    seconds.push(gathered - 1);
  }
  assert.deepEqual(seconds, [1, 2, 4, 8, 16, 16]);
});

test("what is held is released when the stream ends", () => {
  const queue = new RefillQueue();
  queue.hold();
  queue.add(piece(1), 100);
  assert.deepEqual(queue.release(), [piece(1)]);
  assert.deepEqual(queue.add(piece(2), 100), [piece(2)]);
});
