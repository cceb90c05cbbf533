// @ts-check
// What is heard and seen of answers: one at a time, as a film, or as sound where there is no film.

import { createFilmPlayer } from "./film-player.js";
import { decodeSamples } from "./protocol.js";
import { createSoundPlayer } from "./sound-player.js";

const REPORT_MS = 250; // between two reports of what was played, as the server wants them
const RESUME_MS = 500; // after which sound that does not play is taken to be refused: browsers do not tell
const MIN_REST_S = 0.25; // of sound that a film which ended early has left

/** @typedef {ReturnType<typeof createFilmPlayer> | ReturnType<typeof createSoundPlayer>} Player */
/** @typedef {{ start: number, samples: Float32Array<ArrayBuffer> }} SoundPiece */

/**
 * @typedef {object} CurrentAnswer
 * @property {number} number
 * @property {string | null} mime of its film
 * @property {ReturnType<typeof createFilmPlayer> | null} film
 * @property {ReturnType<typeof createSoundPlayer> | null} sound
 * @property {SoundPiece[]} pieces of its sound, for the case that the film breaks off
 * @property {number | null} duration seconds, once all of it has arrived
 * @property {boolean} isPlaying
 * @property {boolean} isRefused the browser wants a press before it plays
 */

/**
 * `onPlaying(answer, video)` is called when an answer is first heard, with the element that shows its film, or null;
 * `onEnded(answer)` when all of it was played; `onPlayed(answer, ms)` every REPORT_MS; `onRefused` when the browser wants
 * a press before it plays.
 *
 * @param {readonly HTMLVideoElement[]} videos are used in turn: one fades out while the next begins
 * @param {{ onPlaying: (answer: number, video: HTMLVideoElement | null) => void, onEnded: (answer: number) => void,
 *   onPlayed: (answer: number, ms: number) => void, onRefused: () => void }} listeners
 */
export function createPlayback(videos, { onPlaying, onEnded, onPlayed, onRefused }) {
  /** @type {CurrentAnswer | null} */
  let current = null;
  /** @type {AudioContext | null} */
  let context = null;
  let volume = 1;
  let isMuted = false;
  let films = 0;

  const player = () => current?.sound ?? current?.film ?? null;
  const audio = () => (context ??= new AudioContext({ latencyHint: "interactive" }));

  const timer = window.setInterval(() => {
    if (current?.isPlaying) report(current);
  }, REPORT_MS);

  const audible = () => (isMuted ? 0 : volume);

  /** @param {CurrentAnswer} answer */
  function report(answer) {
    onPlayed(answer.number, Math.round((player()?.time() ?? 0) * 1000));
  }

  /** @param {number} number */
  function begin(number) {
    if (current?.number === number) return current;
    stop();
    current = { number, mime: null, film: null, sound: null, pieces: [], duration: null, isPlaying: false, isRefused: false };
    return current;
  }

  /** @param {CurrentAnswer} answer */
  function openFilm(answer) {
    const video = /** @type {HTMLVideoElement} */ (videos[films++ % videos.length]);
    video.volume = audible();
    answer.film = createFilmPlayer(video, answer.mime ?? "", {
      onPlaying: () => started(answer, video),
      onEnded() {
        const played = video.currentTime;
        if ((answer.duration ?? 0) - played > MIN_REST_S) continueAsSound(answer, played);
        else finished(answer);
      },
      onBroken: (played) => continueAsSound(answer, played),
      onRefused: () => refused(answer),
    });
  }

  /** @param {CurrentAnswer} answer */
  function refused(answer) {
    answer.isRefused = true;
    onRefused();
  }

  /**
   * @param {CurrentAnswer} answer
   * @param {number} from seconds
   */
  function continueAsSound(answer, from) {
    if (answer !== current) return;
    const sound = createSoundPlayer(audio(), from, {
      onPlaying: () => started(answer, null),
      onEnded: () => finished(answer),
    });
    answer.sound = sound;
    sound.setVolume(audible());
    if (audio().state === "suspended") {
      audio().resume().catch(() => {});
      setTimeout(() => { if (answer === current && audio().state === "suspended") refused(answer); }, RESUME_MS);
    }
    for (const { start, samples } of answer.pieces) sound.add(start, samples);
    if (answer.duration !== null) sound.complete();
  }

  /**
   * @param {CurrentAnswer} answer
   * @param {HTMLVideoElement | null} video
   */
  function started(answer, video) {
    if (answer !== current) return;
    answer.isPlaying = true;
    answer.isRefused = false;
    onPlaying(answer.number, video);
  }

  /** @param {CurrentAnswer} answer */
  function finished(answer) {
    if (answer !== current) return;
    onPlayed(answer.number, Math.round((answer.duration ?? 0) * 1000));
    current = null;
    onEnded(answer.number);
  }

  function stop() {
    player()?.stop();
    current = null;
  }

  return {
    /**
     * The film of this answer follows.
     *
     * @param {number} number
     * @param {string} mime
     */
    setFilm(number, mime) {
      const answer = begin(number);
      if (answer.sound || answer.film) return;
      answer.mime = mime;
      openFilm(answer);
    },
    /**
     * @param {number} number
     * @param {Uint8Array<ArrayBuffer>} data
     */
    addFilm(number, data) {
      if (current?.number === number) current.film?.add(data);
    },
    /**
     * @param {number} number
     * @param {number} start seconds of the answer
     * @param {Uint8Array} data 16-bit samples
     */
    addSound(number, start, data) {
      const answer = begin(number);
      const samples = decodeSamples(data);
      answer.pieces.push({ start, samples });
      if (!answer.film && !answer.sound) continueAsSound(answer, 0);
      else answer.sound?.add(start, samples);
    },
    /**
     * All of the answer has arrived.
     *
     * @param {number} number
     * @param {number} duration seconds
     */
    complete(number, duration) {
      if (current?.number !== number) return;
      current.duration = duration;
      current.film?.complete();
      current.sound?.complete();
    },
    /** Silence at once. */
    stop,
    /** No more of the present answer will arrive: it ends with what has. */
    finish() {
      if (!current) return;
      if (!current.isPlaying) {
        stop();
        return;
      }
      current.duration ??= 0;
      current.film?.complete();
      current.sound?.complete();
    },
    /** Seconds of the present answer that were played; 0 where there is none. */
    time: () => (current?.isPlaying ? player()?.time() ?? 0 : 0),
    /** @param {number} value 0 to 1 */
    setVolume(value) {
      volume = value;
      player()?.setVolume(audible());
    },
    /** @param {boolean} value whether answers are seen only */
    setMuted(value) {
      isMuted = value;
      for (const video of videos) video.muted = value; // some phones ignore the volume
      player()?.setVolume(audible());
    },
    /** To be called while something is pressed: browsers play sound only of elements that a press has loaded. */
    unlock() {
      audio().resume();
      for (const video of videos) if (!video.hasAttribute("src")) video.load();
    },
    /** Whether the present answer waits for a press. */
    isRefused: () => current?.isRefused ?? false,
    /** Plays what was refused, after a press. */
    resume() {
      if (current) current.isRefused = false;
      player()?.resume();
    },
    /** Ends playback for good, and gives back what the browser holds for it. */
    destroy() {
      stop();
      clearInterval(timer);
      for (const video of videos) {
        video.pause();
        video.removeAttribute("src");
        video.load();
      }
      context?.close();
    },
  };
}
