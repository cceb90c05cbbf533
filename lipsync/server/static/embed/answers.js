// @ts-check
// The promises of `ask` and `say`: which answer belongs to which call, and how it ended. Pure.

/** @typedef {{ answer: number, text: string, interrupted: boolean }} Answer `text`: what was said, or heard of it. */

/**
 * @typedef {object} Call A call of `ask` or `say` whose answer has not ended.
 * @property {(answer: Answer) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {number} answer its number; 0: it has none yet
 */

export function createAnswers() {
  /** @type {Map<string, Call>} */
  const calls = new Map(); // by id, the oldest first

  /**
   * @param {string} id
   * @param {string} text
   */
  function interrupt(id, text = "") {
    const call = calls.get(id);
    calls.delete(id);
    call?.resolve({ answer: call.answer, text, interrupted: true });
  }

  /** @param {(call: Call) => boolean} isMeant */
  const idsOf = (isMeant) => [...calls].filter(([, call]) => isMeant(call)).map(([id]) => id);

  return {
    /**
     * The promise of a call, which takes the place of all that were not answered yet.
     *
     * @param {string} id
     * @returns {Promise<Answer>}
     */
    add(id) {
      for (const earlier of idsOf(({ answer }) => answer === 0)) interrupt(earlier);
      const promise = new Promise((resolve, reject) => { calls.set(id, { resolve, reject, answer: 0 }); });
      promise.catch(() => {}); // a caller may ignore it: the event "error" is enough
      return promise;
    },
    /**
     * An answer begins, which ends those before.
     *
     * @param {number} answer
     * @param {string} [id] of the call
     */
    begin(answer, id) {
      const call = id === undefined ? undefined : calls.get(id);
      if (!call) return;
      for (const earlier of idsOf((other) => other !== call)) interrupt(earlier);
      call.answer = answer;
    },
    /**
     * An answer was played to its end, or interrupted.
     *
     * @param {Answer} ended
     */
    end(ended) {
      for (const id of idsOf(({ answer }) => answer === ended.answer)) {
        calls.get(id)?.resolve(ended);
        calls.delete(id);
      }
    },
    /**
     * The server refuses the answer of this number, or what was asked last.
     *
     * @param {Error} error
     * @param {number} [number]
     */
    refuse(error, number) {
      const meant = idsOf(({ answer }) => answer === number);
      for (const id of meant.length ? meant : idsOf(({ answer }) => answer === 0)) {
        calls.get(id)?.reject(error);
        calls.delete(id);
      }
    },
    /**
     * The numbers of answers begin again.
     *
     * @param {string | undefined} kept id of the call that is made again
     */
    endSession(kept) {
      for (const [id, call] of calls) {
        if (id === kept) call.answer = 0;
        else interrupt(id);
      }
    },
    /** @param {Error} error none of them will be answered */
    abandon(error) {
      for (const call of calls.values()) call.reject(error);
      calls.clear();
    },
  };
}
