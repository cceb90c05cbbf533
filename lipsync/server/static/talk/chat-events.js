// @ts-check
// A conversation without a WebSocket, where a proxy refuses those: each written question is a request, and its answer
// comes as server-sent events with sound.

import { ApiError, catchApiError, request } from "../shared/http.js";
import { translate } from "../shared/i18n.js";
import { heardText } from "./caption-words.js";
import { createEventParser } from "./event-stream.js";
import { SOUND } from "./protocol.js";

const MAX_HISTORY = 40; // messages that are sent with a question

/** @typedef {{ role: "user" | "assistant", content: string }} HistoryMessage */

/**
 * Speaks to its listeners as the server does through a WebSocket. `history()` is what was said, the question included;
 * `persona()` the name of who answers.
 *
 * @param {Pick<import("./connection.js").TransportListeners, "onMessage" | "onBinary">
 *   & { history: () => HistoryMessage[], persona: () => string }} options
 * @returns {import("./connection.js").Transport}
 */
export function createChatEvents({ onMessage, onBinary, history, persona }) {
  let answers = 0;
  let controller = new AbortController();
  /** @type {import("./protocol.js").Sentence[]} */
  let sentences = []; // of the last answer

  function close() {
    controller.abort();
    controller = new AbortController();
  }

  /**
   * @param {string} question
   * @param {AbortSignal} signal
   */
  async function ask(question, signal) {
    answers += 1;
    const answer = answers;
    sentences = [];
    onMessage({ type: "state", state: "thinking" });
    const said = history();
    const before = said.at(-1)?.content === question ? said.slice(0, -1) : said;
    const response = await request("api/v1/chat?stream=1", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message: question, persona: persona(), conversation_history: before.slice(-MAX_HISTORY) }),
      signal,
    });
    onMessage({ type: "answer", answer });
    const parse = createEventParser((data) => {
      const message = JSON.parse(data);
      if (message.type === "frame" && message.audio_chunk) {
        onBinary(SOUND, answer, message.timestamp, Uint8Array.from(atob(message.audio_chunk), (one) => one.charCodeAt(0)));
        return;
      }
      if (message.type === "sentence") sentences.push({ ...message, answer });
      if (message.type !== "frame") onMessage({ ...message, answer });
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) parse(part.value);
    onMessage({ type: "state", state: "listening" });
  }

  /** @param {string} question */
  function send(question) {
    close();
    const { signal } = controller;
    catchApiError(() => ask(question, signal), showError).catch((error) => {
      if (signal.aborted) return;
      if (!(error instanceof TypeError)) throw error; // a stream that broke off
      showError(new ApiError(translate("network_error"), { code: "network_error" }));
    });
  }

  /** @param {number} playedMs of the last answer */
  function interrupt(playedMs) {
    close();
    onMessage({
      type: "interrupted", answer: answers, heard_text: heardText(sentences, playedMs / 1000), heard_ms: playedMs, by: "message",
    });
    onMessage({ type: "state", state: "listening" });
  }

  /** @param {ApiError} error */
  function showError({ message, code }) {
    onMessage({ type: "error", code, error: message, fatal: false });
    onMessage({ type: "state", state: "listening" });
  }

  return {
    open() {
      onMessage({
        type: "ready", session: "", conversation: "", persona: persona(), language: document.documentElement.lang,
        notice: translate("notice"), limits: { turn_s: 0, idle_s: 0 },
      });
    },
    close,
    send(message) {
      const { type, message: question, played_ms: playedMs } = /** @type {{ [field: string]: unknown }} */ (message);
      if (type === "chat") send(String(question));
      else if (type === "interrupt") interrupt(Number(playedMs));
    },
    sendSound() {},
  };
}
