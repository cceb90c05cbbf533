// @ts-check
// The caption on the stage: the sentence that is being spoken, with the words that were.

import { setText } from "../shared/dom.js";
import { sentenceAt, splitAtTime } from "./caption-words.js";

/** @typedef {import("./protocol.js").Sentence} Sentence */

/**
 * @param {{ caption: HTMLElement, spoken: HTMLElement, rest: HTMLElement }} elements the caption, and its two parts
 * @param {() => number} time seconds of the present answer that were played
 */
export function createCaptions({ caption, spoken, rest }, time) {
  /** @type {Sentence[]} */
  let sentences = [];
  let shown = 0; // number of the answer that is played; 0: none
  let frame = 0;

  function draw() {
    const now = time();
    const sentence = sentenceAt(sentences.filter(({ answer }) => answer === shown), now);
    const [before, after] = sentence ? splitAtTime(sentence, now) : ["", ""];
    setText(spoken, before);
    setText(rest, after);
    caption.hidden = !sentence;
    frame = requestAnimationFrame(draw);
  }

  function hide() {
    cancelAnimationFrame(frame);
    sentences = sentences.filter(({ answer }) => answer > shown);
    shown = 0;
    caption.hidden = true;
  }

  return {
    /** @param {Sentence} sentence */
    add(sentence) { sentences.push(sentence); },
    /**
     * This answer is played from now on.
     *
     * @param {number} answer
     */
    show(answer) {
      cancelAnimationFrame(frame);
      shown = answer;
      draw();
    },
    hide,
    /** The numbers of answers begin again. */
    endSession() {
      if (!shown) sentences = [];
    },
  };
}
