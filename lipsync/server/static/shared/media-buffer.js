// @ts-check
// Decisions of live playback about what is buffered: pure functions, without a player.

/** @typedef {[start: number, end: number][]} Ranges Buffered ranges in seconds, in order, not overlapping. */

export const GAP_S = 0.5; // without picture or sound: a gap up to this long is skipped
const STILL_INSIDE_S = 0.1; // a player that has stopped this near before the end of a range has played the range
const MIN_START_S = 0.6; // buffered before playback starts
const RATE_MARGIN = 1.25; // the stream must arrive this many times as fast as it plays, for playback to start at once
const FIRST_REFILL_S = 1; // gathered after the buffer ran dry; doubled each time: one long pause is better than many
const MAX_REFILL_S = 16;

/**
 * @param {Pick<TimeRanges, "length" | "start" | "end">} timeRanges
 * @returns {Ranges}
 */
export const rangesOf = (timeRanges) =>
  Array.from({ length: timeRanges.length }, (_, index) => [timeRanges.start(index), timeRanges.end(index)]);

/** @param {Ranges} ranges */
export const bufferedEnd = (ranges) => ranges.at(-1)?.[1] ?? 0;

/**
 * Whether `time` lies in a range, or within GAP_S of one.
 *
 * @param {Ranges} ranges
 * @param {number} time
 */
export const isBuffered = (ranges, time) => ranges.some(([start, end]) => time >= start - GAP_S && time <= end + GAP_S);

/**
 * Where playback has to continue to get over a short gap at `time`; null where there is none. A player would wait at the
 * gap for ever.
 *
 * @param {Ranges} ranges
 * @param {number} time
 */
export function findSkipTarget(ranges, time) {
  for (const [index, [start]] of ranges.entries()) {
    const previous = ranges[index - 1];
    const isPreviousPlayed = !previous || time >= previous[1] - STILL_INSIDE_S;
    if (start > time && start - time < GAP_S && isPreviousPlayed) return start;
  }
  return null;
}

/**
 * Whether a stopped player stands before a hole too long to skip. Everything arrives in order, so nothing will fill it.
 *
 * @param {Ranges} ranges
 * @param {number} time
 */
export function isBeforeHole(ranges, time) {
  const isInside = ranges.some(([start, end]) => start - GAP_S < time && time < end - GAP_S);
  return !isInside && ranges.some(([start]) => start - GAP_S >= time);
}

/** Decides when enough has arrived for playback to start without running dry, as far as can be estimated. */
export function createStartEstimator() {
  /** @type {{ now: number, end: number } | null} */
  let first = null;

  /**
   * @param {{ end: number, time: number, now: number, progress: number, isComplete: boolean }} state `end` of the buffer
   *   and `time` of playback in seconds of video; `now` in seconds of a clock; `progress` of the whole video, 0 to 1
   */
  return ({ end, time, now, progress, isComplete }) => {
    if (isComplete) return true;
    if (end > 0) first ??= { now, end };
    if (!first || end - time < MIN_START_S) return false;
    const rate = (end - first.end) / Math.max(now - first.now, 0.001);
    if (rate >= RATE_MARGIN) return true;
    if (progress <= 0 || rate <= 0) return false;
    const duration = end / progress;
    return duration - time > (RATE_MARGIN * (duration - end)) / rate;
  };
}

/**
 * Holds pieces of the stream back after the buffer ran dry, until they last for a while.
 *
 * @template {{ length: number }} T
 */
export class RefillQueue {
  /** @type {T[] | null} */
  #held = null; // null: pieces pass through
  #count = 0;

  get isHolding() {
    return this.#held !== null;
  }

  /** The buffer ran dry. */
  hold() {
    this.#held = [];
    this.#count += 1;
  }

  /**
   * The pieces to append now that `piece` has arrived.
   *
   * @param {T} piece
   * @param {number} bytesPerSecond of the stream so far
   * @returns {T[]}
   */
  add(piece, bytesPerSecond) {
    if (this.#held === null) return [piece];
    this.#held.push(piece);
    const bytes = this.#held.reduce((sum, { length }) => sum + length, 0);
    const seconds = Math.min(FIRST_REFILL_S * 2 ** (this.#count - 1), MAX_REFILL_S);
    return bytes > bytesPerSecond * seconds ? this.release() : [];
  }

  /** All pieces held back: from now on they pass through. */
  release() {
    const pieces = this.#held ?? [];
    this.#held = null;
    return pieces;
  }
}

/** Whether the buffer is about to run dry at `time`. */
export const isRunningDry = (/** @type {Ranges} */ ranges, /** @type {number} */ time) =>
  bufferedEnd(ranges) - time <= FIRST_REFILL_S;
