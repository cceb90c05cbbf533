// The form: what is typed and chosen, what is wrong with it, and the wish that it makes.

import { facts, number, pageLanguage, word } from "./words.js";

const PICTURE = ["not_a_picture", "broken_picture", "picture_too_large", "file_too_large", "no_face", "face_too_small",
  "face_turned", "mouth_open", "mouth_covered", "unknown_avatar", "not_a_video", "broken_video", "sound_only",
  "video_too_large", "video_too_long", "video_needs_wav2lip"];
const FIELD_OF = {
  empty_text: "text", nothing_to_say: "text", text_too_long: "text", bad_characters: "text",
  unknown_language: "language", unknown_voice: "voice", ...Object.fromEntries(PICTURE.map((code) => [code, "avatar"])),
};
const FIELDS = ["text", "language", "voice", "avatar", "form"];

/** `$` finds an element by its id; `portraits` is what portraitsOf() gave. */
export function fieldsOf($, portraits) {
  let known = { languages: [], voices: [] };
  let languageTouched = false; // whether the person chose in which language is spoken
  let pending = null; // { language, voice } to choose as soon as the server's are known

  function count() {
    const length = [...$("text").value].length; // characters as the server counts them, not UTF-16 halves
    $("counter").textContent = word("characters", { count: number(length), limit: number(facts.max_text) });
    $("counter").classList.toggle("over-limit", length > facts.max_text);
  }

  function showSpeed() {
    $("speed-now").textContent = word("times", { n: number(Number($("speed").value), 2) });
  }

  function show(field, sentence) {
    $(`${field}-problem`).textContent = sentence;
    $(field)?.setAttribute("aria-invalid", sentence !== "");
  }

  /** Say what is wrong beside the field that it is about, and go there unless the person is elsewhere already. */
  function showProblem(problem) {
    const field = FIELD_OF[problem.code] ?? "form";
    show(field, problem.message);
    const target = { text: $("text"), language: $("language"), voice: $("voice"), avatar: $("file") }[field];
    const here = document.activeElement;
    if (!here || here === document.body || here === $("generate") || here.closest("#stage") || here === target) target?.focus();
    $(`${field}-problem`).scrollIntoView({ block: "nearest" });
  }

  const option = (value, label) => Object.assign(document.createElement("option"), { value, textContent: label });

  /** Choose `value` in a list, if it is there. */
  function choose(id, value) {
    if ([...$(id).options].some((one) => one.value === value)) $(id).value = value;
  }

  function fillVoices() {
    const before = $("voice").value;
    const spoken = $("language").value;
    const fitting = known.voices.filter((voice) => spoken === "auto" || voice.languages.includes(spoken));
    const label = (voice) => voice.labels[pageLanguage()] ?? voice.labels.en ?? voice.name;
    $("voice").replaceChildren(option("", word("voice_any")), ...fitting.map((voice) => option(voice.name, label(voice))));
    if (fitting.some((voice) => voice.name === before)) $("voice").value = before;
  }

  function applyPending() {
    if (!pending || known.languages.length === 0) return;
    const { language, voice } = pending;
    pending = null;
    if (language) { languageTouched = true; choose("language", language); }
    fillVoices();
    choose("voice", voice);
  }

  /** What POST api/jobs is sent: { body, headers }, and `identity`, the same for the same wish. */
  function wish() {
    const fields = { text: $("text").value, language: $("language").value, voice: $("voice").value };
    const faster = Number($("speed").value);
    if (faster !== 1) fields.speed = faster;
    const { avatar, file } = portraits.chosen();
    const given = Object.entries({ ...fields, avatar }).filter(([name, value]) => name === "text" || value);
    const json = JSON.stringify(Object.fromEntries(given));
    if (!file) return { body: json, headers: { "Content-Type": "application/json" }, identity: json };
    const form = new FormData();
    for (const [name, value] of given) form.append(name, value);
    form.append("image", file, file.name);
    return { body: form, headers: {}, identity: `${json} ${portraits.chosen().url}` };
  }

  $("text").addEventListener("input", () => { count(); show("text", ""); });
  $("speed").addEventListener("input", showSpeed);
  $("language").addEventListener("change", () => { languageTouched = true; show("language", ""); fillVoices(); });
  $("example").addEventListener("click", () => {
    const spoken = $("language").value;
    $("text").value = word(spoken === "ru" || spoken === "en" ? `example_${spoken}` : `example_${pageLanguage()}`);
    count();
    show("text", "");
    $("text").focus();
  });

  return {
    wish,
    show,
    showProblem,
    clearProblems: () => { for (const field of FIELDS) show(field, ""); },
    /** The server's voices and languages: its answer to GET api/voices. */
    know(voices) {
      const first = known.languages.length === 0;
      known = voices;
      if (first) {
        const auto = option("auto", word("language_auto"));
        auto.dataset.word = "language_auto";
        $("language").replaceChildren(auto, ...known.languages.map(({ code, name }) => option(code, name)));
        $("language").value = known.default;
      }
      fillVoices();
      applyPending();
    },
    /** What is typed and chosen, as plain values; `language` is "" where the person did not choose it. */
    state: () => ({
      text: $("text").value,
      language: pending ? pending.language : languageTouched ? $("language").value : "",
      voice: pending ? pending.voice : $("voice").value,
      speed: $("speed").value,
      voiceName: $("voice-name").value,
    }),
    /** Whether there is nothing to lose. */
    isUntouched: () => !pending && !languageTouched && !$("text").value && !$("voice").value && !$("voice-name").value
      && Number($("speed").value) === 1,
    /** Puts a state() back; what was typed meanwhile stays. */
    restore({ text, language, voice, speed, voiceName }) {
      if (!$("text").value) $("text").value = text ?? "";
      if (!$("voice-name").value) $("voice-name").value = voiceName ?? "";
      if (Number($("speed").value) === 1) $("speed").value = speed ?? 1;
      if (!languageTouched) pending = { language: language ?? "", voice: voice ?? "" };
      applyPending();
      count();
      showSpeed();
    },
    /** As on a page that nobody has touched. */
    reset() {
      pending = null;
      languageTouched = false;
      $("text").value = "";
      $("voice-name").value = "";
      $("speed").value = 1;
      $("language").value = known.default ?? "";
      fillVoices();
      $("voice").value = "";
      for (const field of FIELDS) show(field, "");
      count();
      showSpeed();
    },
    /** The page speaks another language now. */
    say() {
      count();
      showSpeed();
      fillVoices();
    },
  };
}
