// @ts-check
// Plays the film of one answer while it arrives: pieces of a fragmented MP4 go into a video element.

import { bufferedEnd, findSkipTarget, rangesOf } from "../shared/media-buffer.js";
import { createStartRule, isRefilled } from "./answer-buffer.js";
import { firstEvent, openMediaSource, updateBuffer } from "../shared/media-source.js";

const CHECK_MS = 40;
const FADE_MS = 60; // of the sound when playback is stopped: without it there is a click
const FADE_STEPS = 6;

/**
 * @typedef {object} PlayerListeners
 * @property {() => void} onPlaying the first picture or sound is played
 * @property {() => void} onEnded everything was played
 */

/**
 * `onBroken` is called when the rest cannot be played, with the seconds that were; `onRefused` when the browser wants a
 * press first, after which `resume()` plays.
 *
 * @param {HTMLVideoElement} video
 * @param {string} mime media type with codecs
 * @param {PlayerListeners & { onBroken: (playedS: number) => void, onRefused: () => void }} listeners
 */
export function createFilmPlayer(video, mime, { onPlaying, onEnded, onBroken, onRefused }) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const queue = [];
  /** @type {MediaSource | null} */
  let media = null;
  /** @type {SourceBuffer | null} */
  let buffer = null;
  let isComplete = false;
  let hasStarted = false;
  let isDry = false; // playback waits until enough has arrived
  const mayStart = createStartRule();
  let isOver = false; // stopped, broken or played to the end
  let isAppending = false;
  const opening = new AbortController();

  const timer = window.setInterval(check, CHECK_MS);
  video.addEventListener("playing", playing);
  video.addEventListener("waiting", ranDry);
  video.addEventListener("ended", ended);
  video.addEventListener("error", failed);

  function release() {
    isOver = true;
    opening.abort();
    clearInterval(timer);
    video.removeEventListener("playing", playing);
    video.removeEventListener("waiting", ranDry);
    video.removeEventListener("ended", ended);
    video.removeEventListener("error", failed);
  }

  function playing() {
    video.removeEventListener("playing", playing);
    onPlaying();
  }

  function ended() {
    release();
    onEnded();
  }

  function failed() {
    if (isOver) return;
    const played = video.currentTime;
    release();
    onBroken(played);
  }

  async function play() {
    try {
      await video.play();
    } catch (error) {
      if (isOver || !(error instanceof DOMException)) return;
      if (error.name === "NotAllowedError") onRefused();
    }
  }

  function check() {
    const ranges = rangesOf(video.buffered);
    const target = findSkipTarget(ranges, video.currentTime);
    if (target !== null) video.currentTime = target;
    const state = {
      end: bufferedEnd(ranges),
      time: video.currentTime,
      now: performance.now() / 1000,
      isComplete: isComplete && !queue.length && !isAppending,
    };
    if (hasStarted ? !isDry || !isRefilled(state) : !mayStart(state)) return;
    hasStarted = true;
    isDry = false;
    play();
  }

  /** One pause until there is enough is better than many short ones. */
  function ranDry() {
    if (!hasStarted || isComplete) return;
    isDry = true;
    video.pause();
  }

  async function drain() {
    if (isAppending || !buffer) return;
    isAppending = true;
    try {
      for (let piece = queue.shift(); piece && !isOver; piece = queue.shift()) {
        const data = piece;
        const target = buffer;
        await updateBuffer(target, () => target.appendBuffer(data));
      }
      if (isComplete && !isOver && media?.readyState === "open") {
        while (buffer.updating) await firstEvent(buffer, "updateend");
        if (!isOver) media.endOfStream();
      }
    } catch (error) {
      console.info("the film of an answer:", error);
      failed();
    }
    isAppending = false;
  }

  openMediaSource(video, mime, opening.signal).then((opened) => {
    if (isOver) return;
    media = opened;
    buffer = media.addSourceBuffer(mime);
    drain();
  }).catch((error) => {
    console.info("the film of an answer:", error);
    failed();
  });

  return {
    /** @param {Uint8Array<ArrayBuffer>} piece */
    add(piece) {
      queue.push(piece);
      drain();
    },
    /** No piece follows. */
    complete() {
      isComplete = true;
      drain();
    },
    time: () => video.currentTime,
    resume: play,
    /** @param {number} volume 0 to 1 */
    setVolume(volume) { video.volume = volume; },
    /** Silence within FADE_MS; the last picture stays. */
    stop() {
      if (isOver) return;
      release();
      const from = video.volume;
      let step = 0;
      const fade = window.setInterval(() => {
        step += 1;
        video.volume = from * Math.max(0, 1 - step / FADE_STEPS);
        if (step < FADE_STEPS) return;
        clearInterval(fade);
        video.pause();
      }, FADE_MS / FADE_STEPS);
    },
  };
}
