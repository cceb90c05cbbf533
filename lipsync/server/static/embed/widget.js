// @ts-check
// What stands in the shadow tree of <lipsync-avatar>: the conversation of the page /talk in the elements of view.js.

import { ApiError } from "../shared/api-error.js";
import { setText } from "../shared/dom.js";
import { formatMessage } from "../shared/messages.js";
import { createCaptions } from "../talk/captions.js";
import { createConversation } from "../talk/conversation.js";
import { createPlayback } from "../talk/playback.js";
import { createPortrait } from "../talk/portrait.js";
import { canInterrupt, isConnected } from "../talk/state.js";
import { createTranscript } from "../talk/transcript.js";
import { createAnswerEvents } from "./answer-events.js";
import { messages } from "./messages.js";
import { pickLanguage } from "./options.js";
import { createPushToTalk } from "./push-to-talk.js";
import { createServer } from "./server.js";
import { createTurns } from "./turns.js";
import { createView } from "./view.js";

const SENTENCE_CHECK_MS = 50;

/** @typedef {ReturnType<typeof createWidget>} Widget */

/**
 * @typedef {object} WidgetOptions
 * @property {string} base address of the server, with a slash at its end
 * @property {string} persona "": the server's default one
 * @property {string} language of the words on the element and of the person's voice; "": of the page, of the persona
 * @property {string} pageLanguage
 * @property {string} poster address of a picture; "": the persona's
 * @property {() => { ticket: string, ticketUrl: string }} tickets attributes as they are now
 * @property {(type: string, detail: object) => void} emit dispatches an event of the element
 */

/**
 * @param {ShadowRoot} root
 * @param {WidgetOptions} options
 */
