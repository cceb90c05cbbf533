// @ts-check
// What the server told the page in the HTML: settings, languages and messages.

/** @typedef {{ types: string[], endings: string[] }} FileKinds Media types and file name endings. */

/**
 * @typedef {object} PageConfig
 * @property {string} language code of the language in which the page was sent
 * @property {string} cookie name of the cookie that remembers the language
 * @property {{ [language: string]: import("./messages.js").Catalog }} messages
 * @property {number} max_text characters
 * @property {string} mood the server's default, or "auto"
 * @property {number} motion the server's default, 0 to 1.5
 * @property {string[]} mood_names in markup
 * @property {number} max_upload_mb
 * @property {FileKinds} pictures
 * @property {FileKinds} videos
 */

/** @type {PageConfig} */
export const config = JSON.parse(document.getElementById("page-config")?.textContent ?? "{}");
