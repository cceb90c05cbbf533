// @ts-check
// Messages with placeholders and plural forms: pure functions, without a page.

import { localesOf } from "./format.js";

/** @typedef {{ [category: string]: string }} Plural Forms by plural category (Unicode CLDR): one, few, many, other. */
/** @typedef {string | Plural} Message A sentence with placeholders such as {name}, or its plural forms. */
/** @typedef {{ [key: string]: Message }} Catalog Messages of one language. */
/** @typedef {{ [name: string]: string | number }} Values Numbers are written as the language writes them. */

/**
 * `message` with its placeholders filled in. The number `n` of `values` selects the plural form. A placeholder without
 * a value stays as it is.
 *
 * @param {Message} message
 * @param {Values} values
 * @param {string} language BCP 47 tag
 */
export function formatMessage(message, values, language) {
  const text = typeof message === "string" ? message : selectPlural(message, values.n, language);
  return text.replace(/\{(\w+)\}/g, (placeholder, name) => {
    const value = values[name];
    if (value === undefined) return placeholder;
    return typeof value === "number" ? value.toLocaleString(localesOf(language)) : value;
  });
}

/**
 * @param {Plural} forms
 * @param {unknown} n
 * @param {string} language
 */
function selectPlural(forms, n, language) {
  const category = typeof n === "number" ? new Intl.PluralRules(language).select(n) : "other";
  return forms[category] ?? forms.other ?? Object.values(forms)[0] ?? "";
}

/**
 * The value for `language`, else the one for English, else any: titles come from the server by language.
 *
 * @param {{ [language: string]: string }} versions
 * @param {string} language
 */
export function pickLanguage(versions, language) {
  return versions[language] ?? versions.en ?? Object.values(versions)[0] ?? "";
}
