// @ts-check
// Sentences arrive before they are heard: here they wait for their time. Pure.

/** @typedef {import("../talk/protocol.js").Sentence} Sentence */

export function createSpokenSentences() {
  /** @type {Sentence[]} */
  let waiting = [];

  return {
    /** @param {Sentence} sentence */
    add(sentence) { waiting.push(sentence); },
    /**
     * The sentences of this answer that have begun at `time`; each is returned once.
     *
     * @param {number} answer
     * @param {number} time seconds of the answer; Infinity: it has ended
     */
    take(answer, time) {
      const isDue = (/** @type {Sentence} */ sentence) => sentence.answer === answer && sentence.start <= time;
      const due = waiting.filter(isDue);
      waiting = waiting.filter((sentence) => !isDue(sentence));
      return due;
    },
    /** Forgets all of them. */
    clear() { waiting = []; },
  };
}
