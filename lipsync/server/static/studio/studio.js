// @ts-check
// The page at "/": the form's request becomes a job, whose video is played while it is rendered.

import { config } from "../shared/config.js";
import { byId } from "../shared/dom.js";
import { ApiError, catchApiError, requestJson } from "../shared/http.js";
import { connectLanguageMenu, setMessage } from "../shared/i18n.js";
import { createLogin } from "../shared/login.js";
import { createDraft } from "./draft.js";
import { isOwnJob, rememberText } from "./history.js";
import { hasEnded, submitJob } from "./jobs.js";
import { stripMoods } from "./mood-markup.js";
import { isAudio } from "./portrait-files.js";
import { createPortraits } from "./portraits.js";
import { createRecentVideos } from "./recent-videos.js";
import { createRequestForm } from "./request-form.js";
import { createStage } from "./stage.js";
import { createVoiceCloning } from "./voice-cloning.js";

const LOADING_POLL_MS = 1000;

const text = byId("text", HTMLTextAreaElement);
const generateButton = byId("generate", HTMLButtonElement);
const notice = byId("notice", HTMLElement);
const drop = byId("drop", HTMLElement);

/** @type {Map<string, import("./stage.js").Portrait>} */
const uploads = new Map(); // by job: the portrait that was uploaded for it from this page
let isSending = false;

const portraits = createPortraits({
  onSelect(portrait) {
    stage.showPortrait(portrait);
    form.portraitSelected();
    recent.render();
    draft.portraitSelected();
  },
  onError(error) {
    if (error) form.showError(error);
    else form.setError("portrait", "");
  },
});
const form = createRequestForm(portraits);
const draft = createDraft({ form, portraits });

const stage = createStage({
  portraitOf: ({ id, avatar }) => uploads.get(id) ?? { source: portraits.pictureOf(avatar) ?? "", isMoving: false },
  onUpdate: (job) => recent.update(job),
  onFailed: (error) => form.showError(error),
});
const recent = createRecentVideos({
  pictureOf({ id, avatar }) {
    const upload = uploads.get(id);
    return portraits.pictureOf(avatar) ?? (upload && !upload.isMoving ? upload.source : null);
  },
  titleOf: portraits.titleOf,
  shownId: stage.shownId,
  onOpen(job) {
    stage.unlockPlayer();
    stage.watch(job);
    recent.render();
  },
  onDelete: stage.remove,
});

async function generate() {
  if (isSending) return;
  isSending = true;
  stage.unlockPlayer();
  generateButton.setAttribute("aria-disabled", "true"); // not disabled: that would take the keyboard's focus away
  form.clearErrors();
  const upload = portraits.selected().file ? portraits.own() : null;
  const sentText = form.text();
  await catchApiError(async () => {
    const job = await submitJob(form.request());
    rememberText(job.id, stripMoods(sentText, config.mood_names));
    if (upload) uploads.set(job.id, upload);
    stage.watch(job, { requestedHere: true });
    recent.update(job);
  }, showUnlessLogin);
  isSending = false;
  generateButton.setAttribute("aria-disabled", "false");
}

/** @param {ApiError} error */
function showUnlessLogin(error) {
  if (error.status !== 401) form.showError(error); // the login form explains the key
}

// --- voices

async function loadVoices() {
  const voices = await requestJson("api/voices");
  form.setVoices(voices);
  cloning.update(voices);
}

const cloning = createVoiceCloning({
  async onChange(voice) {
    await loadVoices();
    if (voice) form.selectVoice(voice);
  },
});

// --- start

/** Loads the voices; waits for a server that is still loading, and says so. */
async function waitForVoices() {
  for (;;) {
    try {
      await loadVoices();
      notice.hidden = true;
      return;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 503) throw error;
      if (error.code === "not_ready") setMessage(notice, "loading");
      else notice.textContent = error.message;
      notice.hidden = false;
      await new Promise((resolve) => { setTimeout(resolve, LOADING_POLL_MS); });
    }
  }
}

async function start() {
  const isServed = await login.check();
  byId("workspace", HTMLElement).hidden = !isServed; // requests of the form would be refused
  if (!isServed) return;
  const caller = login.caller();
  if (caller !== null && draft.belongsToAnother(caller)) {
    await draft.signOut();
    location.reload();
    return;
  }
  await catchApiError(async () => {
    draft.pause();
    await portraits.load();
    if (caller !== null) await draft.restore(caller);
    const jobs = await recent.refresh();
    const unfinished = jobs.find((job) => !hasEnded(job) && isOwnJob(job.id));
    if (unfinished && !stage.isBusy()) { // the page was reloaded while the job was rendered
      stage.watch(unfinished);
      recent.render();
    }
    await waitForVoices();
  }, showUnlessLogin);
}

const login = createLogin({ emptyMessage: "key_empty", onSignedIn: start, onSignedOut: draft.signOut });

byId("form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  generate();
});
text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  generate();
});

// The whole page accepts dropped files: beside the drop area the browser would open them in place of the page.
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("over"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const files = [...(event.dataTransfer?.files ?? [])];
  const recordings = files.filter(isAudio);
  if (recordings.length && cloning.isAvailable()) cloning.take(recordings);
  else if (files[0]) portraits.take(files[0]);
});

// The browser shows the page out of its memory (bfcache): somebody else may have signed in since.
addEventListener("pageshow", (event) => { if (event.persisted) start(); });

connectLanguageMenu();
start();
