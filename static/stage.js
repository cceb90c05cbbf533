// The stage: one job from its asking to its video, or a portrait while there is none.

import { Problem, trying } from "./ask.js";
import { downloadOf, drop, follow, hasEnded, one, submitAnew } from "./jobs.js";
import { playerOf } from "./player.js";
import { progressOf } from "./progress.js";
import { viewOf } from "./view.js";
import { hasWord, number, say, time, word } from "./words.js";

const ORDER = ["wait", "portrait", "speech", "track", "render", "encode", "first_frame", "total"];
const WAITED = 0.05; // seconds: who waited less need not read it

/**
 * `$` finds an element by its id. `pictureOf(job)` gives { source, moving } of a job's portrait; `onJob` is called with
 * each news of the job; `onFailed` with a Problem, for a job that was asked for here.
 */
export function stageOf($, { pictureOf, onJob, onFailed }) {
  let job = null; // what is on the stage; null: a portrait
  let asked = false; // whether it was asked for on this page
  let stop = () => {};
  let status = () => ""; // what is said below, in the language of the page

  const progress = progressOf($);
  const view = viewOf($("stage"), $("frame"));
  const player = playerOf($, {
    onProblem: (sentence, gone) => {
      tell(() => sentence, true);
      if (gone) $("result").hidden = true; // what cannot be played may still be downloaded
    },
  });

  function tell(sentence, wrong = false) {
    status = sentence;
    $("status").classList.toggle("wrong", wrong);
    $("status").textContent = sentence();
  }

  function clear() {
    stop();
    stop = () => {};
    job = null;
    progress.hide();
    $("result").hidden = true;
    tell(() => "");
  }

  function showStill(source, moving) {
    player.still(source, moving);
  }

  function showTimings() {
    const stages = Object.entries(job.timings)
      .filter(([stage, seconds]) => stage !== "wait" || seconds >= WAITED)
      .sort(([first], [second]) => ORDER.indexOf(first) - ORDER.indexOf(second));
    const whole = Math.max(...stages.map(([, seconds]) => seconds), 0.001);
    $("timings").replaceChildren(...stages.map(([stage, seconds]) => {
      const row = document.createElement("div");
      const label = hasWord(`stage_${stage}`) ? word(`stage_${stage}`) : stage;
      row.append(
        Object.assign(document.createElement("dt"), { textContent: label }),
        Object.assign(document.createElement("dd"), { textContent: word("seconds", { n: number(seconds, 2) }) }),
      );
      row.classList.toggle("whole", stage === "total");
      row.classList.toggle("moment", stage === "first_frame");
      row.style.setProperty("--share", seconds / whole);
      return row;
    }));
  }

  function showResult() {
    progress.hide();
    const shown = job;
    const took = (new Date(shown.ended) - new Date(shown.started)) / 1000;
    tell(() => {
      const ready = word("ready", { duration: time(shown.duration), took: time(took) });
      const remarks = shown.fallbacks.map((fallback) => word("fallback", fallback));
      return [ready, ...remarks, shown.avatar_part?.sentence].filter(Boolean).join(" ");
    });
    $("download").href = downloadOf(shown.id);
    $("result").hidden = false;
    showTimings();
  }

  function showEnd() {
    if (asked) submitAnew();
    if (job.state === "done") {
      showResult();
      player.finish(job);
      view.keep();
      return;
    }
    progress.hide();
    const { source, moving } = pictureOf(job);
    showStill(source, moving);
    if (job.state === "cancelled") tell(() => word("cancelled"));
    else if (asked) onFailed(new Problem(job.error.error, job.error.code));
    else tell(() => job?.error?.error ?? "", true);
  }

  function take(news) {
    job = news;
    if (hasEnded(job)) showEnd();
    else {
      progress.show(job);
      player.follow(job);
    }
    onJob(job);
  }

  function gone(problem) {
    clear();
    tell(() => problem.message);
  }

  /** Put a job on the stage and follow it. `here`: it was asked for on this page, just now. */
  function watch(news, { here = false } = {}) {
    if (job?.id === news.id && !hasEnded(job)) return; // it is here already
    clear();
    asked = here;
    const { source, moving } = pictureOf(news);
    showStill(source, moving);
    job = news;
    if (hasEnded(news)) { play(news); return; }
    take(news);
    stop = follow(news.id, { onJob: take, onTrouble: (problem) => progress.trouble(problem.message), onGone: gone });
    view.bring(); // on a phone the stage is below the form
  }

  /** Play a video that is done. */
  function play(made) {
    clear();
    job = made;
    asked = false;
    if (made.state === "done") {
      player.open(made);
      showResult();
    } else showEnd();
    view.bring();
  }

  /** Nobody wants it any more: shown at once, whatever the server has yet to do. */
  async function cancel() {
    const unwanted = job;
    if (!unwanted || hasEnded(unwanted)) return;
    const focused = document.activeElement === $("cancel");
    await trying(async () => {
      const said = await drop(unwanted.id);
      if (job?.id !== unwanted.id) return;
      stop();
      take({ ...unwanted, ...said, state: "cancelled" });
      if (focused) $("generate").focus(); // the button is gone
    }, (problem) => progress.trouble(problem.message));
  }

  $("cancel").addEventListener("click", cancel);

  return {
    watch,
    play,
    /** As in the player. */
    pressed: player.pressed,
    /** The id of the job that is on the stage, or "". */
    shows: () => job?.id ?? "",
    isBusy: () => job !== null && !hasEnded(job),
    /** A portrait takes the place of a video, but not of one that is being made. */
    still(source, moving) {
      if (job && !hasEnded(job)) return;
      clear();
      showStill(source, moving);
    },
    /** The job is deleted. */
    forget(id) {
      if (job?.id !== id) return;
      const { source, moving } = pictureOf(job);
      clear();
      showStill(source, moving);
    },
    /** The page speaks another language now. */
    async say() {
      progress.say();
      $("status").textContent = status();
      say($("result"));
      if (job?.state === "done") showTimings();
      if (job && hasEnded(job) && (job.error || job.fallbacks.length || job.avatar_part?.sentence)) { // sentences of the server's
        const news = await one(job.id).catch(() => null);
        if (news?.id !== job?.id) return;
        job = news;
        if (job.state === "done") showResult();
        else $("status").textContent = status();
      }
    },
  };
}
