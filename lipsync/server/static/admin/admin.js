// @ts-check
// The admin page: requests the server's facts every few seconds and updates what has changed.

import { byId, createElement, reconcile, setText } from "../shared/dom.js";
import { catchApiError, requestJson } from "../shared/http.js";
import {
  connectLanguageMenu, formatBytes, formatDuration, formatMoment, formatNumber, formatPercent, onLanguageChange, translate,
} from "../shared/i18n.js";

const REFRESH_MS = 3000;
const ID_LENGTH = 8; // characters of an id that are shown

/** @typedef {[className: string, fill: (cell: HTMLElement, item: any) => void]} Column */

const notice = byId("notice", HTMLElement);
const problems = byId("problems", HTMLElement);
/** @type {any} */
let facts = null; // the last answer

// --- formats

/** @param {number | null} seconds */
const duration = (seconds) => (seconds === null ? "" : formatDuration(seconds));
/** @param {number | null} bytes */
const size = (bytes) => (bytes === null ? "" : formatBytes(bytes));
/** @param {string | null} time */
const moment = (time) => (time === null ? "" : formatMoment(new Date(time), { seconds: true }));

// --- tables

/**
 * @param {string} id
 * @param {any[]} items
 * @param {(item: any) => string} key
 * @param {Column[]} columns
 * @param {number} [count] shown beside the title
 */
function showTable(id, items, key, columns, count = items.length) {
  const table = byId(id, HTMLTableElement);
  const labels = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent ?? "");
  reconcile(/** @type {Element} */ (table.tBodies[0]), items, {
    key,
    create() {
      const row = document.createElement("tr");
      for (const [className] of columns) row.insertCell().className = className;
      return row;
    },
    update(row, item) {
      columns.forEach(([, fill], index) => {
        const cell = /** @type {HTMLElement} */ (row.cells[index]);
        cell.dataset.label = labels[index]; // shown before each cell on narrow screens
        fill(cell, item);
      });
    },
  });
  table.hidden = items.length === 0;
  byId(`${id}-nothing`, HTMLElement).hidden = items.length > 0;
  setText(byId(`${id}-count`, HTMLElement), count ? formatNumber(count) : "");
}

/** @type {(className: string, value: (item: any) => string) => Column} */
const textColumn = (className, value) => [className, (cell, item) => setText(cell, value(item))];

/** @type {(value: (item: any) => string) => Column} */
const idColumn = (value) => ["id", (cell, item) => {
  setText(cell, value(item).slice(0, ID_LENGTH));
  cell.title = value(item);
}];

/** @type {Column} */
const progressColumn = ["", (cell, job) => {
  if (!cell.firstChild) cell.append(createElement("progress", { max: 1 }), createElement("span"));
  const [bar, label] = /** @type {[HTMLProgressElement, HTMLElement]} */ (/** @type {unknown} */ (cell.children));
  bar.value = job.progress;
  setText(label, `${formatPercent(job.progress)} ${job.stage && translate(`stage_${job.stage}`)}`.trim());
}];

/** @type {Column} */
const cancelColumn = ["action", (cell, job) => {
  const button = cell.querySelector("button") ?? cell.appendChild(createCancelButton(job.id));
  setText(button, translate("cancel"));
  button.setAttribute("aria-label", `${translate("cancel")} ${job.id.slice(0, ID_LENGTH)}`);
}];

/** @param {string} id */
function createCancelButton(id) {
  const button = createElement("button", { type: "button" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    await catchApiError(() => requestJson(`admin/jobs/${id}/cancel`, { method: "POST" }), showError);
    button.disabled = false;
    await refresh();
  });
  return button;
}

/** @type {Column} */
const stateColumn = ["", (cell, job) => {
  if (!cell.firstChild) cell.append(createElement("span"), createElement("small"));
  const [label, code] = /** @type {[HTMLElement, HTMLElement]} */ (/** @type {unknown} */ (cell.children));
  label.className = `state ${job.state}`;
  setText(label, translate(job.state));
  setText(code, job.error?.code ?? "");
  code.title = job.error?.error ?? "";
}];

const JOB_COLUMNS = [
  idColumn((job) => job.id),
  textColumn("", (job) => job.owner),
  textColumn("", (job) => job.avatar),
  textColumn("", (job) => job.language),
];
const charactersColumn = textColumn("", (job) => formatNumber(job.characters));
const RUNNING_COLUMNS = [
  ...JOB_COLUMNS, charactersColumn, progressColumn, textColumn("", (job) => duration(job.seconds_left)), cancelColumn,
];
const QUEUE_COLUMNS = [...JOB_COLUMNS, charactersColumn, textColumn("time", (job) => moment(job.created)), cancelColumn];
const RECENT_COLUMNS = [
  textColumn("time", (job) => moment(job.ended)),
  stateColumn,
  ...JOB_COLUMNS,
  textColumn("", (job) => duration(job.duration)),
  textColumn("", (job) => duration(job.seconds)),
  textColumn("", (job) => job.engine ?? ""),
  textColumn("", (job) => job.voice ?? ""),
];
const ERROR_COLUMNS = [
  textColumn("time", (error) => moment(error.when)),
  textColumn("code", (error) => error.code),
  textColumn("wide", (error) => error.sentence),
  textColumn("", (error) => (error.job ? `${translate("job")} ${error.job.slice(0, ID_LENGTH)}` : error.where)),
  idColumn((error) => error.request),
];
const FOLDER_COLUMNS = [
  textColumn("", (folder) => translate(folder.name === "state" ? "database" : folder.name)),
  textColumn("", (folder) => size(folder.used)),
  textColumn("", (folder) => size(folder.limit)),
  textColumn("", (folder) => size(folder.free)),
];

