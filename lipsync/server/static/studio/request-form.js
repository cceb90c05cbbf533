// @ts-check
// The form: text, language, voice, speed, mood, motion, picture, and the errors beside its fields.

import { config } from "../shared/config.js";
import { byId, createElement, selectIfPresent } from "../shared/dom.js";
import {
  formatNumber, formatPercent, localized, onLanguageChange, pageLanguage, setMessage, translate, translateInto,
} from "../shared/i18n.js";
import { FORM_FIELDS, formFieldOf } from "./field-errors.js";
import { stripMoods } from "./mood-markup.js";
import { createPictureOptions } from "./picture-options.js";
import { buildRequest, countCharacters } from "./request-fields.js";

/** @typedef {{ name: string, languages: string[], labels: { [language: string]: string } }} Voice */
/** @typedef {{ languages: { code: string, name: string }[], voices: Voice[], default?: string }} Voices */

/**
 * @typedef {object} TypedState
 * @property {string} text
 * @property {string} language "" where the user did not choose it
 * @property {string} voice
 * @property {string | number} speed
 * @property {string} mood "" for the server's default
 * @property {string | number} moodStrength
 * @property {string | number | null} motion null for the server's default
 * @property {string} voiceName
 */
/** @typedef {TypedState & import("./request-fields.js").Framing} FormState What is typed and chosen. */

