// @ts-check
// The events `sentence`, `done` and `interrupted` of <lipsync-avatar>, at the moments of what is heard, and the promises of
// `ask` and `say`. Pure.

import { ApiError } from "../shared/api-error.js";
import { createAnswers } from "./answers.js";
import { createSpokenSentences } from "./spoken-sentences.js";

/** @typedef {import("../talk/protocol.js").ServerMessage} ServerMessage */

/** @param {(type: string, detail: object) => void} emit */
export function createAnswerEvents(emit) {
  const answers = createAnswers();
  const sentences = createSpokenSentences();
  /** @type {Map<number, { text: string, duration_s: number, degraded: string[] }>} */
  const complete = new Map(); // answers that have arrived, by number

  /**
   * Announces the sentences of an answer that have begun.
   *
   * @param {number} answer
   * @param {number} time seconds of the answer
   */
  function advance(answer, time) {
    for (const { index, text, start, end, words = [] } of sentences.take(answer, time)) {
      emit("sentence", { answer, index, text, start, end, words });
    }
  }

  return {
    /** The promise of a question or a text with this id. */
    add: answers.add,
    addSentence: sentences.add,
    advance,
    /** @param {ServerMessage} message */
    take(message) {
      switch (message.type) {
        case "answer": answers.begin(message.answer, message.id); break;
        case "done":
          if (message.answer === undefined) break;
          complete.set(message.answer, { text: message.full_text, duration_s: message.total_duration, degraded: message.degraded ?? [] });
          break;
        case "interrupted": {
          const { answer, heard_text: text, heard_ms, by } = message;
          sentences.clear();
          answers.end({ answer, text, interrupted: true });
          emit("interrupted", { answer, text, heard_ms, by });
          break;
        }
        case "error": answers.refuse(new ApiError(message.error, { code: message.code }), message.answer); break;
      }
    },
    /** @param {number} answer was played to its end */
    finish(answer) {
      advance(answer, Infinity);
      const { text = "", duration_s = 0, degraded = [] } = complete.get(answer) ?? {};
      answers.end({ answer, text, interrupted: false });
      emit("done", { answer, text, duration_s, degraded });
    },
    /**
     * The numbers of answers begin again.
     *
     * @param {string | undefined} kept id of the question that is asked again
     */
    endSession(kept) {
      sentences.clear();
      complete.clear();
      answers.endSession(kept);
    },
    abandon: answers.abandon,
  };
}