// --- facts

/** @typedef {{ name: string, value: string, detail?: string, className?: string }} Fact */

/** @returns {Fact[]} */
function listFacts() {
  const { memory, counts } = facts;
  const isReady = facts.problems.length === 0;
  /** @type {(free: number, total: number) => string} */
  const freeOf = (free, total) => translate("free_of", { free: size(free), total: size(total) });
  const list = [
    {
      name: "state",
      value: translate(isReady ? "ready" : "not_ready"),
      detail: memory.waiting ?? "",
      className: isReady ? "good" : "wrong",
    },
    { name: "uptime", value: duration(Math.floor(facts.uptime)), detail: `lipsync ${facts.versions.lipsync}` },
    { name: "queued", value: translate("count_of_limit", { count: counts.queued, limit: facts.queue_limit }) },
    { name: "running", value: formatNumber(counts.running) },
    { name: "done", value: formatNumber(counts.done) },
    { name: "failed", value: formatNumber(counts.failed) },
    { name: "cancelled", value: formatNumber(counts.cancelled) },
    { name: "streams", value: formatNumber(facts.watchers) },
    { name: "requests", value: formatNumber(facts.requests) },
    { name: "threads", value: formatNumber(facts.threads) },
    { name: "files", value: formatNumber(facts.files) },
    {
      name: "memory",
      value: size(memory.resident),
      detail: `${translate("resident")}; ${freeOf(memory.free, memory.total)}`,
      className: memory.waiting ? "wrong" : "",
    },
  ];
  if (memory.vram_total === null) return list;
  const used = memory.vram_total - memory.vram_free;
  return [...list, { name: "gpu", value: size(used), detail: freeOf(memory.vram_free, memory.vram_total) }];
}

function showFacts() {
  reconcile(byId("facts", HTMLElement), listFacts(), {
    key: ({ name }) => name,
    create: () => createElement(
      "div", {}, createElement("dt"), createElement("dd"), createElement("dd", { className: "detail" }),
    ),
    update(tile, { name, value, detail = "", className = "" }) {
      tile.className = className;
      const [title, main, more] = /** @type {[HTMLElement, HTMLElement, HTMLElement]} */ (/** @type {unknown} */ (tile.children));
      setText(title, translate(name));
      setText(main, value);
      setText(more, detail);
      more.hidden = !detail;
    },
  });
}

function show() {
  if (!facts) return;
  showFacts();
  problems.hidden = facts.problems.length === 0;
  reconcile(problems, facts.problems, {
    key: ({ code }) => code,
    create: () => createElement("li"),
    update: (item, { sentence }) => setText(item, sentence),
  });
  /** @param {{ id: string }} job */
  const jobKey = ({ id }) => id;
  showTable("running", facts.running, jobKey, RUNNING_COLUMNS);
  showTable("queue", facts.queue, jobKey, QUEUE_COLUMNS, facts.counts.queued);
  showTable("errors", facts.errors, (error) => String(error.number), ERROR_COLUMNS);
  showTable("recent", facts.recent, jobKey, RECENT_COLUMNS);
  showTable("folders", facts.folders, (folder) => folder.name, FOLDER_COLUMNS, 0);
  setText(byId("versions", HTMLElement), Object.entries(facts.versions).map((pair) => pair.join(" ")).join(" · "));
}

/** @param {import("../shared/http.js").ApiError} error */
function showError(error) {
  const isDenied = error.status === 401 || error.status === 403;
  setText(notice, isDenied ? translate("not_allowed") : error.message);
  notice.hidden = false;
}

async function refresh() {
  await catchApiError(async () => {
    facts = await requestJson("admin/facts");
    notice.hidden = true;
    show();
  }, showError);
}

/** Refreshes for as long as the page is open; a hidden page requests nothing. */
async function refreshForever() {
  let wake = () => {};
  document.addEventListener("visibilitychange", () => wake());
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((/** @type {(value: void) => void} */ resolve) => {
      wake = resolve;
      setTimeout(resolve, REFRESH_MS);
    });
  }
}

connectLanguageMenu();
onLanguageChange(() => {
  show();
  refresh(); // the server's sentences
});
refreshForever();
