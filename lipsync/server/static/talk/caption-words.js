// @ts-check
// Which words of an answer have been spoken at a moment: pure functions over its sentences.

/** @typedef {import("./protocol.js").Sentence} Sentence */

/**
 * The last sentence that has begun at `time`, in seconds of the answer. Undefined before the first one.
 *
 * @param {readonly Sentence[]} sentences
 * @param {number} time
 */
export const sentenceAt = (sentences, time) => sentences.findLast(({ start }) => start <= time);

/**
 * The text of a sentence in two parts: what has been spoken at `time`, with the word that is being spoken, and the
 * rest. Without the times of words all of it counts as spoken.
 *
 * @param {Sentence} sentence
 * @param {number} time seconds of the answer
 * @returns {[spoken: string, rest: string]}
 */
export function splitAtTime({ text, words = [] }, time) {
  if (!words.length) return [text, ""];
  let end = 0;
  for (const [word, start] of words) {
    if (start > time) break;
    const place = text.indexOf(word, end);
    if (place >= 0) end = place + word.length;
  }
  return [text.slice(0, end), text.slice(end)];
}

/**
 * The words that were spoken to their end at `time`.
 *
 * @param {readonly Sentence[]} sentences
 * @param {number} time seconds of the answer
 */
export const heardText = (sentences, time) => sentences
  .flatMap(({ words }) => words ?? [])
  .filter(([, , end]) => end <= time)
  .map(([word]) => word)
  .join(" ");
