// @ts-check
// The list of the caller's last jobs. Their texts are known to this browser only (history.js).

import { confirmOnClick } from "../shared/confirmation.js";
import { byId, createElement, reconcile, setText } from "../shared/dom.js";
import { catchApiError } from "../shared/http.js";
import {
  formatDuration, formatLanguageName, formatMoment, formatPercent, onLanguageChange, translate,
} from "../shared/i18n.js";
import { forgetText, textOf } from "./history.js";
import { deleteJob, downloadUrl, hasEnded, listJobs, videoUrl } from "./jobs.js";

/** @typedef {import("./jobs.js").Job} Job */

const PAGE_SIZE = 12;
const POLL_MS = 3000; // while a job is being rendered
const ID_LENGTH = 8; // characters of an id that are shown, as a program that requested the job would search for it

/**
 * `pictureOf(job)` is the address of its portrait or null; `titleOf(avatar)` the portrait's title; `onOpen` is called
 * when a job is chosen, `onDelete` when one was deleted; `shownId()` is the id of the job on the stage.
 *
 * @param {{
 *   pictureOf: (job: Job) => string | null,
 *   titleOf: (avatar: string) => string,
 *   onOpen: (job: Job) => void,
 *   onDelete: (id: string) => void,
 *   shownId: () => string,
 * }} options
 */
