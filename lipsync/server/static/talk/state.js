// @ts-check
// What the conversation does now, and what follows from an event: pure, without a page or a connection.

/**
 * @typedef {"idle" | "connecting" | "listening" | "hearing" | "thinking" | "speaking" | "interrupted" | "lost"} Phase
 * idle: not connected, until the person begins. listening: connected, and nobody speaks. interrupted: the answer was
 * stopped a moment ago. lost: the connection will be opened again.
 */

/**
 * @typedef {object} Talk
 * @property {Phase} phase
 * @property {Phase} server what the server said last of its own state; "listening" for its "idle"
 * @property {number} answer number of the answer that is received or played; 0: none
 * @property {number} stopped answers up to this number are not played
 * @property {boolean} isHeld the button to talk is held: the person speaks, whatever the server hears
 * @property {boolean} isEnding the connection is not opened again after its end, until the person wants it
 * @property {number} attempts to connect since the connection was lost
 * @property {Question | null} question that was asked and whose answer is not heard yet
 */

/** @typedef {{ id: string, text: string, isVerbatim?: boolean }} Question `isVerbatim`: it is not answered but spoken. */

/**
 * @typedef {{ type: "connect" }
 *   | { type: "ready" }
 *   | { type: "server-state", state: string }
 *   | { type: "ask", question: Question }
 *   | { type: "hold" } | { type: "release" } | { type: "forget" }
 *   | { type: "answer", answer: number }
 *   | { type: "playing", answer: number }
 *   | { type: "played", answer: number }
 *   | { type: "interrupt" }
 *   | { type: "interrupted", answer: number }
 *   | { type: "refused" }
 *   | { type: "calm" }
 *   | { type: "ending" }
 *   | { type: "lost" }} TalkEvent
 * ready: a session has begun, or has changed. connect: the person begins, or waiting before the next attempt is over. hold, release: of the button to talk; forget:
 * it was released without a word. playing, played: of an answer, in the player. interrupt: by the person, on the page;
 * interrupted: by the server. refused: the question gets no answer. calm: "interrupted" was shown long enough. ending:
 * the connection will be closed for a reason that opening it again would not mend.
 */

/**
 * @typedef {{ type: "open", delay_ms: number }
 *   | { type: "ask", question: Question }
 *   | { type: "send", message: "interrupt" | "commit" | "clear" }
 *   | { type: "stop" }
 *   | { type: "finish" }
 *   | { type: "calm-later", delay_ms: number }} Action
 * open: a connection. stop: playback, at once. finish: playback after what has arrived.
 */

/** @type {Talk} */
export const INITIAL = { phase: "idle", server: "listening", answer: 0, stopped: 0, isHeld: false, isEnding: false, attempts: 0, question: null };

const RETRY_MS = [250, 1000, 2000, 4000, 8000]; // before each attempt; the last for all further ones
const CALM_MS = 1200; // for which "interrupted" is shown
/** @type {ReadonlySet<Phase>} */
const OFFLINE = new Set(/** @type {Phase[]} */ (["idle", "connecting", "lost"]));
/** @type {ReadonlySet<Phase>} */
const ANSWERING = new Set(/** @type {Phase[]} */ (["thinking", "speaking"]));

/** Whether messages can be sent. */
export const isConnected = (/** @type {Talk} */ talk) => !OFFLINE.has(talk.phase);

/** Whether there is an answer to interrupt. */
export const canInterrupt = (/** @type {Talk} */ talk) => ANSWERING.has(talk.phase);

/** Whether the answer of this number is to be played: none while the person holds the button. */
export const isPlayable = (/** @type {Talk} */ talk, /** @type {number} */ answer) => !talk.isHeld && answer > talk.stopped;

/**
 * The next state, and what is to be done, in order.
 *
 * @param {Talk} talk
 * @param {TalkEvent} event
 * @returns {{ talk: Talk, actions: Action[] }}
 */
