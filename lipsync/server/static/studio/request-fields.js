// @ts-check
// The body of a request for a video, from what the form holds.

/**
 * @typedef {object} Framing Each is "" where the video shows the picture as it is.
 * @property {string} size such as "720x1280"
 * @property {string} frame "face" or "bust"
 * @property {string} background "blur", "picture", "transparent", or a colour "#rrggbb"
 */

/** @typedef {{ file: File, id: string }} Upload A file of the user's own; `id` tells one from another. */

/**
 * @typedef {object} FormValues
 * @property {string} text
 * @property {string} language code, or "auto"
 * @property {string} voice "" for the server's choice
 * @property {number} speed
 * @property {number} [motion] where it is not the server's default
 * @property {string} [mood] where it is not the server's default
 * @property {number} moodStrength 0 to 1
 * @property {Partial<Framing>} [framing]
 * @property {string} [avatar] name
 */

/**
 * The fields that POST api/jobs is sent. Captions are always requested: the player shows or hides them.
 *
 * @param {FormValues} values
 * @returns {{ [field: string]: string | number }}
 */
export function requestFields({ text, language, voice, speed, motion, mood, moodStrength, framing = {}, avatar }) {
  return {
    text,
    ...(language && { language }),
    ...(voice && { voice }),
    ...(speed !== 1 && { speed }),
    ...(motion !== undefined && { motion }),
    ...(mood && { mood }),
    ...(moodStrength !== 1 && { mood_strength: moodStrength }),
    ...(framing.size && { size: framing.size }),
    ...(framing.frame && { frame: framing.frame }),
    ...(framing.background && { background: framing.background }),
    ...(avatar && { avatar }),
    subtitles: "vtt",
  };
}

/**
 * The request as JSON, or as a form where there are files of the user's own.
 *
 * @param {FormValues} values
 * @param {{ [field: string]: Upload | null }} uploads by the field that the file is sent as; null for none
 * @returns {import("./jobs.js").VideoRequest}
 */
export function buildRequest(values, uploads) {
  const fields = requestFields(values);
  const json = JSON.stringify(fields);
  /** @type {[string, Upload][]} */
  const files = Object.entries(uploads).flatMap(([field, upload]) => (upload ? [[field, upload]] : []));
  if (!files.length) return { body: json, headers: { "Content-Type": "application/json" }, identity: json };
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, String(value));
  for (const [field, { file }] of files) form.append(field, file, file.name);
  const ids = files.map(([field, { id }]) => `${field} ${id}`);
  return { body: form, headers: {}, identity: [json, ...ids].join(" ") };
}

/**
 * Characters as the server counts them: code points, not UTF-16 units.
 *
 * @param {string} text
 */
export const countCharacters = (text) => [...text].length;
