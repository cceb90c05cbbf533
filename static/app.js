// The page: what a person typed and chose becomes a job, and its video is played while it is made.

import { ask, askJson, Problem, trying } from "./ask.js";
import { draftOf } from "./draft.js";
import { fieldsOf } from "./fields.js";
import { hasEnded, submit } from "./jobs.js";
import { keyBoxOf } from "./key.js";
import { portraitsOf } from "./portraits.js";
import { recentOf } from "./recent.js";
import { isOurs, remember } from "./remembered.js";
import { stageOf } from "./stage.js";
import { isSound, ownVoice } from "./voices.js";
import { chooseLanguage, pageLanguage, word } from "./words.js";

const $ = (id) => document.getElementById(id);
const AGAIN = 1000; // milliseconds between two questions whether the service has loaded

const pictures = new Map(); // job -> the person's own { source, moving } that it was asked for with
let sending = false;

const portraits = portraitsOf($, {
  onChosen: (source, moving) => { stage.still(source, moving); recent.render(); draft.chosen(); },
  onProblem: (problem) => { if (problem) fields.showProblem(problem); else fields.show("avatar", ""); },
});
const fields = fieldsOf($, portraits);
const draft = draftOf($, { fields, portraits });

const stage = stageOf($, {
  pictureOf: (job) => pictures.get(job.id) ?? { source: portraits.pictureOf(job.avatar) ?? "", moving: false },
  onJob: (job) => recent.update(job),
  onFailed: (problem) => fields.showProblem(problem),
});
const recent = recentOf($, {
  pictureOf: (job) => {
    const own = pictures.get(job.id);
    return portraits.pictureOf(job.avatar) ?? (own && !own.moving ? own.source : null);
  },
  titleOf: portraits.titleOf,
  shows: stage.shows,
  onPick: (job) => {
    stage.pressed();
    if (hasEnded(job)) stage.play(job);
    else stage.watch(job);
    recent.render();
  },
  onDeleted: (id) => stage.forget(id),
});

async function generate() {
  if (sending) return;
  sending = true;
  stage.pressed();
  $("generate").setAttribute("aria-disabled", true); // not disabled: the keyboard's focus stays where it was
  fields.clearProblems();
  const text = $("text").value;
  const own = portraits.chosen().file ? portraits.own() : null;
  await trying(async () => {
    const job = await submit(fields.wish());
    remember(job.id, text);
    if (own) pictures.set(job.id, own);
    stage.watch(job, { here: true });
    recent.update(job);
  }, (problem) => {
    if (problem.status !== 401) fields.showProblem(problem); // of a key, the box for it tells
  });
  sending = false;
  $("generate").setAttribute("aria-disabled", false);
}

// --- a voice of the person's own

async function loadVoices() {
  const voices = await askJson("api/voices");
  fields.know(voices);
  mine.update(voices);
}

const mine = ownVoice({ $, word, ask, Problem, changed: async (name) => {
  await loadVoices();
  if (name) $("voice").value = name;
} });

// --- beginning

/** Waits for a service that is still loading, and says so. */
async function untilLoaded() {
  for (;;) {
    try {
      await loadVoices();
      $("notice").hidden = true;
      return;
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 503) throw problem;
      $("notice").textContent = problem.code === "not_ready" ? word("loading") : problem.message;
      $("notice").hidden = false;
      await new Promise((resolve) => { setTimeout(resolve, AGAIN); });
    }
  }
}

async function begin() {
  const mayEnter = await key.mayEnter();
  $("desk").hidden = !mayEnter; // a form that leads nowhere
  if (!mayEnter) return;
  if (key.caller() !== null && draft.isOfAnother(key.caller())) { await leave(); location.reload(); return; }
  await trying(async () => {
    draft.pause();
    await portraits.load();
    if (key.caller() !== null) await draft.restore(key.caller());
    const jobs = await recent.refresh();
    const going = jobs.find((job) => !hasEnded(job) && isOurs(job.id));
    if (going && !stage.isBusy()) { stage.watch(going); recent.render(); } // the page was loaded anew meanwhile
    await untilLoaded();
  }, (problem) => { if (problem.status !== 401) fields.showProblem(problem); });
}

const leave = () => draft.leave();
const key = keyBoxOf($, { onEntered: begin, onLeft: leave });

function speak(code) {
  chooseLanguage(code);
  showLanguage();
  for (const part of [fields, portraits, stage, recent]) part.say();
}

function showLanguage() {
  for (const one of document.querySelectorAll("[data-language]")) {
    one.setAttribute("aria-pressed", one.dataset.language === pageLanguage());
  }
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); generate(); });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); generate(); }
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => speak(button.dataset.language));
}
// The whole page takes a dropped picture: a miss must not open it in place of the page.
addEventListener("dragover", (event) => { event.preventDefault(); $("drop").classList.add("over-it"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over-it"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over-it");
  const files = [...event.dataTransfer.files];
  const sounds = files.filter(isSound);
  if (sounds.length && !$("new-voice").hidden) mine.take(sounds);
  else if (files.length) portraits.take(files[0]);
});

// The page is taken out of the browser's memory (bfcache): somebody else may have logged in meanwhile.
addEventListener("pageshow", (event) => { if (event.persisted) begin(); });

fields.say();
begin();