/** @param {import("./portraits.js").Portraits} portraits */
export function createRequestForm(portraits) {
  const text = byId("text", HTMLTextAreaElement);
  const counter = byId("counter", HTMLElement);
  const language = byId("language", HTMLSelectElement);
  const voice = byId("voice", HTMLSelectElement);
  const speed = byId("speed", HTMLInputElement);
  const mood = byId("mood", HTMLSelectElement);
  const moodStrength = byId("mood-strength", HTMLInputElement);
  const motion = byId("motion", HTMLInputElement);
  const defaultMotion = Math.round(10 * config.motion) / 10; // the nearest place of the slider
  const voiceName = byId("voice-name", HTMLInputElement);
  const picture = createPictureOptions({ onImageError: (sentence) => setError("background-image", sentence) });
  const generate = byId("generate", HTMLButtonElement);
  const inputs = {
    text,
    language,
    voice,
    picture: byId("size", HTMLSelectElement),
    "background-image": byId("background-image", HTMLInputElement),
    portrait: byId("file", HTMLInputElement),
    form: null,
  };

  /** @type {Voices} */
  let available = { languages: [], voices: [] };
  let isLanguageChosen = false; // by the user
  /** @type {{ language: string, voice: string } | null} */
  let pending = null; // to be chosen when the server's languages and voices are known

  function showCount() {
    const count = countCharacters(stripMoods(text.value, config.mood_names));
    counter.textContent = translate("character_limit", { count, n: config.max_text });
    counter.classList.toggle("over-limit", count > config.max_text);
  }

  function showSpeed() {
    byId("speed-value", HTMLOutputElement).textContent = translate("speed_value", { n: formatNumber(Number(speed.value), 2) });
  }

  /**
   * Shows the value of a slider beside it and to screen readers, as a percentage.
   *
   * @param {HTMLInputElement} slider
   */
  function showShare(slider) {
    const share = formatPercent(Number(slider.value));
    byId(`${slider.id}-value`, HTMLOutputElement).textContent = share;
    slider.setAttribute("aria-valuetext", share);
  }

  function showExpression() {
    moodStrength.disabled = mood.value === "neutral";
    showShare(moodStrength);
    showShare(motion);
  }

  const isMotionChosen = () => Number(motion.value) !== defaultMotion;
  const isExpressionChosen = () => isMotionChosen() || mood.value !== config.mood || Number(moodStrength.value) !== 1;

  // --- errors

  /**
   * @param {import("./field-errors.js").FormField} field
   * @param {string} sentence "" for none
   */
  function setError(field, sentence) {
    byId(`${field}-error`, HTMLElement).textContent = sentence;
    inputs[field]?.setAttribute("aria-invalid", String(sentence !== ""));
    if ((field === "picture" || field === "background-image") && sentence) picture.open();
  }

  /**
   * Shows an error beside its field, and moves the focus there unless the user is working elsewhere.
   *
   * @param {import("../shared/http.js").ApiError} error
   */
  function showError(error) {
    const field = formFieldOf(error);
    setError(field, error.message);
    const focused = document.activeElement;
    const isIdle = !focused || focused === document.body || focused === generate || focused.closest("#stage");
    if (isIdle) inputs[field]?.focus();
    byId(`${field}-error`, HTMLElement).scrollIntoView({ block: "nearest" });
  }

  const clearErrors = () => { for (const field of FORM_FIELDS) setError(field, ""); };

  // --- languages and voices

  /** Lists the voices that speak the chosen language. */
  function listVoices() {
    const chosen = voice.value;
    const fitting = available.voices.filter(
      ({ languages }) => language.value === "auto" || languages.includes(language.value),
    );
    voice.replaceChildren(
      createElement("option", { value: "", textContent: translate("voice_auto") }),
      ...fitting.map(({ name, labels }) => createElement("option", { value: name, textContent: localized(labels) || name })),
    );
    selectIfPresent(voice, chosen);
  }

  function applyPending() {
    if (!pending || available.languages.length === 0) return;
    const chosen = pending;
    pending = null;
    if (chosen.language) {
      isLanguageChosen = true;
      selectIfPresent(language, chosen.language);
    }
    listVoices();
    selectIfPresent(voice, chosen.voice);
  }

  text.addEventListener("input", () => {
    showCount();
    setError("text", "");
  });
  speed.addEventListener("input", showSpeed);
  for (const control of [mood, moodStrength, motion]) control.addEventListener("input", showExpression);
  language.addEventListener("change", () => {
    isLanguageChosen = true;
    setError("language", "");
    listVoices();
  });
  voice.addEventListener("change", () => setError("voice", ""));
  byId("example", HTMLButtonElement).addEventListener("click", () => {
    text.value = translateInto(language.value === "auto" ? pageLanguage() : language.value, "example_text");
    showCount();
    setError("text", "");
    text.focus();
  });
  onLanguageChange(() => {
    showCount();
    showSpeed();
    showExpression();
    listVoices();
  });
  showCount();
  showSpeed();
  showExpression();

  return {
    setError,
    showError,
    clearErrors,
    text: () => text.value,
    /** The request that the form stands for. Throws ApiError where the picture for the background is missing. */
    request() {
      const { avatar, file, url } = portraits.selected();
      const values = {
        text: text.value,
        language: language.value,
        voice: voice.value,
        speed: Number(speed.value),
        ...(isMotionChosen() && { motion: Number(motion.value) }),
        ...(mood.value !== config.mood && { mood: mood.value }),
        moodStrength: Number(moodStrength.value),
        framing: picture.fields(),
        avatar,
      };
      return buildRequest(values, { image: file ? { file, id: url } : null, background_image: picture.backgroundImage() });
    },
    /** @param {Voices} voices the server's answer to GET api/voices */
    setVoices(voices) {
      const isFirst = available.languages.length === 0;
      available = voices;
      if (isFirst) {
        const auto = createElement("option", { value: "auto" });
        setMessage(auto, "language_auto");
        const others = voices.languages.map(({ code, name }) => createElement("option", { value: code, textContent: name }));
        language.replaceChildren(auto, ...others);
        language.value = voices.default ?? "auto";
      }
      listVoices();
      applyPending();
    },
    /** @param {string} name */
    selectVoice: (name) => selectIfPresent(voice, name),
    /** A portrait was selected: what can be asked of a picture is hidden for a video. */
    portraitSelected() {
      picture.portraitSelected(portraits.selected().isVideo);
      setError("picture", "");
      setError("background-image", "");
    },
    /** @returns {FormState} */
    state: () => ({
      text: text.value,
      language: pending ? pending.language : isLanguageChosen ? language.value : "",
      voice: pending ? pending.voice : voice.value,
      speed: speed.value,
      mood: mood.value === config.mood ? "" : mood.value,
      moodStrength: moodStrength.value,
      motion: isMotionChosen() ? motion.value : null,
      ...picture.state(),
      voiceName: voiceName.value,
    }),
    /** Whether the form holds nothing that could be lost. */
    isUntouched: () => !pending && !isLanguageChosen && !text.value && !voice.value && !voiceName.value
      && Number(speed.value) === 1 && !isExpressionChosen() && !picture.isChosen(),
    /**
     * Restores a state(); what was typed since the page was opened stays.
     *
     * @param {Partial<FormState>} state
     */
    restore(state) {
      text.value ||= state.text ?? "";
      voiceName.value ||= state.voiceName ?? "";
      if (Number(speed.value) === 1) speed.value = String(state.speed ?? 1);
      if (mood.value === config.mood && state.mood) selectIfPresent(mood, state.mood);
      if (Number(moodStrength.value) === 1) moodStrength.value = String(state.moodStrength ?? 1);
      if (!isMotionChosen()) motion.value = String(state.motion ?? defaultMotion);
      if (isExpressionChosen()) byId("expression", HTMLDetailsElement).open = true;
      picture.restore(state);
      if (!isLanguageChosen) pending = { language: state.language ?? "", voice: state.voice ?? "" };
      applyPending();
      showCount();
      showSpeed();
      showExpression();
    },
    /** Empties the form. */
    reset() {
      pending = null;
      isLanguageChosen = false;
      text.value = "";
      voiceName.value = "";
      speed.value = "1";
      mood.value = config.mood;
      moodStrength.value = "1";
      motion.value = String(defaultMotion);
      picture.reset();
      language.value = available.default ?? "auto";
      listVoices();
      voice.value = "";
      clearErrors();
      showCount();
      showSpeed();
      showExpression();
    },
  };
}

/** @typedef {ReturnType<typeof createRequestForm>} RequestForm */