export function createWidget(root, { base, persona: personaName, language, pageLanguage, poster, tickets, emit }) {
  const messageLanguage = pickLanguage([language, pageLanguage, ...navigator.languages], Object.keys(messages));
  /** @type {import("./view.js").Translate} */
  const translate = (key, values = {}) => formatMessage(messages[messageLanguage]?.[key] ?? key, values, messageLanguage);

  const view = createView(translate);
  view.container.lang = messageLanguage;
  root.replaceChildren(view.container);

  const server = createServer({
    base, language: messageLanguage, translate, attributes: () => ({ persona: personaName, ...tickets() }), onBlocked: fail,
  });
  /** @type {import("./server.js").Persona | null} */
  let persona = null;
  /** @type {string | null} */
  let conversationId = null;
  let questions = 0;
  let phase = "";
  let sessionLanguage = "";
  let isOver = false;
  /** @type {ApiError | null} */
  let problem = null; // since the last attempt to connect

  const removal = new AbortController();
  const portrait = createPortrait(view.stage, {
    base, pictureOf: (persona) => poster || server.pictureOf(persona), isEager: false, signal: removal.signal,
  });
  const answers = createAnswerEvents(emit);

  const playback = createPlayback(portrait.films, {
    onPlaying(answer, film) {
      portrait.showFilm(film); // first: the loop stays as it is
      conversation.dispatch({ type: "playing", answer });
      captions.show(answer);
    },
    onEnded(answer) {
      rest();
      conversation.dispatch({ type: "played", answer });
      answers.finish(answer);
    },
    onPlayed: (answer, ms) => conversation.reportPlayed(answer, ms),
    onRefused() {
      render();
      fail(new ApiError(translate("play_refused"), { code: "play_refused" }));
    },
  });
  const captions = createCaptions(view, playback.time);
  const transcript = createTranscript({ list: view.list, empty: document.createElement("p") },
    (role) => (role === "user" ? translate("you") : persona?.title ?? translate("portrait")), () => sessionLanguage || undefined);
  const timer = window.setInterval(() => {
    const talk = conversation.state();
    if (talk.phase === "speaking") answers.advance(talk.answer, playback.time());
  }, SENTENCE_CHECK_MS);

  const conversation = createConversation(server, playback, {
    start: () => ({
      persona: personaName || undefined,
      language: language || undefined,
      conversation: conversationId && !transcript.isEmpty() ? conversationId : undefined,
      greeting: transcript.isEmpty() && !isConnected(conversation.state()) && conversation.state().question === null && !pushToTalk.isOn(),
      turn: { mode: "manual" },
    }),
    onChange: render,
    onReady(ready) {
      conversationId = ready.conversation;
      sessionLanguage = ready.language;
      problem = null;
      transcript.endSession();
      captions.endSession();
      answers.endSession(conversation.state().question?.id);
      setText(view.disclosure, ready.notice);
      view.disclosure.lang = ready.language;
      pushToTalk.setMaxTurn(ready.limits.turn_s);
      emit("ready", { persona: ready.persona, language: ready.language, conversation: ready.conversation, notice: ready.notice });
    },
    onHeard(text, isFinal) {
      transcript.setHeard(text);
      setText(view.remark, text || !isFinal ? "" : translate("nothing_heard"));
      showLog();
      emit("transcript", { text, final: isFinal });
      if (isFinal) turns.heard(text);
    },
    onSentence(sentence) {
      transcript.addSentence(sentence);
      captions.add(sentence);
      answers.addSentence(sentence);
      showLog();
    },
    onCut: transcript.cut,
    onProblem(sentence, code) {
      if (sentence) fail(new ApiError(sentence, { code }));
      else setText(view.problem, "");
    },
    onForgotten() { conversationId = null; },
    onWrittenOnly() {},
    history: transcript.messages,
    persona: () => personaName,
    onClosing(reason) { if (reason === "idle") setText(view.remark, translate("paused")); },
    onMessage(message) {
      const hasBegun = isConnected(conversation.state());
      if (message.type === "error" && message.code === "conversation_unknown" && !hasBegun) return; // a new one begins
      answers.take(message);
      // What the session was begun with is wrong: to wait would change nothing.
      if (message.type === "error" && !hasBegun) queueMicrotask(() => conversation.end());
    },
  }, removal.signal);

  const pushToTalk = createPushToTalk(view, conversation, translate, {
    onBegin: connect,
    onHeld: () => turns.held(),
    onProblem: (key) => fail(new ApiError(translate(key), { code: key })),
  });
  const turns = createTurns();

  // --- what is shown

  /** The portrait is at rest: nothing is played. */
  function rest() {
    if (view.still.naturalWidth) portrait.showFilm(null); // without a picture the last film stays
    captions.hide();
  }

  function showLog() {
    view.log.hidden = transcript.isEmpty();
    view.log.scrollTop = view.log.scrollHeight;
  }

  function render() {
    if (isOver) return;
    const talk = conversation.state();
    view.container.dataset.phase = talk.phase;
    setText(view.phase, translate(`phase_${talk.phase}`));
    view.begin.hidden = talk.phase !== "idle" && !playback.isRefused();
    view.interrupt.hidden = !canInterrupt(talk);
    if (talk.phase !== "speaking") rest();
    if (talk.phase !== "listening" && talk.phase !== "idle") setText(view.remark, "");
    setText(view.begin, translate(transcript.isEmpty() ? "begin" : "continue_talking"));
    portrait.setPhase(talk.phase);
    pushToTalk.update();
    if (phase !== talk.phase) {
      if (phase === "interrupted" && talk.phase === "listening") answers.endSession(undefined); // nobody answers those
      phase = talk.phase;
      emit("state", { state: phase });
      if (phase === "idle") answers.abandon(problem ?? new ApiError(translate("phase_idle"), { code: "not_connected" }));
    }
  }

  /**
   * The same problem is told once, however often it is met while the connection is tried again.
   *
   * @param {ApiError} error
   */
  function fail(error) {
    if (isOver) return;
    setText(view.problem, error.message);
    turns.failed(error);
    const isKnown = problem?.code === error.code && problem.message === error.message;
    problem = error;
    if (!isKnown) emit("error", { code: error.code, message: error.message });
  }

  // --- what the person and the page do

  /** Browsers permit sound after a press; without one they would only complain. */
  function unlock() {
    if (navigator.userActivation?.isActive ?? true) playback.unlock();
  }

  function connect() {
    unlock();
    problem = null;
    conversation.dispatch({ type: "connect" });
  }

  /**
   * @param {string} text
   * @param {boolean} isVerbatim
   */
  function send(text, isVerbatim) {
    unlock();
    questions += 1;
    const id = `q${questions}`;
    const answer = answers.add(id);
    if (!isVerbatim) {
      transcript.addQuestion(text);
      showLog();
    }
    conversation.dispatch({ type: "ask", question: { id, text, isVerbatim } });
    return answer;
  }

  function interrupt() {
    conversation.dispatch({ type: "interrupt" });
  }

  view.form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = view.question.value.trim();
    if (!text) return;
    view.question.value = "";
    send(text, false);
  });
  view.begin.addEventListener("click", () => {
    if (playback.isRefused()) {
      playback.unlock();
      playback.resume();
      render();
    } else connect();
    (view.talk.hidden ? view.question : view.talk).focus();
  });
  view.interrupt.addEventListener("click", interrupt);
  view.stage.addEventListener("click", (event) => { if (event.target !== view.begin) interrupt(); });
  view.container.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !pushToTalk.cancel()) interrupt();
  });

  async function showPersona() {
    if (poster) view.still.src = poster;
    try {
      persona = await server.findPersona(personaName);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      console.info(`<lipsync-avatar>: the persona is not shown before the conversation: ${error.message}`);
    }
    if (isOver || !persona) return;
    view.container.setAttribute("aria-label", persona.title);
    transcript.renameSpeakers();
    portrait.show(persona);
  }

  render();
  showPersona();

  return {
    connect,
    interrupt,
    fail,
    /** @param {string} text */
    ask: (text) => send(text, false),
    /** @param {string} text */
    say: (text) => send(text, true),
    /** Begins a turn of the person; the promise is fulfilled when they are heard. */
    listen() {
      const held = turns.begin();
      if (conversation.state().isHeld) turns.held();
      else if (!pushToTalk.isOn()) pushToTalk.toggle();
      return held;
    },
    /** Ends the turn; the promise is fulfilled with what was heard, "" where there were no words. */
    stopListening() {
      if (!conversation.state().isHeld) {
        pushToTalk.cancel();
        return Promise.resolve("");
      }
      const heard = turns.end();
      pushToTalk.toggle();
      return heard;
    },
    /** @param {boolean} isMuted */
    setMuted: (isMuted) => playback.setMuted(isMuted),
    /** @param {boolean} isShown */
    setMicrophone(isShown) { view.talk.hidden = !isShown; },
    destroy() {
      isOver = true;
      removal.abort();
      clearInterval(timer);
      pushToTalk.destroy();
      conversation.end();
      captions.hide();
      playback.destroy();
      portrait.destroy();
      const error = new DOMException("the element was removed", "AbortError");
      answers.abandon(error);
      turns.failed(error);
      root.replaceChildren();
    },
  };
}
