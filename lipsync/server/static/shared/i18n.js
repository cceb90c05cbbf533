// @ts-check
// The language of the page: its messages, and the switch between languages.

import { config } from "./config.js";
import { byId } from "./dom.js";
import * as format from "./format.js";
import { formatMessage, pickLanguage } from "./messages.js";

let language = config.language;

/** @type {Set<() => void>} */
const listeners = new Set();

/** Code of the page's language. */
export const pageLanguage = () => language;

/** @param {string} key */
export const hasMessage = (key) => key in (config.messages[language] ?? {});

/**
 * The message `key` in the page's language; the key itself where there is none.
 *
 * @param {string} key
 * @param {import("./messages.js").Values} [values]
 */
export const translate = (key, values = {}) => translateInto(language, key, values);

/**
 * The message `key` in `code` where the page has that language, else in the page's own.
 *
 * @param {string} code
 * @param {string} key
 * @param {import("./messages.js").Values} [values]
 */
export function translateInto(code, key, values = {}) {
  const messages = config.messages[code] ?? config.messages[language] ?? {};
  return formatMessage(messages[key] ?? key, values, code in config.messages ? code : language);
}

/** @param {{ [language: string]: string }} versions */
export const localized = (versions) => pickLanguage(versions, language);

/** @type {(value: number, digits?: number) => string} */
export const formatNumber = (value, digits) => format.formatNumber(language, value, digits);
/** @type {(share: number) => string} */
export const formatPercent = (share) => format.formatPercent(language, share);
/** @type {(seconds: number) => string} */
export const formatDuration = (seconds) => format.formatDuration(language, seconds);
/** @type {(seconds: number) => string} */
export const formatSeconds = (seconds) => format.formatSeconds(language, seconds);
/** @type {(bytes: number) => string} */
export const formatBytes = (bytes) => format.formatBytes(language, bytes);
/** @type {(date: Date, options?: { seconds?: boolean }) => string} */
export const formatMoment = (date, options) => format.formatMoment(language, date, options);
/** @type {(code: string) => string} */
export const formatLanguageName = (code) => format.formatLanguageName(language, code);

/**
 * Translates every element below `root` that names a message in data-i18n, data-i18n-label or data-i18n-placeholder.
 *
 * @param {ParentNode} [root]
 */
export function translateElements(root = document) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n]"))) {
    element.textContent = translate(element.dataset.i18n ?? "");
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n-label]"))) {
    element.setAttribute("aria-label", translate(element.dataset.i18nLabel ?? ""));
  }
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-i18n-placeholder]"))) {
    element.setAttribute("placeholder", translate(element.dataset.i18nPlaceholder ?? ""));
  }
}

/**
 * Shows the message `key` in `element`, now and after each change of the language.
 *
 * @param {HTMLElement} element
 * @param {string} key
 */
export function setMessage(element, key) {
  element.dataset.i18n = key;
  element.textContent = translate(key);
}

/**
 * Calls `listener` after each change of the page's language.
 *
 * @param {() => void} listener
 */
export function onLanguageChange(listener) {
  listeners.add(listener);
}

/** @param {string} code */
function changeLanguage(code) {
  language = code;
  document.documentElement.lang = code;
  const path = new URL(".", location.href).pathname;
  document.cookie = `${config.cookie}=${code}; path=${path}; max-age=31536000; samesite=lax`;
  translateElements();
  for (const listener of listeners) listener();
}

/** Connects the list of languages at the top of the page. */
export function connectLanguageMenu() {
  const menu = byId("page-language", HTMLSelectElement);
  menu.value = language; // a browser may restore what was chosen before a reload
  menu.addEventListener("change", () => changeLanguage(menu.value));
}
