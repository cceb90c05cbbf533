// @ts-check
// Plays the sound of one answer while it arrives, where there is no film: samples at their times on the audio clock.

import { SOUND_RATE } from "./protocol.js";

const LEAD_S = 0.1; // from the first samples to their sound: what the next ones have to arrive
const FADE_S = 0.06; // when playback is stopped: without it there is a click
const WATCH_MS = 100;

/**
 * @param {AudioContext} context
 * @param {number} from seconds of the answer at which playback begins
 * @param {import("./film-player.js").PlayerListeners} listeners
 */
export function createSoundPlayer(context, from, { onPlaying, onEnded }) {
  const gain = new GainNode(context);
  gain.connect(context.destination);
  let origin = 0; // time of the context at which the answer begins; 0: nothing was scheduled
  let end = from; // seconds of the answer that are scheduled
  let isComplete = false;
  let isOver = false;
  const timer = window.setInterval(watch, WATCH_MS);

  const time = () => (origin ? Math.min(Math.max(context.currentTime - origin, from), end) : from);

  function watch() {
    if (!isComplete || isOver || time() < end) return;
    release();
    onEnded();
  }

  function release() {
    isOver = true;
    clearInterval(timer);
  }

  return {
    /**
     * @param {number} start seconds of the answer
     * @param {Float32Array<ArrayBuffer>} samples
     */
    add(start, samples) {
      if (isOver || !samples.length) return;
      const isFirst = !origin;
      if (isFirst) origin = context.currentTime + LEAD_S - Math.max(start, from);
      else if (context.currentTime > origin + start) origin = context.currentTime - start; // it ran dry
      const sound = context.createBuffer(1, samples.length, SOUND_RATE);
      sound.copyToChannel(samples, 0);
      const source = new AudioBufferSourceNode(context, { buffer: sound });
      source.connect(gain);
      const skipped = Math.max(0, from - start); // was played before
      if (skipped < sound.duration) source.start(origin + start + skipped, skipped);
      end = Math.max(end, start + sound.duration);
      if (isFirst) onPlaying();
    },
    complete() { isComplete = true; },
    time,
    resume: () => context.resume(),
    /** @param {number} volume 0 to 1 */
    setVolume(volume) { gain.gain.setTargetAtTime(volume, context.currentTime, FADE_S / 4); },
    stop() {
      if (isOver) return;
      release();
      gain.gain.setTargetAtTime(0, context.currentTime, FADE_S / 4);
      setTimeout(() => gain.disconnect(), FADE_S * 2000);
    },
  };
}
