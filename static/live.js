// A video that is played while it is made: the pieces of its stream go into the player as they come (Media Source
// Extensions).

import { typeOf } from "./mp4.js";

const HEAD = 2_000_000; // bytes within which the index must come
const FIRST = 0.6; // seconds that are there before it starts
const FASTER = 1.25; // times as fast as it is played: so much must come for it to start at once
const BEHIND = 60; // seconds that were played are given back when there are more of them
const KEPT = 30; // and so many stay
const GAP = 0.5; // seconds without picture or sound that are stepped over; nearer to its end nothing lasts
const AGAIN = 1; // seconds that are gathered after it ran dry, twice as many each time: one long wait tires less than many
const MOST = 16;
const LOOK = 100; // milliseconds

const Source = window.MediaSource ?? window.ManagedMediaSource; // Safari on telephones has only the second

export const canPlayLive = Boolean(Source && window.ReadableStream);

const until = (target, ...events) => new Promise((resolve) => {
  const done = (event) => {
    for (const name of events) target.removeEventListener(name, done);
    resolve(event.type);
  };
  for (const name of events) target.addEventListener(name, done);
});
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

/**
 * Plays what `url` streams in `video`. `progress()` says how much of the whole is made, 0 to 1. `onStart` is called
 * when it is time to play; `onBroken` once, when no more will come although the end was not there: what came stays in
 * the player. Gives { stop(), whole(): whether all is there, hasStarted(): whether `onStart` was called,
 * reaches(seconds): whether that moment is there }.
 */
export function playLive(video, url, { progress, onStart, onBroken }) {
  const asked = new AbortController();
  let media = null;
  let buffer = null;
  let over = false; // stopped or broken
  let whole = false;
  let started = false;
  let first = null; // { time, end } when the first piece was there
  let given = 0; // bytes that the player has
  let dry = 0; // how often it ran dry
  let held = null; // pieces that are gathered before it goes on; null: it has what it needs
  let timer = 0;

  function stop() {
    over = true;
    clearInterval(timer);
    video.removeEventListener("waiting", runDry);
    asked.abort();
  }

  const isThere = (seconds) => {
    const { buffered } = video;
    for (let n = 0; n < buffered.length; n += 1) {
      if (seconds >= buffered.start(n) - GAP && seconds <= buffered.end(n) + GAP) return true;
    }
    return false;
  };

  const end = () => (video.buffered.length ? video.buffered.end(video.buffered.length - 1) : 0);

  /** Whether it will not run dry when it starts now, as far as can be told. */
  function isEnough() {
    const there = end();
    if (whole) return true;
    const now = performance.now() / 1000;
    if (there > 0) first ??= { time: now, end: there };
    if (there - video.currentTime < FIRST) return false;
    const rate = (there - first.end) / Math.max(now - first.time, 0.001);
    if (rate >= FASTER) return true;
    const done = progress();
    if (done <= 0 || rate <= 0) return false;
    const length = there / done; // of the whole, in seconds
    return length - video.currentTime > (FASTER * (length - there)) / rate;
  }

  /** Whether the player has stopped before a hole, which nothing will fill: all comes in order. */
  function isBeforeHole() {
    if (video.seeking || video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return false;
    const { buffered, currentTime } = video;
    const ranges = [...Array(buffered.length).keys()];
    const lasts = ranges.some((n) => buffered.start(n) - GAP < currentTime && currentTime < buffered.end(n) - GAP);
    return !lasts && ranges.some((n) => buffered.start(n) - GAP >= currentTime);
  }

  function look() {
    const { buffered, currentTime } = video;
    if (started && isBeforeHole()) { giveUp("the player has left something out"); return; }
    for (let n = 0; n < buffered.length; n += 1) { // what is cut out between two pieces would be waited for for ever
      const gap = buffered.start(n) - currentTime;
      if (gap > 0 && gap < GAP && (n === 0 || currentTime >= buffered.end(n - 1) - 0.1)) video.currentTime = buffered.start(n);
    }
    if (!started && isEnough()) { started = true; onStart(); }
    if (whole && started && video.buffered.length < 2) clearInterval(timer);
  }

  function runDry() {
    if (whole || held || !started || video.seeking || end() - video.currentTime > AGAIN) return;
    held = [];
    dry += 1;
  }

  /** Whether what is held lasts for a while. */
  const lasts = () => {
    const bytes = held.reduce((sum, piece) => sum + piece.length, 0);
    return bytes > (given / Math.max(end(), 0.1)) * Math.min(AGAIN * 2 ** (dry - 1), MOST);
  };

  async function give(work) {
    while (buffer.updating) await until(buffer, "updateend");
    const settled = until(buffer, "updateend", "error");
    work();
    if (await settled === "error") throw new Error("the player refuses a piece");
  }

  async function forgetPlayed(least) {
    const from = buffer.buffered.length ? buffer.buffered.start(0) : 0;
    const to = video.currentTime - (least ? 2 : KEPT);
    if (to - from > (least ? 1 : BEHIND - KEPT)) await give(() => buffer.remove(from, to));
  }

  async function take(piece) {
    held?.push(piece);
    if (held && !lasts()) return;
    const pieces = held ?? [piece];
    held = null;
    for (const one of pieces) await append(one);
  }

  async function append(piece) {
    while (!over) {
      try {
        await give(() => buffer.appendBuffer(piece));
        given += piece.length;
        break;
      } catch (error) {
        if (error.name !== "QuotaExceededError") throw error;
        await forgetPlayed(true);
        await pause(500); // meanwhile it is played
      }
    }
    if (!over) await forgetPlayed(false);
  }

  async function open(type) {
    media = new Source();
    if (!window.MediaSource) video.disableRemotePlayback = true; // ManagedMediaSource asks for that
    const place = URL.createObjectURL(media);
    const opened = until(media, "sourceopen");
    video.src = place;
    await opened;
    URL.revokeObjectURL(place);
    if (over) return;
    buffer = media.addSourceBuffer(type);
    timer = setInterval(look, LOOK);
    video.addEventListener("waiting", runDry);
  }

  async function run() {
    const response = await fetch(url, { signal: asked.signal });
    if (!response.ok) throw new Error(`the stream is refused: ${response.status}`);
    const reader = response.body.getReader();
    let head = new Uint8Array();
    for (;;) {
      const { done, value } = await reader.read();
      if (over) return;
      if (done) break;
      if (buffer) { await take(value); continue; }
      const longer = new Uint8Array(head.length + value.length);
      longer.set(head);
      longer.set(value, head.length);
      head = longer;
      const type = typeOf(head);
      if (type === "more" && head.length < HEAD) continue;
      if (type === null || type === "more" || !Source.isTypeSupported(type)) throw new Error("the player does not know this");
      await open(type);
      if (over) return;
      await append(head);
    }
    if (!buffer) throw new Error("the stream was empty");
    whole = true; // nothing is held any more
    for (const piece of held ?? []) await append(piece);
    while (buffer.updating) await until(buffer, "updateend");
    if (over) return;
    if (media.readyState === "open") media.endOfStream();
  }

  function giveUp(reason) {
    if (over) return; // stopped
    stop();
    console.info("live playback:", reason); // the finished video is played
    onBroken();
  }

  run().catch((error) => giveUp(error.message));

  return { stop, whole: () => whole, hasStarted: () => started, reaches: isThere };
}
