// The page: what a person typed and chose goes to /api/generate, and the video that comes back is played.

import { isSound, ownVoice } from "./voices.js";

const $ = (id) => document.getElementById(id);
const facts = JSON.parse($("facts").textContent);

const PICTURE = ["not_a_picture", "broken_picture", "picture_too_large", "file_too_large", "no_face", "face_too_small",
  "face_turned", "mouth_open", "mouth_covered", "unknown_avatar", "not_a_video", "broken_video", "sound_only",
  "video_too_large", "video_too_long", "video_needs_wav2lip"];
const FIELD_OF = {
  empty_text: "text", nothing_to_say: "text", text_too_long: "text", bad_characters: "text",
  unknown_language: "language", unknown_voice: "voice", ...Object.fromEntries(PICTURE.map((code) => [code, "avatar"])),
};
const FIELDS = ["text", "language", "voice", "avatar", "form"];

const ORDER = ["wait", "portrait", "speech", "track", "render", "encode", "first_frame", "total"];
const OWN = "*"; // value of the tile that holds the person's own picture or video; no avatar has this name
const VIDEO_NAMES = /\.(mp4|m4v|mov|webm|mkv|avi|mpe?g)$/i; // browsers know no type for some of these

let pageLanguage = facts.language;
let voices = { languages: [], voices: [] };
let languageTouched = false; // whether the person chose in which language is spoken
let own = null; // { file, url }: the person's own picture or video
let running = null; // AbortController of the request that runs
let videoUrl = null;
let redraw = () => {}; // says again, in another language, what the stage shows

/** A sentence for the person who caused it. */
class Problem extends Error {
  constructor(sentence, code) {
    super(sentence);
    this.code = code;
  }
}

// --- words

