// @ts-check
// Markup of moods in a text, such as [happy] or [sad:0.5], as the server reads it (lipsync/text/mood_markup.py).

const MARK = /\[ {0,3}(\p{L}{1,20}) {0,3}(?:: {0,3}(?:\d{1,3}(?:[.,]\d{1,6})?|[.,]\d{1,6}) {0,3})?\] ?/gu;

/**
 * `text` without its marks; other text in brackets stays.
 *
 * @param {string} text
 * @param {string[]} names of the moods, in lower case
 */
export const stripMoods = (text, names) => text.normalize("NFC").replace(
  MARK,
  (mark, name) => (names.includes(name.toLowerCase().replaceAll("\u0451", "\u0435")) ? "" : mark),
);
