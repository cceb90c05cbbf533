// @ts-check
// The player of the stage: a still or moving portrait until there is a video; then the video, live while it is rendered,
// and from the finished file afterwards. One with a transparent background has no stream: its file is played.

import { byId } from "../shared/dom.js";
import { translate } from "../shared/i18n.js";
import { createCaptions } from "./captions.js";
import { findVideoError, isTransparent, streamUrl, videoUrl } from "./jobs.js";
import { canPlayLive, playLive } from "./live-video.js";

const NEAR_END_S = 0.3; // a player this near to the end of what has arrived waits for more
const POSTER_QUALITY = 0.9; // of the JPEG
const PLAY_REFUSALS = ["NotAllowedError", "AbortError", "NotSupportedError"];

/** @typedef {import("./jobs.js").Job} Job */

/**
 * `onError` is called with a sentence when a video cannot be played, and with whether the server has none.
 *
 * @param {{ onError: (sentence: string, isGone: boolean) => void }} listeners
 */
export function createPlayer({ onError }) {
  const video = byId("video", HTMLVideoElement);
  const still = byId("still", HTMLImageElement);
  const moving = byId("moving", HTMLVideoElement);
  const captions = createCaptions(video);
  /** @type {ReturnType<typeof playLive> | null} */
  let live = null; // while the player has the stream
  let isBroken = false; // no more of the stream will arrive
  let isFile = false; // the finished file is being played
  let resumeAt = 0; // seconds at which the file continues where the stream was lost
  /** @type {string | null} */
  let finishedId = null; // of the job whose file can be played
  let progress = 0;
  let turn = 0; // grows with each video: late results of an earlier one are dropped
  let poster = "";

  // --- portraits

  function hidePortrait() {
    still.hidden = true;
    moving.hidden = true;
    moving.removeAttribute("src");
    moving.load(); // ends playback
  }

  /**
   * Shows a portrait in place of any video; an empty `source` leaves what was shown.
   *
   * @param {string} source
   */
  function showPortrait(source, isMoving = false) {
    reset();
    video.hidden = true;
    if (!source) return;
    hidePortrait();
    const shown = isMoving ? moving : still;
    shown.src = source;
    shown.hidden = false;
  }

  /** @param {string} address */
  function setPoster(address) {
    if (poster) URL.revokeObjectURL(poster);
    poster = address;
    if (poster) video.poster = poster;
    else video.removeAttribute("poster");
  }

  /** Makes the picture that is shown now the poster, so that it stays until the next source has one. */
  async function keepPicture() {
    const currentTurn = turn;
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    if (!canvas.width) return;
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", POSTER_QUALITY); });
    if (blob && currentTurn === turn) setPoster(URL.createObjectURL(blob));
  }

  // --- playing

  /** Ends playback and forgets the video. */
  function reset() {
    turn += 1;
    live?.stop();
    live = null;
    isBroken = false;
    isFile = false;
    resumeAt = 0;
    finishedId = null;
    progress = 0;
    captions.hide();
    video.classList.remove("transparent");
    setPoster("");
    if (video.hasAttribute("src")) {
      video.pause();
      video.removeAttribute("src");
      video.load();
    }
  }

  async function play() {
    await video.play().catch((error) => { // the browser may require a press of its own: the controls are there
      if (!PLAY_REFUSALS.includes(error.name)) throw error;
    });
  }

  /** @param {Job} job */
  function startLive(job) {
    if (!canPlayLive || isTransparent(job)) {
      isBroken = true;
      return;
    }
    const currentTurn = turn;
    live = playLive(video, streamUrl(job.id), {
      progress: () => progress,
      onStart: () => { if (currentTurn === turn) play(); },
      onBroken: () => {
        if (currentTurn !== turn) return;
        isBroken = true;
        if (!hasPicture() || !live?.hasStarted()) live = null; // nothing was played: the file plays from its beginning
        continueFromFile();
      },
    });
  }

  /**
   * The file of a job that is done can be played from now on, with its captions.
   *
   * @param {Job} job
   */
  function setFinished(job) {
    finishedId = job.id;
    video.classList.toggle("transparent", isTransparent(job));
    captions.show(job);
  }

  const hasPicture = () => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;

  /**
   * Plays the finished file from `time` on, in place of the stream.
   *
   * @param {number} time seconds
   * @param {boolean} isPlaying
   */
  function playFile(time, isPlaying) {
    if (finishedId === null) return;
    live?.stop();
    live = null;
    isFile = true;
    video.src = videoUrl(finishedId);
    if (time > 0) video.currentTime = time; // takes effect when the file is loaded
    if (isPlaying) play();
  }

  /** Continues with the file where the stream ended, once everything that arrived has been played. */
  function continueFromFile() {
    if (!isBroken || isFile || finishedId === null) return;
    if (live === null) {
      playFile(resumeAt, true);
      return;
    }
    const { currentTime, buffered, paused } = video;
    const end = buffered.length ? buffered.end(buffered.length - 1) : 0;
    const isWaiting = video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA; // sound and picture may end apart
    if (isWaiting || end - currentTime < NEAR_END_S) playFile(currentTime, !paused);
  }

  /** Replaces the stream, which has been played to its end, by the file. */
  async function replaceByFile() {
    const currentTurn = turn;
    await keepPicture();
    if (currentTurn === turn && live && video.ended) playFile(0, false);
  }

  video.addEventListener("loadeddata", () => {
    video.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`; // keeps the shape between two sources
    hidePortrait();
    video.hidden = false;
  });
  video.addEventListener("ended", () => { if (live) replaceByFile(); });
  video.addEventListener("waiting", continueFromFile);
  video.addEventListener("timeupdate", continueFromFile);
  video.addEventListener("seeking", () => {
    if (!live || live.reaches(video.currentTime)) return;
    if (finishedId !== null) playFile(video.currentTime, !video.paused);
    else if (video.buffered.length) { // the buffer has dropped what was played, and the rest is not rendered yet
      const { buffered, currentTime } = video;
      const from = buffered.start(0);
      video.currentTime = currentTime < from ? from : Math.max(from, buffered.end(buffered.length - 1) - NEAR_END_S);
    }
  });
  video.addEventListener("error", async () => {
    if (!video.hasAttribute("src")) return; // the source was removed
    const currentTurn = turn;
    if (live) { // the browser accepted the stream and then failed to play it
      live.stop();
      live = null;
      isBroken = true;
      resumeAt = video.currentTime;
      continueFromFile();
      return;
    }
    const reason = finishedId === null ? null : await findVideoError(finishedId);
    if (currentTurn === turn) onError(reason ?? translate("unplayable"), reason !== null);
  });

  return {
    showPortrait,
    /**
     * To be called while a button is pressed that leads to a video: WebKit lets only an element play by itself that was
     * loaded during a press. An element with a source was loaded at an earlier press.
     */
    unlock() {
      if (!video.hasAttribute("src")) video.load();
    },
    /**
     * The job is running: plays what arrives. To be called with each update of the same job.
     *
     * @param {Job} job
     */
    follow(job) {
      progress = job.progress;
      if (job.state === "running" && !live && !isBroken) startLive(job);
    },
    /**
     * The job is done: its file is played next.
     *
     * @param {Job} job
     */
    finish(job) {
      progress = 1;
      setFinished(job);
      if (!live) isBroken = true;
      if (live && video.ended) replaceByFile();
      else continueFromFile();
    },
    /**
     * Plays the video of a job that was done before.
     *
     * @param {Job} job
     */
    open(job) {
      reset();
      setFinished(job);
      playFile(0, true);
    },
  };
}