const word = (key, values = {}) =>
  (facts.words[pageLanguage][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const both = (key) => ({ en: facts.words.en[key], ru: facts.words.ru[key] });
const number = (value, digits = 0) =>
  value.toLocaleString(pageLanguage, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const time = (seconds) => (seconds < 90
  ? word("seconds", { n: number(seconds, seconds < 10 && !Number.isInteger(seconds) ? 1 : 0) })
  : word("minutes", { n: number(Math.floor(seconds / 60)), s: number(Math.floor(seconds % 60)) }));

function say() {
  document.documentElement.lang = pageLanguage;
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = word(one.dataset.word);
  for (const one of document.querySelectorAll("[data-word-label]")) one.setAttribute("aria-label", word(one.dataset.wordLabel));
  for (const one of document.querySelectorAll("[data-word-placeholder]")) one.placeholder = word(one.dataset.wordPlaceholder);
  for (const one of document.querySelectorAll("[data-language]")) one.setAttribute("aria-pressed", one.dataset.language === pageLanguage);
  for (const one of document.querySelectorAll(".tile")) one.dispatchEvent(new Event("words"));
  count();
  showSpeed();
  fillVoices();
  redraw();
}

function choosePageLanguage(code) {
  pageLanguage = code;
  document.cookie = `${facts.cookie}=${code}; path=/; max-age=31536000; samesite=lax`;
  if (!languageTouched) speakIn(code);
  say();
}

// --- fields

function count() {
  const length = [...$("text").value].length; // characters as the server counts them, not UTF-16 halves
  $("counter").textContent = word("characters", { count: number(length), limit: number(facts.max_text) });
  $("counter").classList.toggle("over-limit", length > facts.max_text);
  return length;
}

function showSpeed() {
  $("speed-now").textContent = word("times", { n: number(Number($("speed").value), 2) });
}

function show(field, sentence) {
  $(`${field}-problem`).textContent = sentence;
  $(field)?.setAttribute("aria-invalid", sentence !== "");
}

function showProblem(problem) {
  const field = FIELD_OF[problem.code] ?? "form";
  show(field, problem.message);
  const target = { text: $("text"), language: $("language"), voice: $("voice"), avatar: $("file") }[field];
  target?.focus();
  $(`${field}-problem`).scrollIntoView({ block: "nearest" });
}

const option = (value, label) => Object.assign(document.createElement("option"), { value, textContent: label });

function speakIn(code) {
  if (voices.languages.some((one) => one.code === code)) $("language").value = code;
}

function fillVoices() {
  const before = $("voice").value;
  const spoken = $("language").value;
  const fitting = voices.voices.filter((voice) => spoken === "auto" || voice.languages.includes(spoken));
  const label = (voice) => voice.labels[pageLanguage] ?? voice.labels.en ?? voice.name;
  $("voice").replaceChildren(option("", word("voice_any")), ...fitting.map((voice) => option(voice.name, label(voice))));
  if (fitting.some((voice) => voice.name === before)) $("voice").value = before;
}

// --- portraits

/** A portrait to choose: `titles` by language of the page; `moving` when its source is a video. */
function addTile(value, source, titles, moving = false) {
  const tile = Object.assign(document.createElement("label"), { className: "tile" });
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "avatar", value });
  const picture = moving
    ? Object.assign(document.createElement("video"), { src: source, muted: true, playsInline: true })
    : Object.assign(document.createElement("img"), { src: source, alt: "" });
  const caption = document.createElement("span");
  const name = () => { caption.textContent = titles[pageLanguage] ?? titles.en; };
  name();
  tile.addEventListener("words", name);
  picture.addEventListener("error", () => { // a TIFF, an AVI, or no picture at all: the server will tell which
    picture.replaceWith(Object.assign(document.createElement("i"), { className: "blank", textContent: "?" }));
  });
  radio.addEventListener("change", () => { show("avatar", ""); showStill(source, moving); });
  tile.append(radio, picture, caption);
  $("tiles").append(tile);
  return radio;
}

function showStill(source, moving = false) {
  if (running) return;
  hideStill();
  $("video").pause();
  $("video").hidden = true;
  $("result").hidden = true;
  $("status").textContent = "";
  redraw = () => {};
  const shown = $(moving ? "moving" : "still");
  shown.src = source;
  shown.hidden = false;
}

function hideStill() {
  $("still").hidden = true;
  $("moving").hidden = true;
  $("moving").removeAttribute("src"); // it plays no more
  $("moving").load();
}

function takePicture(file) {
  show("avatar", "");
  if (file.size > facts.max_upload_mb * 1e6) {
    const sentence = word("error_file_too_large", { limit: facts.max_upload_mb });
    showProblem(new Problem(sentence, "file_too_large"));
    return;
  }
  if (own) {
    URL.revokeObjectURL(own.url);
    $("tiles").querySelector("[value='*']").parentElement.remove();
  }
  own = { file, url: URL.createObjectURL(file) };
  const moving = file.type.startsWith("video/") || VIDEO_NAMES.test(file.name);
  const radio = addTile(OWN, own.url, both(moving ? "own_video" : "own"), moving);
  radio.checked = true;
  showStill(own.url, moving);
}

// --- what it should take, from what it took in this browser before

const OVERHEAD = 20; // characters: what a request costs before its first letter
let speed = 0.04; // seconds a character, until this browser knows better
try { speed = Number(localStorage.getItem("lipsync.speed")) || speed; } catch { /* storage is switched off: guess anew each visit */ }

function learn(characters, seconds) {
  speed = 0.5 * speed + 0.5 * (seconds / (characters + OVERHEAD));
  try { localStorage.setItem("lipsync.speed", speed); } catch { /* as above */ }
}

function startProgress(estimate) {
  const started = performance.now();
  const tick = () => {
    const passed = (performance.now() - started) / 1000;
    const late = Math.max(0, passed - estimate);
    $("bar").value = late ? 0.9 + 0.09 * (1 - Math.exp(-late / estimate)) : (0.9 * passed) / estimate;
    $("remaining").textContent = late ? word("longer") : word("left", { time: time(Math.ceil(estimate - passed)) });
  };
  $("progress").hidden = false;
  tick();
  const timer = setInterval(tick, 200);
  $("progress").scrollIntoView({ behavior: "smooth", block: "nearest" }); // on a phone it is below the form
  return () => { clearInterval(timer); $("progress").hidden = true; };
}

// --- asking and showing

function wish() {
  const fields = { text: $("text").value, language: $("language").value, voice: $("voice").value };
  const faster = Number($("speed").value);
  if (faster !== 1) fields.speed = faster;
  const avatar = document.querySelector("[name=avatar]:checked")?.value;
  const given = Object.entries({ ...fields, avatar })
    .filter(([name, value]) => name === "text" || (value && value !== OWN));
  if (avatar !== OWN) {
    return { body: JSON.stringify(Object.fromEntries(given)), headers: { "Content-Type": "application/json" } };
  }
  const form = new FormData();
  for (const [name, value] of given) form.append(name, value);
  form.append("image", own.file, own.file.name);
  return { body: form, headers: {} };
}

/** What the server answers, or a Problem that says why it did not. */
async function ask(path, { headers = {}, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...headers, "Accept-Language": pageLanguage } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(word("network"), "network");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({})); // a proxy before the server answers in HTML
  throw new Problem(said.error ?? word("server", { status: response.status }), said.code ?? said.status);
}

function setBusy(busy) {
  $("generate").setAttribute("aria-disabled", busy); // not disabled: the keyboard's focus stays where it was
  if (!busy && document.activeElement === $("cancel")) $("generate").focus();
  $("cancel").hidden = !busy;
}

async function generate() {
  if (running) return;
  for (const field of FIELDS) show(field, "");
  const characters = count();
  running = new AbortController();
  setBusy(true);
  $("result").hidden = true;
  $("video").pause();
  $("status").textContent = "";
  const estimate = (characters + OVERHEAD) * speed;
  redraw = () => {};
  const started = performance.now();
  const stopProgress = startProgress(estimate);
  try {
    const response = await ask("api/generate", { method: "POST", signal: running.signal, ...wish() });
    const video = await response.blob().catch((error) => {
      throw error.name === "AbortError" ? error : new Problem(word("network"), "network");
    });
    const took = (performance.now() - started) / 1000;
    learn(characters, took);
    stopProgress();
    await showVideo(video, response.headers, took);
  } catch (error) {
    stopProgress();
    if (error.name === "AbortError") {
      redraw = () => { $("status").textContent = word("cancelled"); };
      redraw();
    } else if (error instanceof Problem) showProblem(error);
    else throw error;
  } finally {
    running = null;
    setBusy(false);
  }
}

