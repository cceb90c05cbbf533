// @ts-check
// Plays a video while it is rendered: the pieces of its stream go into the player as they arrive (Media Source Extensions).

import {
  bufferedEnd, createStartEstimator, findSkipTarget, isBeforeHole, isBuffered, isRunningDry, rangesOf, RefillQueue,
} from "../shared/media-buffer.js";
import { updateBuffer, canUseMediaSource, firstEvent, openMediaSource } from "../shared/media-source.js";

const MAX_PLAYED_S = 60; // played seconds in the buffer from which some are removed
const KEPT_PLAYED_S = 30; // and those that stay
const MIN_KEPT_PLAYED_S = 2; // the same when the buffer is full
const CHECK_MS = 100;
const FULL_BUFFER_RETRY_MS = 500;

export const canPlayLive = canUseMediaSource && Boolean(window.ReadableStream);

/** @param {number} milliseconds */
const sleep = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/**
 * Plays the stream at `url` in `video`. The response's Content-Type names the codecs.
 *
 * @param {HTMLVideoElement} video
 * @param {string} url
 * @param {{ progress: () => number, onStart: () => void, onBroken: () => void }} options `progress()` is the rendered
 *   share of the video, 0 to 1; `onStart` is called when playback should start; `onBroken` once, when the stream ended too
 *   early: what has arrived stays in the player
 */
export function playLive(video, url, { progress, onStart, onBroken }) {
  const controller = new AbortController();
  const isEnough = createStartEstimator();
  /** @type {RefillQueue<Uint8Array<ArrayBuffer>>} */
  const refill = new RefillQueue();
  /** @type {MediaSource | null} */
  let media = null;
  let isOver = false; // stopped or broken
  let isComplete = false; // the whole stream has arrived
  let hasStarted = false;
  let appendedBytes = 0;
  let timer = 0;

  const ranges = () => rangesOf(video.buffered);

  function stop() {
    isOver = true;
    clearInterval(timer);
    video.removeEventListener("waiting", holdIfDry);
    controller.abort();
  }

  function check() {
    const canContinue = video.seeking || video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
    if (hasStarted && !canContinue && isBeforeHole(ranges(), video.currentTime)) {
      fail("a part of the stream is missing in the player");
      return;
    }
    const target = findSkipTarget(ranges(), video.currentTime);
    if (target !== null) video.currentTime = target;
    const state = { end: bufferedEnd(ranges()), time: video.currentTime, now: performance.now() / 1000 };
    if (!hasStarted && isEnough({ ...state, progress: progress(), isComplete })) {
      hasStarted = true;
      onStart();
    }
    if (isComplete && hasStarted && video.buffered.length < 2) clearInterval(timer);
  }

  function holdIfDry() {
    const isPlaying = hasStarted && !video.seeking;
    if (!isComplete && !refill.isHolding && isPlaying && isRunningDry(ranges(), video.currentTime)) refill.hold();
  }

  /**
   * @param {SourceBuffer} buffer
   * @param {boolean} isFull
   */
  async function removePlayed(buffer, isFull) {
    const from = buffer.buffered.length ? buffer.buffered.start(0) : 0;
    const to = video.currentTime - (isFull ? MIN_KEPT_PLAYED_S : KEPT_PLAYED_S);
    if (to - from > (isFull ? 1 : MAX_PLAYED_S - KEPT_PLAYED_S)) await updateBuffer(buffer, () => buffer.remove(from, to));
  }

  /**
   * @param {SourceBuffer} buffer
   * @param {Uint8Array<ArrayBuffer>} piece
   */
  async function append(buffer, piece) {
    while (!isOver) {
      try {
        await updateBuffer(buffer, () => buffer.appendBuffer(piece));
        appendedBytes += piece.length;
        break;
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== "QuotaExceededError") throw error;
        await removePlayed(buffer, true);
        await sleep(FULL_BUFFER_RETRY_MS);
      }
    }
    if (!isOver) await removePlayed(buffer, false);
  }

  /** @param {string} type */
  async function open(type) {
    media = await openMediaSource(video, type);
    if (isOver) return null;
    timer = window.setInterval(check, CHECK_MS);
    video.addEventListener("waiting", holdIfDry);
    return media.addSourceBuffer(type);
  }

  async function run() {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok || !response.body) throw new Error(`the server refuses the stream: ${response.status}`);
    const reader = response.body.getReader();
    /** @type {SourceBuffer | null} */
    let buffer = null; // opened with the first piece: until then the portrait stays
    for (;;) {
      const { done, value } = await reader.read();
      if (isOver) return;
      if (done) break;
      buffer ??= await open(response.headers.get("Content-Type") ?? "");
      if (isOver || !buffer) return;
      const bytesPerSecond = appendedBytes / Math.max(bufferedEnd(ranges()), 0.1);
      for (const piece of refill.add(value, bytesPerSecond)) await append(buffer, piece);
    }
    if (!buffer) throw new Error("the stream is empty");
    isComplete = true; // nothing is held back any longer
    for (const piece of refill.release()) await append(buffer, piece);
    while (buffer.updating) await firstEvent(buffer, "updateend");
    if (!isOver && media?.readyState === "open") media.endOfStream();
  }

  /** @param {string} reason */
  function fail(reason) {
    if (isOver) return; // stopped
    stop();
    console.info("live playback:", reason); // the finished video will be played
    onBroken();
  }

  run().catch((error) => fail(error.message));

  return {
    stop,
    hasStarted: () => hasStarted,
    /** Whether this moment, in seconds, has arrived. */
    reaches: (/** @type {number} */ time) => isBuffered(ranges(), time),
  };
}
