// @ts-check
// What was said in the conversation: a list of utterances, the last of which may still change.

import { createElement, setText } from "../shared/dom.js";

/** @typedef {"user" | "assistant"} Role */
/** @typedef {{ role: Role, text: string, isOpen: boolean, item: HTMLElement }} Utterance `isOpen`: it may still change. */

/** @typedef {{ role: Role, text: string, interrupted: boolean }} StoredUtterance */

/**
 * @param {{ list: HTMLElement, empty: HTMLElement }} elements of which `empty` is shown while nothing was said
 * @param {(role: Role) => string} speaker name of who speaks
 * @param {() => string | undefined} answerLanguage code of the language of answers
 */
export function createTranscript({ list, empty }, speaker, answerLanguage) {
  /** @type {Utterance[]} */
  let utterances = [];
  /** @type {Map<number, Utterance>} */
  const answers = new Map(); // by number of the answer

  /**
   * @param {Role} role
   * @param {string} text
   */
  function add(role, text, isOpen = false) {
    const language = role === "assistant" && answerLanguage();
    const item = createElement(
      "li", { className: role },
      createElement("span", { className: "speaker", textContent: speaker(role) }),
      createElement("span", { className: "said", textContent: text, ...(language && { lang: language }) }),
    );
    const utterance = { role, text, isOpen, item };
    utterances.push(utterance);
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(item);
    if (isAtEnd) list.scrollTop = list.scrollHeight;
    empty.hidden = true;
    return utterance;
  }

  /**
   * @param {Utterance} utterance
   * @param {string} text
   */
  function setUtterance(utterance, text) {
    utterance.text = text;
    const said = utterance.item.querySelector(".said");
    if (said) setText(said, text);
    list.scrollTop = list.scrollHeight;
  }

  /** @param {Utterance} utterance */
  function remove(utterance) {
    utterance.item.remove();
    utterances = utterances.filter((one) => one !== utterance);
    empty.hidden = utterances.length > 0;
  }

  return {
    isEmpty: () => utterances.length === 0,
    /** Everything that was said, the oldest first. */
    messages: () => utterances.map(({ role, text }) => ({ role, content: text.replace(/ …$/, "") })),
    /** @param {string} text of a question in writing */
    addQuestion(text) {
      add("user", text);
    },
    /**
     * What was heard of the person. A later version replaces the one before as long as no answer has begun.
     *
     * @param {string} text empty: no words were heard
     */
    setHeard(text) {
      const last = utterances.at(-1);
      const open = last?.role === "user" && last.isOpen ? last : null;
      if (!text) {
        if (open) remove(open);
      } else if (open) setUtterance(open, text);
      else add("user", text, true);
    },
    /**
     * A sentence of an answer.
     *
     * @param {import("./protocol.js").Sentence} sentence
     */
    addSentence({ answer, text }) {
      const utterance = answers.get(answer);
      if (utterance) setUtterance(utterance, `${utterance.text} ${text}`);
      else {
        for (const one of utterances) one.isOpen = false;
        answers.set(answer, add("assistant", text));
      }
    },
    /**
     * Only this was heard of an answer.
     *
     * @param {number} answer
     * @param {string} text
     */
    cut(answer, text) {
      const utterance = answers.get(answer);
      if (!utterance) return;
      if (text) setUtterance(utterance, `${text} …`);
      else remove(utterance);
    },
    /** The numbers of answers begin again. */
    endSession() {
      answers.clear();
    },
    /** The names of the speakers have changed. */
    renameSpeakers() {
      for (const { role, item } of utterances) {
        const name = item.querySelector(".speaker");
        if (name) setText(name, speaker(role));
      }
    },
    /** @param {StoredUtterance[]} stored */
    replace(stored) {
      answers.clear();
      utterances = [];
      list.replaceChildren();
      for (const { role, text, interrupted } of stored) add(role, interrupted ? `${text} …` : text);
      empty.hidden = utterances.length > 0;
      list.scrollTop = list.scrollHeight;
    },
  };
}