async function showVideo(blob, headers, took) {
  if (videoUrl) URL.revokeObjectURL(videoUrl);
  videoUrl = URL.createObjectURL(blob);
  const name = /filename="?([^";]+)/.exec(headers.get("Content-Disposition") ?? "")?.[1] ?? "avatar.mp4";
  Object.assign($("download"), { href: videoUrl, download: name });
  const video = $("video");
  const loaded = new Promise((resolve, reject) => {
    video.onloadedmetadata = resolve;
    video.onerror = () => reject(new Problem(word("unplayable"), "unplayable"));
  });
  const stages = [...(headers.get("Server-Timing") ?? "").matchAll(/([\w-]+);dur=([\d.]+)/g)]
    .map(([, stage, duration]) => [stage, duration / 1000])
    .filter(([stage, seconds]) => stage !== "wait" || seconds >= 0.05) // who did not wait need not read it
    .sort(([one], [other]) => ORDER.indexOf(one) - ORDER.indexOf(other));
  const fallbacks = JSON.parse(headers.get("X-Voice-Fallbacks") ?? "[]");
  video.src = videoUrl;
  $("result").hidden = false;
  redraw = () => showTimings(stages);
  redraw();
  await loaded;
  hideStill();
  video.hidden = false;
  redraw = () => {
    showTimings(stages);
    const ready = word("ready", { duration: time(video.duration), took: time(took) });
    $("status").textContent = [ready, ...fallbacks.map((one) => word("fallback", one))].join(" ");
  };
  redraw();
  await video.play().catch((error) => { // the browser may want a press of its own: the controls are there
    if (error.name !== "NotAllowedError" && error.name !== "AbortError") throw error;
  });
}

function showTimings(stages) {
  const whole = Math.max(...stages.map(([, seconds]) => seconds), 0.001);
  $("timings").replaceChildren(...stages.map(([stage, seconds]) => {
    const row = document.createElement("div");
    const key = `stage_${stage}`;
    const label = facts.words.en[key] ? word(key) : stage;
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

// --- a voice of the person's own

async function loadVoices() {
  voices = await (await ask("api/voices")).json();
  fillVoices();
  mine.update(voices);
}

const mine = ownVoice({ $, word, ask, Problem, changed: async (name) => {
  await loadVoices();
  if (name) $("voice").value = name;
} });

// --- beginning

async function untilReady() {
  for (;;) {
    try {
      await ask("api/ready");
      $("notice").hidden = true;
      return;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      if (["queue_full", "database_busy", "cannot_write"].includes(problem.code)) return; // for Generate to say
      $("notice").textContent = problem.code === "not_ready" ? word("loading") : problem.message;
      $("notice").hidden = false;
      await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
  }
}

async function begin() {
  const portraits = await (await ask("api/avatars")).json();
  if (portraits.default === null) addTile("", "api/avatar", both("house"), portraits.default_moves).checked = true;
  for (const { name, titles } of portraits.avatars) {
    const radio = addTile(name, `api/avatars/${encodeURIComponent(name)}`, titles);
    radio.checked = name === portraits.default;
  }
  showStill("api/avatar", portraits.default_moves);
  await untilReady();
  voices = await (await ask("api/voices")).json();
  const auto = option("auto", word("language_auto"));
  auto.dataset.word = "language_auto";
  $("language").replaceChildren(auto, ...voices.languages.map(({ code, name }) => option(code, name)));
  $("language").value = voices.default;
  speakIn(pageLanguage);
  fillVoices();
  mine.update(voices);
}

$("form").addEventListener("submit", (event) => { event.preventDefault(); generate(); });
$("cancel").addEventListener("click", () => running?.abort());
$("text").addEventListener("input", () => { count(); show("text", ""); });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); generate(); }
});
$("example").addEventListener("click", () => {
  const spoken = $("language").value;
  $("text").value = word(spoken === "ru" || spoken === "en" ? `example_${spoken}` : `example_${pageLanguage}`);
  count();
  show("text", "");
  $("text").focus();
});
$("speed").addEventListener("input", showSpeed);
$("language").addEventListener("change", () => { languageTouched = true; show("language", ""); fillVoices(); });
$("file").addEventListener("change", () => {
  const [file] = $("file").files;
  $("file").value = ""; // the same file may be chosen again
  if (file) takePicture(file);
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => choosePageLanguage(button.dataset.language));
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
  else if (files.length) takePicture(files[0]);
});

count();
showSpeed();
begin().catch((problem) => {
  if (!(problem instanceof Problem)) throw problem;
  showProblem(problem);
});
