// @ts-check
// When the film of an answer is played: pure decisions about what has arrived. People wait for the first word, so that
// it starts with less than a video of the studio does (shared/media-buffer.js).

const MIN_START_S = 0.24; // three fragments, where the film arrives faster than it is played
const MAX_START_S = 1.2; // where it arrives much slower: people wait no longer
const UNKNOWN_START_S = 0.8; // where all has arrived at once, which tells nothing of the rate
const EXPECTED_S = 6; // of an answer, which should not stop before its end
const MIN_RATE = 1.1; // of arrival, at which MIN_START_S suffices: it varies
const REFILL_S = 0.5; // gathered after playback has run dry

/** @typedef {{ end: number, time: number, now: number, isComplete: boolean }} BufferState `end` of the buffer and `time`
 * of playback in seconds of the film, `now` in seconds of a clock. */

/** Decides whether playback starts. */
export function createStartRule() {
  /** @type {{ now: number, end: number } | null} */
  let first = null;

  return (/** @type {BufferState} */ { end, now, isComplete }) => {
    if (end <= 0) return false;
    if (isComplete) return true;
    first ??= { now, end };
    if (now <= first.now) return end >= UNKNOWN_START_S;
    const rate = (end - first.end) / (now - first.now);
    return end >= Math.min(Math.max(EXPECTED_S * (MIN_RATE - rate), MIN_START_S), MAX_START_S);
  };
}

/** Whether playback that has run dry goes on. */
export const isRefilled = (/** @type {BufferState} */ { end, time, isComplete }) => isComplete || end - time >= REFILL_S;
