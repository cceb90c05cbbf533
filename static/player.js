// The player of the stage: a still picture or a moving one until there is a video; then the video, live while it is
// made, and from the finished file afterwards.

import { address, videoOf, whyNoVideo } from "./jobs.js";
import { canPlayLive, playLive } from "./live.js";
import { word } from "./words.js";

const NEAR = 0.3; // seconds: a player that stands so near to the end of what came waits for more

/**
 * `$` finds an element by its id; `onProblem` is called with a sentence when a video cannot be played, and with whether
 * there is none at all.
 */
export function playerOf($, { onProblem }) {
  const video = $("video");
  let live = null; // what playLive gave, as long as the player has the stream
  let broken = false; // no more of the stream will come
  let fromFile = false; // the finished file is what it plays
  let resume = 0; // seconds at which the file goes on, where the stream was lost
  let finished = null; // id of the job whose file can be played
  let progress = 0;
  let turn = 0; // grows with each video: what belongs to an earlier one is dropped
  let poster = "";

  // --- pictures

  function hideStill() {
    $("still").hidden = true;
    $("moving").hidden = true;
    $("moving").removeAttribute("src"); // it plays no more
    $("moving").load();
  }

  /** Show a portrait in place of any video; `source` may be "" when nobody knows it. */
  function still(source, moving = false) {
    leave();
    video.hidden = true;
    if (!source) return;
    hideStill();
    const shown = $(moving ? "moving" : "still");
    shown.src = source;
    shown.hidden = false;
  }

  function setPoster(address) {
    if (poster) URL.revokeObjectURL(poster);
    poster = address;
    if (poster) video.poster = poster;
    else video.removeAttribute("poster");
  }

  /** The picture that is seen now stays until the next video has one of its own. */
  async function keepPicture() {
    const mine = turn;
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    if (!canvas.width) return;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.9); });
    if (blob && mine === turn) setPoster(URL.createObjectURL(blob));
  }

  // --- playing

  /** Whatever it plays, it plays no more. */
  function leave() {
    turn += 1;
    live?.stop();
    live = null;
    broken = false;
    fromFile = false;
    resume = 0;
    finished = null;
    progress = 0;
    setPoster("");
    if (video.hasAttribute("src")) {
      video.pause();
      video.removeAttribute("src");
      video.load();
    }
  }

  async function play() {
    await video.play().catch((error) => { // the browser may want a press of its own: the controls are there
      if (!["NotAllowedError", "AbortError", "NotSupportedError"].includes(error.name)) throw error;
    });
  }

  function begin(id) {
    if (!canPlayLive) { broken = true; return; }
    const mine = turn;
    live = playLive(video, address(id, "/stream"), {
      progress: () => progress,
      onStart: () => { if (mine === turn) play(); },
      onBroken: () => {
        if (mine !== turn) return;
        broken = true;
        if (!hasPicture() || !live.hasStarted()) live = null; // it has not played: the file does, from its beginning
        goOn();
      },
    });
  }

  const hasPicture = () => video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;

  /** From now on the finished file is what is played, from the moment `at`. */
  function takeFile(at, playing) {
    live?.stop();
    live = null;
    fromFile = true;
    video.src = videoOf(finished);
    if (at > 0) video.currentTime = at; // also before anything is there: it begins at that place
    if (playing) play();
  }

  /** If no more of the stream will come, and all that came is played, the file goes on where it ended. */
  function goOn() {
    if (!broken || fromFile || finished === null) return;
    if (live === null) { takeFile(resume, true); return; }
    const { currentTime, buffered, paused } = video;
    const end = buffered.length ? buffered.end(buffered.length - 1) : 0;
    const waits = video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA; // sound and picture may end apart
    if (waits || end - currentTime < NEAR) takeFile(currentTime, !paused);
  }

  /** The file takes the stream's place. */
  async function settle() {
    const mine = turn;
    await keepPicture();
    if (mine === turn && live && finished !== null && video.ended) takeFile(0, false);
  }

  video.addEventListener("loadeddata", () => {
    video.style.aspectRatio = `${video.videoWidth} / ${video.videoHeight}`; // it keeps its shape between two sources
    hideStill();
    video.hidden = false;
  });
  video.addEventListener("ended", () => { if (live) settle(); });
  video.addEventListener("waiting", goOn);
  video.addEventListener("timeupdate", goOn);
  video.addEventListener("seeking", () => {
    if (!live || live.reaches(video.currentTime)) return;
    if (finished !== null) takeFile(video.currentTime, !video.paused);
    else if (video.buffered.length) { // what was played is no longer there, what is not made not yet
      const { buffered, currentTime } = video;
      const from = buffered.start(0);
      video.currentTime = currentTime < from ? from : Math.max(from, buffered.end(buffered.length - 1) - NEAR);
    }
  });
  video.addEventListener("error", async () => {
    if (!video.hasAttribute("src")) return; // it was taken away
    const mine = turn;
    if (live) { // the browser took the stream and then did not like it
      live.stop();
      live = null;
      broken = true;
      resume = video.currentTime;
      goOn();
      return;
    }
    const why = finished === null ? null : await whyNoVideo(finished);
    if (mine === turn) onProblem(why ?? word("unplayable"), why !== null);
  });

  return {
    still,
    leave,
    /**
     * To be called while a button is pressed that leads to a video: WebKit lets an element play by itself, however much
     * later, that was loaded meanwhile. One with a source was loaded at an earlier press.
     */
    pressed() { if (!video.hasAttribute("src")) video.load(); },
    /** The job runs: play what comes. `job` is again and again the same, further on. */
    follow(job) {
      progress = job.progress;
      if (job.state === "running" && !live && !broken) begin(job.id);
    },
    /** The job is done: its file is what is played next. */
    finish(job) {
      progress = 1;
      finished = job.id;
      if (!live) { broken = true; goOn(); } else if (video.ended) settle();
      else goOn();
    },
    /** Plays the video of a job that was done before. */
    open(job) {
      leave();
      finished = job.id;
      takeFile(0, true);
    },
  };
}
