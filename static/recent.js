// The caller's last videos, from the server's list; what was said in them this browser remembers.

import { trying } from "./ask.js";
import { downloadOf, drop, hasEnded, recent, videoOf } from "./jobs.js";
import { forget, wordsOf } from "./remembered.js";
import { languageName, moment, number, time, word } from "./words.js";

const SHOWN = 12;
const POLL = 3000; // milliseconds, while something is being made
const ID_SHOWN = 8; // characters of a job's id, as a program that asked for it would look for it
const SURE = 4000; // milliseconds within which a second press deletes

const element = (tag, className, more = {}) => Object.assign(document.createElement(tag), { className, ...more });

/**
 * `$` finds an element by its id; `pictureOf(job)` gives the address of its portrait or null, `titleOf(avatar)` what its
 * portrait is called; `onPick(job)` is called when one is chosen, `onDeleted(id)` when one is gone; `shows()` is the id
 * of the job on the stage.
 */
export function recentOf($, { pictureOf, titleOf, onPick, onDeleted, shows }) {
  let jobs = [];
  let most = SHOWN;
  const rows = new Map(); // id -> { item, key, update }
  let timer = 0;

  /** Its first words; of a job that another program asked for nobody keeps them, so what else is known of it. */
  const title = (job) => wordsOf(job.id)
    || [titleOf(job.avatar), languageName(job.language), word("length", { n: number(job.characters) })].join(" · ");

  /** What tells one job without words from another: the second in which it was asked for, and its id. */
  const mark = (job) => (wordsOf(job.id)
    ? []
    : [moment(new Date(job.created), { seconds: true }), job.id.slice(0, ID_SHOWN)]);

  /** For a reader of the screen, who hears one button after another. */
  const label = (job) => [title(job), ...mark(job)].join(" · ");

  function progressOf(job) {
    if (job.state === "failed") return job.error?.error ?? "";
    if (job.state === "queued") return word("waiting");
    if (job.state === "running") return word("making", { n: number(Math.floor(job.progress * 100)) });
    return time(job.duration);
  }

  function stateOf(job) {
    const when = job.state === "done" && wordsOf(job.id) ? [moment(new Date(job.created))] : mark(job);
    return [progressOf(job), ...when].join(" · ");
  }

  function thumbnail(job) {
    const picture = pictureOf(job);
    const frame = element("span", "thumbnail");
    if (picture) frame.append(element("img", "", { src: picture, alt: "", loading: "lazy" }));
    else if (job.state === "done") {
      frame.append(element("video", "", { src: `${videoOf(job.id)}#t=0.1`, muted: true, playsInline: true, preload: "metadata", tabIndex: -1 }));
    }
    frame.firstChild?.addEventListener("error", (event) => event.target.remove());
    return frame;
  }

  async function remove(job) {
    $("recent-problem").textContent = "";
    await trying(async () => {
      const said = await drop(job.id);
      // One that still ran is cancelled now, and stays known to the server; one that had ended is gone.
      const held = rows.get(job.id)?.item.contains(document.activeElement);
      const place = shown().findIndex((one) => one.id === job.id);
      jobs = jobs.filter((one) => one.id !== job.id);
      forget(job.id);
      onDeleted(job.id, said);
      render();
      if (held) (rows.get(shown()[Math.min(place, shown().length - 1)]?.id)?.item.querySelector("button") ?? $("text")).focus();
    }, (problem) => { $("recent-problem").textContent = problem.message; });
  }

  /** The button that deletes a video when it is pressed twice; what is not finished or has failed, at once. */
  function remover(job) {
    const button = element("button", "icon", { type: "button" });
    const kind = { done: "delete_video", failed: "dismiss" }[job.state] ?? "cancel";
    let sure = 0;
    const name = () => {
      button.textContent = sure ? word("really") : "×";
      button.classList.toggle("sure", sure !== 0);
      button.setAttribute("aria-label", `${sure ? word("really") : word(kind)}: ${label(job)}`);
      button.title = word(kind);
    };
    const reset = () => { clearTimeout(sure); sure = 0; name(); };
    button.addEventListener("click", () => {
      if (job.state === "done" && !sure) { sure = setTimeout(reset, SURE); name(); return; }
      reset();
      remove(job);
    });
    button.addEventListener("blur", reset);
    name();
    return button;
  }

  function rowOf(job) {
    const item = element("li", `video ${job.state}`);
    const pick = element(job.state === "failed" ? "div" : "button", "pick", { title: wordsOf(job.id) ? "" : job.id });
    const what = element("span", "what");
    const state = element("span", job.state === "failed" ? "state wrong" : "state");
    what.append(element("span", "said", { textContent: title(job) }), state);
    pick.append(thumbnail(job), what);
    item.append(pick);
    let now = job;
    if (job.state !== "failed") {
      pick.type = "button";
      pick.addEventListener("click", () => onPick(now));
    }
    if (job.state === "done") {
      const download = element("a", "icon", { href: downloadOf(job.id), textContent: "↓", title: word("download") });
      download.download = "";
      download.setAttribute("aria-label", `${word("download")}: ${label(job)}`);
      item.append(download);
    }
    item.append(remover(job));
    const update = (news) => {
      now = news;
      const said = stateOf(news);
      if (state.textContent !== said) state.textContent = said;
      const here = shows() === news.id;
      item.classList.toggle("here", here);
      if (here) pick.setAttribute("aria-current", "true");
      else pick.removeAttribute("aria-current");
    };
    return { item, state: job.state, update };
  }

  const listed = () => jobs.filter((job) => job.state !== "cancelled");
  const shown = () => listed().slice(0, most);

  function render() {
    const wanted = shown();
    for (const [id, row] of rows) {
      const job = wanted.find((one) => one.id === id);
      if (job?.state === row.state) continue;
      row.item.remove();
      rows.delete(id);
    }
    let before = null;
    for (const job of wanted) {
      if (!rows.has(job.id)) rows.set(job.id, rowOf(job));
      const { item, update } = rows.get(job.id);
      update(job);
      const next = before ? before.nextSibling : $("videos").firstChild;
      if (next !== item) $("videos").insertBefore(item, next);
      before = item;
    }
    $("recent").hidden = wanted.length === 0;
    $("more").hidden = listed().length <= most;
    plan();
  }

  /** Look again, as long as one is being made that nobody follows here. */
  function plan() {
    clearTimeout(timer);
    const waits = jobs.some((job) => !hasEnded(job) && job.id !== shows());
    if (waits) timer = setTimeout(() => (document.hidden ? plan() : refresh()), POLL);
  }

  async function refresh() {
    await trying(async () => { jobs = await recent(); render(); }, plan); // the next look may find the server again
    return jobs;
  }

  $("more").addEventListener("click", () => {
    most += SHOWN;
    const first = listed()[most - SHOWN];
    render();
    rows.get(first?.id)?.item.querySelector(".pick")?.focus();
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });

  return {
    refresh,
    render,
    /** News of one job. */
    update(job) {
      const known = jobs.some((one) => one.id === job.id);
      jobs = known ? jobs.map((one) => (one.id === job.id ? job : one)) : [job, ...jobs];
      render();
    },
    /** The page speaks another language now, and so does the server. */
    say() {
      for (const { item } of rows.values()) item.remove();
      rows.clear();
      render();
      if (jobs.some((job) => job.state === "failed")) refresh();
    },
  };
}
