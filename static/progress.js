// How far a job is: a bar, what is being done in words, and the seconds that are left.

import { say, time, word } from "./words.js";

const STAGES = ["queued", "portrait", "speech", "render", "finish"];
const BACK = 1500; // milliseconds: each sentence is spoken and then drawn; words that flicker tell nobody anything
const STEADY = 0.15; // an estimate that is off by less is no news

/** `$` finds an element by its id. Gives show(job), trouble(sentence), say(), hide(). */
export function progressOf($) {
  let job = null;
  let until = null; // performance.now() at which it should be done
  let shown = ""; // stage in words
  let changed = 0; // when another stage was first heard of
  let told = new Set(); // stages that were read aloud
  let timer = 0;
  let trouble = "";

  const stageOf = ({ state, stage }) => (state === "queued" ? "queued" : stage);

  function sentence(stage) {
    if (stage === "queued") return word("doing_queued", { n: job.place ?? 1 });
    return STAGES.includes(stage) ? word(`doing_${stage}`) : word("working");
  }

  function choose() {
    const stage = stageOf(job);
    if (stage === shown) { changed = 0; return; }
    changed ||= performance.now();
    const back = STAGES.indexOf(stage) < STAGES.indexOf(shown);
    if (back && stage !== "queued" && performance.now() - changed < BACK) return;
    shown = stage;
    changed = 0;
  }

  function tick() {
    choose();
    const now = trouble || sentence(shown);
    if ($("doing").textContent !== now) $("doing").textContent = now;
    if (!told.has(now)) { // each once: a reader of the screen is not told of every sentence's turn
      told.add(now);
      $("said").textContent = now;
    }
    const left = until === null ? null : Math.ceil((until - performance.now()) / 1000);
    let remaining = "";
    if (left !== null) remaining = left > 0 ? word("left", { time: time(left) }) : word("longer");
    $("remaining").textContent = trouble ? "" : remaining;
  }

  function expect(seconds) {
    if (seconds === null) { until = null; return; }
    const before = until === null ? null : (until - performance.now()) / 1000;
    if (before !== null && Math.abs(seconds - before) < Math.max(1, STEADY * before)) return;
    until = performance.now() + seconds * 1000;
  }

  function show(now) {
    if (job?.id !== now.id) {
      until = null;
      shown = stageOf(now);
      told = new Set();
      $("bar").value = 0;
    }
    job = now;
    trouble = "";
    $("bar").value = now.progress;
    expect(now.seconds_left);
    $("progress").hidden = false;
    timer ||= setInterval(tick, 250);
    tick();
  }

  return {
    show,
    trouble: (said) => { trouble = said; if (job) tick(); },
    say: () => { if (job) { say($("progress")); tick(); } },
    hide: () => {
      clearInterval(timer);
      timer = 0;
      job = null;
      $("progress").hidden = true;
      $("said").textContent = "";
    },
  };
}
