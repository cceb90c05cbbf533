// @ts-check
// Executes the state machine (state.js): events of the server, the player and the person go in; messages and playback
// follow.

import { canUseMediaSource } from "../shared/media-source.js";
import { createConnection } from "./connection.js";
import { FILM, MICROPHONE_RATE, SOUND } from "./protocol.js";
import { advance, INITIAL, isConnected, isPlayable } from "./state.js";

/** @typedef {import("./state.js").Talk} Talk */
/** @typedef {import("./state.js").TalkEvent} TalkEvent */
/** @typedef {import("./protocol.js").Sentence} Sentence */
/** @typedef {ReturnType<typeof import("./playback.js").createPlayback>} Playback */
/** @typedef {Extract<import("./protocol.js").ServerMessage, { type: "ready" }>} Ready */

const REFUSED = new Set([401, 403]);
const FORMS = { // of what is exchanged: what this page plays and sends, whoever the persona is
  want: { audio: "pcm16", video: canUseMediaSource ? "fmp4" : "none", blendshapes: "none", motion: false, words: true },
  binary: true,
  input: { rate: MICROPHONE_RATE },
};

/**
 * @typedef {object} ConversationListeners
 * @property {() => object} start fields of the message that begins a session, besides FORMS
 * @property {(talk: Talk) => void} onChange the state has changed
 * @property {(ready: Ready) => void} onReady a session has begun
 * @property {(text: string, isFinal: boolean) => void} onHeard what was heard of the person; "": no words
 * @property {(sentence: Sentence) => void} onSentence of an answer
 * @property {(answer: number, text: string) => void} onCut only this was heard of an answer
 * @property {(sentence: string, code: string) => void} onProblem in words of the server; "": it is over
 * @property {(reason: string) => void} onClosing the server ends the session
 * @property {(message: import("./protocol.js").ServerMessage) => void} [onMessage] each message, before it is acted on
 * @property {() => void} onForgotten the server does not know the conversation that was to be continued
 * @property {() => void} onWrittenOnly WebSockets are refused on the way: questions in writing, answers as sound
 * @property {() => import("./chat-events.js").HistoryMessage[]} history what was said
 * @property {() => string} persona name of who answers
 */

/**
 * @param {import("./connection.js").StreamServer} server
 * @param {Playback} playback
 * @param {ConversationListeners} listeners
 * @param {AbortSignal} [signal] ends the listening to events of the window
 */
export function createConversation(server, playback, listeners, signal) {
  const start = () => ({ ...FORMS, ...listeners.start() });
  const { onChange, onReady, onHeard, onSentence, onCut, onProblem, onClosing, onForgotten, onMessage } = listeners;
  let talk = INITIAL;
  let calmTimer = 0;

  /**
   * @param {number} kind
   * @param {number} answer
   * @param {number} begin
   * @param {Uint8Array} data
   */
  function takeBinary(kind, answer, begin, data) {
    if (!isPlayable(talk, answer)) return;
    if (kind === FILM) playback.addFilm(answer, /** @type {Uint8Array<ArrayBuffer>} */ (data));
    else if (kind === SOUND) playback.addSound(answer, begin, data);
  }

  /** @type {import("./connection.js").Transport} */
  let transport = createConnection(server, {
    start,
    onMessage: take,
    onBinary: takeBinary,
    onLost(error) {
      if (error) onProblem(error.message, error.code);
      if (error && REFUSED.has(error.status)) dispatch({ type: "ending" }); // to try again would change nothing
      dispatch({ type: "lost" });
    },
    onBlocked() {
      const { history, persona } = listeners;
      const written = server.createWrittenTransport({ onMessage: take, onBinary: takeBinary, history, persona });
      if (!written) {
        dispatch({ type: "lost" });
        return;
      }
      transport = written;
      listeners.onWrittenOnly();
      transport.open(0);
    },
  });

  /** @param {TalkEvent} event */
  function dispatch(event) {
    const { talk: next, actions } = advance(talk, event);
    const hasChanged = next !== talk;
    talk = next;
    for (const action of actions) execute(action);
    if (hasChanged) onChange(talk);
  }

  /** @param {import("./state.js").Action} action */
  function execute(action) {
    switch (action.type) {
      case "open": transport.open(action.delay_ms); break;
      case "ask": transport.send(messageOf(action.question)); break;
      case "send": transport.send(action.message === "interrupt" ? { type: "interrupt", played_ms: playedMs() } : { type: action.message }); break;
      case "stop": playback.stop(); break;
      case "finish": playback.finish(); break;
      case "calm-later":
        clearTimeout(calmTimer);
        calmTimer = window.setTimeout(() => dispatch({ type: "calm" }), action.delay_ms);
        break;
    }
  }

  const playedMs = () => Math.round(playback.time() * 1000);

  /** @param {import("./protocol.js").ServerMessage} message */
  function take(message) {
    onMessage?.(message);
    switch (message.type) {
      case "ready":
        onProblem("", "");
        onReady(message);
        dispatch({ type: "ready" });
        break;
      case "state": dispatch({ type: "server-state", state: message.state }); break;
      case "transcript":
        onHeard(message.text, message.final);
        // The server that heard no voice at all has no other state to tell.
        if (message.final && !message.text && !talk.question) dispatch({ type: "refused" });
        break;
      case "answer": dispatch({ type: "answer", answer: message.answer }); break;
      case "video": if (isPlayable(talk, message.answer)) playback.setFilm(message.answer, message.mime); break;
      case "sentence": if (isPlayable(talk, message.answer)) onSentence(message); break;
      case "volume": if (isPlayable(talk, message.answer)) playback.setVolume(message.volume); break;
      case "interrupted":
        onCut(message.answer, message.heard_text);
        dispatch({ type: "interrupted", answer: message.answer });
        break;
      case "done": if (message.answer !== undefined) playback.complete(message.answer, message.total_duration); break;
      case "error":
        if (message.code === "conversation_unknown" && !isConnected(talk)) { // deleted meanwhile: a new one begins
          onForgotten();
          transport.send({ type: "start", ...start() });
          break;
        }
        onProblem(message.error, message.code);
        dispatch({ type: "refused" });
        break;
      case "closing":
        if (message.reason === "idle") dispatch({ type: "ending" }); // nobody has spoken for long
        onClosing(message.reason);
        break;
    }
  }

  addEventListener("offline", () => { // the socket would notice much later
    if (!isConnected(talk)) return;
    transport.close();
    dispatch({ type: "lost" });
  }, { signal });
  addEventListener("online", () => { if (talk.phase === "lost") dispatch({ type: "connect" }); }, { signal });
  addEventListener("pagehide", () => transport.close(), { signal });

  return {
    dispatch,
    state: () => talk,
    /** @param {Int16Array} samples */
    sendSound: (samples) => transport.sendSound(samples),
    /**
     * @param {number} answer
     * @param {number} ms
     */
    reportPlayed(answer, ms) {
      if (isConnected(talk) && answer === talk.answer) transport.send({ type: "played", answer, ms });
    },
    /** Changes the present session by the fields of `start`. */
    changeSession() { if (isConnected(talk)) transport.send({ type: "start", ...start() }); },
    /** Ends the session; the next one begins with other fields of `start`. */
    end() {
      playback.stop();
      transport.close();
      talk = INITIAL;
      onChange(talk);
    },
  };
}

/** @param {import("./state.js").Question} question */
const messageOf = ({ id, text, isVerbatim }) => (isVerbatim ? { type: "say", text, id } : { type: "chat", message: text, id });