export function createRecentVideos({ pictureOf, titleOf, onOpen, onDelete, shownId }) {
  const section = byId("recent", HTMLElement);
  const list = byId("videos", HTMLElement);
  const error = byId("recent-error", HTMLElement);
  const showMore = byId("show-more", HTMLButtonElement);
  /** @type {Job[]} */
  let jobs = [];
  let limit = PAGE_SIZE;
  let timer = 0;
  let generation = 0; // grows with the language: rows of an earlier one are created again

  /** @param {string} id */
  const findJob = (id) => jobs.find((job) => job.id === id);

  /**
   * The beginning of its text; for a job that another program requested, what else is known of it.
   *
   * @param {Job} job
   */
  const title = (job) => textOf(job.id)
    || [titleOf(job.avatar), formatLanguageName(job.language), translate("character_count", { n: job.characters })].join(" · ");

  /**
   * What tells one job without a text from another: when it was requested, to the second, and its id.
   *
   * @param {Job} job
   */
  const marks = (job) => (textOf(job.id)
    ? []
    : [formatMoment(new Date(job.created), { seconds: true }), job.id.slice(0, ID_LENGTH)]);

  /**
   * For screen readers, which announce one button after another.
   *
   * @param {Job} job
   */
  const label = (job) => [title(job), ...marks(job)].join(" · ");

  /** @param {Job} job */
  function describeProgress(job) {
    if (job.state === "failed") return job.error?.error ?? "";
    if (job.state === "queued") return translate("queued");
    if (job.state === "running") return translate("rendering", { percent: formatPercent(job.progress) });
    return formatDuration(job.duration ?? 0);
  }

  /** @param {Job} job */
  function describeState(job) {
    const isTextKnown = job.state === "done" && textOf(job.id);
    return [describeProgress(job), ...(isTextKnown ? [formatMoment(new Date(job.created))] : marks(job))].join(" · ");
  }

  /** @param {Job} job */
  function createThumbnail(job) {
    const frame = createElement("span", { className: "thumbnail" });
    const picture = pictureOf(job);
    if (picture) frame.append(createElement("img", { src: picture, alt: "", loading: "lazy" }));
    else if (job.state === "done") {
      const options = { muted: true, playsInline: true, preload: /** @type {const} */ ("metadata"), tabIndex: -1 };
      frame.append(createElement("video", { src: `${videoUrl(job.id)}#t=0.1`, ...options }));
    }
    frame.firstElementChild?.addEventListener("error", () => frame.replaceChildren());
    return frame;
  }

  /** @param {Job} job */
  async function remove(job) {
    error.textContent = "";
    await catchApiError(async () => {
      await deleteJob(job.id);
      const hadFocus = rowOf(job.id)?.contains(document.activeElement);
      const index = visible().findIndex(({ id }) => id === job.id);
      jobs = jobs.filter(({ id }) => id !== job.id);
      forgetText(job.id);
      onDelete(job.id);
      render();
      if (!hadFocus) return;
      const next = visible()[Math.min(index, visible().length - 1)];
      (rowOf(next?.id)?.querySelector("button") ?? byId("text", HTMLElement)).focus();
    }, ({ message }) => { error.textContent = message; });
  }

  /**
   * The button that cancels a job or deletes it; a finished video at the second press only.
   *
   * @param {Job} job
   */
  function createRemoveButton(job) {
    const button = createElement("button", { type: "button", className: "icon" });
    const message = job.state === "done" ? "delete_video" : job.state === "failed" ? "dismiss" : "cancel";
    button.title = translate(message);
    confirmOnClick(button, {
      isNeeded: () => job.state === "done",
      render(isPending) {
        button.textContent = isPending ? translate("delete_confirm") : "×";
        button.classList.toggle("confirm", isPending);
        button.setAttribute("aria-label", `${translate(isPending ? "delete_confirm" : message)}: ${label(job)}`);
      },
      action: () => remove(job),
    });
    return button;
  }

  /** @param {Job} job */
  function createRow(job) {
    const isFailed = job.state === "failed";
    const content = createElement(
      "span",
      { className: "summary" },
      createElement("span", { className: "title", textContent: title(job) }),
      createElement("span", { className: isFailed ? "state wrong" : "state" }),
    );
    const properties = { className: "open", title: textOf(job.id) ? "" : job.id };
    const open = isFailed
      ? createElement("div", properties, createThumbnail(job), content)
      : createElement("button", { ...properties, type: "button" }, createThumbnail(job), content);
    if (!isFailed) {
      open.addEventListener("click", () => {
        const current = findJob(job.id);
        if (current) onOpen(current);
      });
    }
    const row = createElement("li", { className: `video ${job.state}` }, open);
    if (job.state === "done") {
      const download = createElement("a", {
        className: "icon", href: downloadUrl(job.id), download: "", textContent: "↓", title: translate("download"),
      });
      download.setAttribute("aria-label", `${translate("download")}: ${label(job)}`);
      row.append(download);
    }
    row.append(createRemoveButton(job));
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Job} job
   */
  function updateRow(row, job) {
    const state = row.querySelector(".state");
    if (state) setText(state, describeState(job));
    const isShown = shownId() === job.id;
    row.classList.toggle("current", isShown);
    const open = row.querySelector(".open");
    if (isShown) open?.setAttribute("aria-current", "true");
    else open?.removeAttribute("aria-current");
  }

  const listed = () => jobs.filter(({ state }) => state !== "cancelled");
  const visible = () => listed().slice(0, limit);

  /** @param {Job} job */
  const keyOf = ({ id, state }) => `${id} ${state} ${generation}`;

  /** @param {string | undefined} id */
  function rowOf(id) {
    const job = id === undefined ? undefined : findJob(id);
    if (!job) return undefined;
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    return rows.find((row) => row.dataset.key === keyOf(job));
  }

  function render() {
    reconcile(list, visible(), { key: keyOf, create: createRow, update: updateRow });
    section.hidden = visible().length === 0;
    showMore.hidden = listed().length <= limit;
    planRefresh();
  }

  /** Requests the list again while a job is being rendered that the stage does not follow. */
  function planRefresh() {
    clearTimeout(timer);
    if (jobs.every((job) => hasEnded(job) || job.id === shownId())) return;
    timer = window.setTimeout(() => (document.hidden ? planRefresh() : refresh()), POLL_MS);
  }

  async function refresh() {
    await catchApiError(async () => {
      jobs = await listJobs();
      render();
    }, planRefresh); // the next request may reach the server again
    return jobs;
  }

  showMore.addEventListener("click", () => {
    const first = listed()[limit];
    limit += PAGE_SIZE;
    render();
    /** @type {HTMLElement | null | undefined} */ (rowOf(first?.id)?.querySelector(".open"))?.focus();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
  onLanguageChange(() => {
    generation += 1;
    render();
    if (jobs.some(({ state }) => state === "failed")) refresh(); // the server's sentences
  });

  return {
    refresh,
    render,
    /** @param {Job} updated */
    update(updated) {
      jobs = findJob(updated.id) ? jobs.map((job) => (job.id === updated.id ? updated : job)) : [updated, ...jobs];
      render();
    },
  };
}