export function advance(talk, event) {
  const stay = { talk, actions: /** @type {Action[]} */ ([]) };
  switch (event.type) {
    case "connect":
      if (talk.phase !== "idle" && talk.phase !== "lost") return stay;
      return { talk: { ...talk, phase: "connecting" }, actions: [{ type: "open", delay_ms: 0 }] };
    case "ready":
      return isConnected(talk) ? stay : beginSession(talk);
    case "server-state":
      return followServer(talk, event.state);
    case "ask":
      return ask(talk, event.question);
    case "hold":
      if (!isConnected(talk)) return stay;
      return {
        talk: { ...stopAnswer(talk), phase: "hearing", isHeld: true, question: null },
        actions: canInterrupt(talk) ? [{ type: "send", message: "interrupt" }, { type: "stop" }] : [],
      };
    case "release":
      if (!talk.isHeld) return stay;
      return { talk: { ...talk, phase: "thinking", isHeld: false }, actions: [{ type: "send", message: "commit" }] };
    case "forget":
      if (!talk.isHeld) return stay;
      return { talk: { ...talk, phase: "listening", isHeld: false }, actions: [{ type: "send", message: "clear" }] };
    case "answer":
      if (!isConnected(talk) || event.answer <= talk.stopped) return stay; // also while the button is held: it may follow
      return { ...stay, talk: { ...talk, answer: event.answer } };
    case "playing":
      if (!isConnected(talk) || !isPlayable(talk, event.answer)) return stay;
      return { ...stay, talk: { ...talk, phase: "speaking", answer: event.answer, question: null } };
    case "played":
      if (!canInterrupt(talk) || event.answer !== talk.answer) return stay;
      return { ...stay, talk: { ...talk, phase: quiet(talk.server) } };
    case "interrupt":
      if (!canInterrupt(talk)) return stay;
      return interrupted(talk, [{ type: "send", message: "interrupt" }, { type: "stop" }]);
    case "interrupted":
      if (!isConnected(talk) || talk.isHeld || event.answer <= talk.stopped) return stay;
      return interrupted({ ...talk, answer: Math.max(talk.answer, event.answer) }, [{ type: "stop" }]);
    case "refused":
      if (talk.phase !== "thinking") return { ...stay, talk: { ...talk, question: null } };
      return { ...stay, talk: { ...talk, phase: "listening", question: null } };
    case "calm":
      return talk.phase === "interrupted" ? { ...stay, talk: { ...talk, phase: quiet(talk.server) } } : stay;
    case "lost":
      return lose(talk);
    case "ending":
      return { ...stay, talk: { ...talk, isEnding: true } };
  }
}

/**
 * A new session numbers its answers from 1 again. A question that nobody has heard answered is asked again.
 *
 * @param {Talk} talk
 */
function beginSession(talk) {
  const { question } = talk;
  /** @type {Talk} */
  const fresh = { ...INITIAL, phase: question ? "thinking" : "listening", question };
  return { talk: fresh, actions: /** @type {Action[]} */ (question ? [{ type: "ask", question }] : []) };
}

/**
 * @param {Talk} talk
 * @param {string} state
 */
function followServer(talk, state) {
  const server = /** @type {Phase} */ (state === "idle" ? "listening" : state);
  const next = { ...talk, server };
  const actions = /** @type {Action[]} */ ([]);
  // What is played ends when the player says so; only the player begins "speaking".
  if (!isConnected(talk) || talk.isHeld || talk.phase === "speaking" || server === "speaking") return { talk: next, actions };
  const hasWhole = talk.phase === "thinking" && talk.server === "speaking"; // all was sent, and playback has not begun
  if (server === "listening" && (talk.phase === "interrupted" || hasWhole)) return { talk: next, actions };
  return { talk: { ...next, phase: server }, actions };
}

/**
 * @param {Talk} talk
 * @param {Question} question
 * @returns {{ talk: Talk, actions: Action[] }}
 */
function ask(talk, question) {
  if (talk.phase === "idle") return { talk: { ...talk, phase: "connecting", question }, actions: [{ type: "open", delay_ms: 0 }] };
  if (!isConnected(talk)) return { talk: { ...talk, question }, actions: [] };
  return { talk: { ...stopAnswer(talk), phase: "thinking", isHeld: false, question }, actions: [{ type: "stop" }, { type: "ask", question }] };
}

/** @param {Talk} talk */
const stopAnswer = (talk) => ({ ...talk, stopped: Math.max(talk.stopped, talk.answer) });

/**
 * @param {Talk} talk
 * @param {Action[]} actions
 * @returns {{ talk: Talk, actions: Action[] }}
 */
const interrupted = (talk, actions) => ({
  talk: { ...stopAnswer(talk), phase: "interrupted", question: null },
  actions: [...actions, { type: "calm-later", delay_ms: CALM_MS }],
});

/**
 * @param {Talk} talk
 * @returns {{ talk: Talk, actions: Action[] }}
 */
function lose(talk) {
  if (talk.phase === "idle") return { talk, actions: [] };
  if (talk.isEnding) return { talk: INITIAL, actions: [{ type: "finish" }] };
  const delay_ms = RETRY_MS[Math.min(talk.attempts, RETRY_MS.length - 1)] ?? 0;
  return {
    talk: { ...stopAnswer(talk), phase: "lost", isHeld: false, attempts: talk.attempts + 1 },
    actions: [{ type: "finish" }, { type: "open", delay_ms }],
  };
}

/** @param {Phase} server */
const quiet = (server) => (server === "speaking" ? "listening" : server);
