// @ts-check
// When the film of an answer is played: pure decisions about what has arrived. People wait for the first word, so that
// it starts with less than a video of the studio does (shared/media-buffer.js).

const MIN_START_S = 0.24; // three fragments, where the film arrives faster than it is played
const MIN_RATE = 1.25;
const SAFE_START_S = 0.8; // where it does not
const REFILL_S = 0.5; // gathered after playback has run dry

/** @typedef {{ end: number, time: number, now: number, isComplete: boolean }} BufferState `end` of the buffer and `time`
 * of playback in seconds of the film, `now` in seconds of a clock. */

/** Decides whether playback starts. */
export function createStartRule() {
  /** @type {{ now: number, end: number } | null} */
  let first = null;

  return (/** @type {BufferState} */ { end, now, isComplete }) => {
    if (end <= 0) return false;
    if (isComplete || end >= SAFE_START_S) return true;
    first ??= { now, end };
    return end >= MIN_START_S && now > first.now && (end - first.end) / (now - first.now) >= MIN_RATE;
  };
}

/** Whether playback that has run dry goes on. */
export const isRefilled = (/** @type {BufferState} */ { end, time, isComplete }) => isComplete || end - time >= REFILL_S;
