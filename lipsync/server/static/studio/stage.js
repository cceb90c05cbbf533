// @ts-check
// The stage: one job from its request to its video, or a portrait while there is none.

import { byId } from "../shared/dom.js";
import { ApiError, catchApiError } from "../shared/http.js";
import { formatDuration, onLanguageChange, translate } from "../shared/i18n.js";
import { deleteJob, downloadUrl, followJob, getJob, hasEnded, resetIdempotencyKey } from "./jobs.js";
import { createPlayer } from "./player.js";
import { createProgress } from "./progress.js";
import { createStageScroller } from "./scroll.js";
import { showTimings } from "./timings.js";

/** @typedef {import("./jobs.js").Job} Job */
/** @typedef {{ source: string, isMoving: boolean }} Portrait Address of a picture, or of a video where it is moving. */

/** @param {Job} job */
function describeResult(job) {
  const elapsed = (Date.parse(job.ended ?? "") - Date.parse(job.started ?? "")) / 1000;
  const ready = translate("ready", { duration: formatDuration(job.duration ?? 0), elapsed: formatDuration(elapsed) });
  const fallbacks = job.fallbacks.map(({ sentence, voice }) => translate("voice_fallback", { sentence, voice }));
  return [ready, ...fallbacks, job.avatar_part?.sentence].filter(Boolean).join(" ");
}

/**
 * `portraitOf(job)` is the portrait of a job; `onUpdate` is called with each update of the job; `onFailed` with the error
 * of a job that was requested on this page.
 *
 * @param {{ portraitOf: (job: Job) => Portrait, onUpdate: (job: Job) => void, onFailed: (error: ApiError) => void }} options
 */
export function createStage({ portraitOf, onUpdate, onFailed }) {
  const status = byId("status", HTMLElement);
  const result = byId("result", HTMLElement);
  const cancelButton = byId("cancel", HTMLButtonElement);
  /** @type {Job | null} */
  let job = null; // on the stage; null: a portrait
  let isRequestedHere = false;
  let stopFollowing = () => {};
  let describeStatus = () => ""; // in the language of the page

  const progress = createProgress({ announce: (sentence) => setStatus(() => sentence, { isHidden: true }) });
  const scroller = createStageScroller(byId("stage", HTMLElement), byId("frame", HTMLElement));
  const player = createPlayer({
    onError(sentence, isGone) {
      setStatus(() => sentence, { isError: true });
      if (isGone) result.hidden = true; // a video that cannot be played may still be downloaded
    },
  });

  /**
   * The one live region of the stage. `isHidden`: for screen readers only; the progress shows the same.
   *
   * @param {() => string} describe
   * @param {{ isError?: boolean, isHidden?: boolean }} [options]
   */
  function setStatus(describe, { isError = false, isHidden = false } = {}) {
    describeStatus = describe;
    status.classList.toggle("wrong", isError);
    status.classList.toggle("visually-hidden", isHidden);
    status.textContent = describe();
  }

  function clear() {
    stopFollowing();
    stopFollowing = () => {};
    job = null;
    progress.hide();
    result.hidden = true;
    setStatus(() => "");
  }

  /** @param {Job} shown */
  function showResult(shown) {
    progress.hide();
    setStatus(() => describeResult(shown));
    byId("download", HTMLAnchorElement).href = downloadUrl(shown.id);
    result.hidden = false;
    showTimings(byId("timings", HTMLElement), shown.timings);
  }

  /** @param {Job} shown */
  function showPortraitOf(shown) {
    const { source, isMoving } = portraitOf(shown);
    player.showPortrait(source, isMoving);
  }

  /** @param {Job} ended */
  function showEnd(ended) {
    if (isRequestedHere) resetIdempotencyKey();
    if (ended.state === "done") {
      showResult(ended);
      player.finish(ended);
      scroller.keepInView();
      return;
    }
    progress.hide();
    showPortraitOf(ended);
    const { error } = ended;
    if (ended.state === "cancelled") setStatus(() => translate("cancelled"));
    else if (isRequestedHere && error) {
      setStatus(() => "");
      onFailed(new ApiError(error.error, error));
    } else setStatus(() => job?.error?.error ?? "", { isError: true });
  }

  /** @param {Job} updated */
  function update(updated) {
    job = updated;
    if (hasEnded(updated)) showEnd(updated);
    else {
      progress.show(updated);
      player.follow(updated);
    }
    onUpdate(updated);
  }

  /**
   * Shows a job and follows it. `requestedHere`: it has just been requested on this page.
   *
   * @param {Job} shown
   */
  function watch(shown, { requestedHere = false } = {}) {
    if (job?.id === shown.id && !hasEnded(job)) return;
    if (hasEnded(shown)) {
      open(shown);
      return;
    }
    clear();
    isRequestedHere = requestedHere;
    showPortraitOf(shown);
    update(shown);
    stopFollowing = followJob(shown.id, {
      onUpdate: update,
      onTrouble: (error) => progress.showTrouble(error.message),
      onGone(error) {
        clear();
        setStatus(() => error.message, { isError: true });
      },
    });
    scroller.scrollIntoView(); // on a phone the stage is below the form
  }

  /**
   * Shows a job that has ended, and plays its video.
   *
   * @param {Job} ended
   */
  function open(ended) {
    clear();
    job = ended;
    isRequestedHere = false;
    if (ended.state === "done") {
      player.open(ended);
      showResult(ended);
    } else showEnd(ended);
    scroller.scrollIntoView();
  }

  /** Cancels the job: shown at once, whatever the server has yet to do. */
  async function cancel() {
    const cancelled = job;
    if (!cancelled || hasEnded(cancelled)) return;
    const hadFocus = document.activeElement === cancelButton;
    await catchApiError(async () => {
      const answer = await deleteJob(cancelled.id);
      if (job?.id !== cancelled.id) return;
      stopFollowing();
      update({ ...cancelled, ...answer, state: "cancelled" });
      if (hadFocus) byId("generate", HTMLButtonElement).focus(); // the button has disappeared
    }, (error) => progress.showTrouble(error.message));
  }

  cancelButton.addEventListener("click", cancel);

  onLanguageChange(async () => {
    status.textContent = describeStatus();
    if (!job || !hasEnded(job)) return;
    if (job.state === "done") showTimings(byId("timings", HTMLElement), job.timings);
    if (!job.error && !job.fallbacks.length && !job.avatar_part) return;
    const { id } = job;
    const translated = await getJob(id).catch(() => null); // with the server's sentences
    if (!translated || translated.id !== job?.id) return;
    job = translated;
    if (job.state === "done") setStatus(() => describeResult(translated));
    else status.textContent = describeStatus();
  });

  return {
    watch,
    open,
    unlockPlayer: player.unlock,
    /** The id of the job on the stage, or "". */
    shownId: () => job?.id ?? "",
    isBusy: () => job !== null && !hasEnded(job),
    /**
     * Shows a portrait in place of a video, but not of one that is being rendered.
     *
     * @param {Portrait} portrait
     */
    showPortrait({ source, isMoving }) {
      if (job && !hasEnded(job)) return;
      clear();
      player.showPortrait(source, isMoving);
    },
    /**
     * The job was deleted: shows its portrait.
     *
     * @param {string} id
     */
    remove(id) {
      if (job?.id !== id) return;
      const removed = job;
      clear();
      showPortraitOf(removed);
    },
  };
}
