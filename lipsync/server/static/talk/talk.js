// @ts-check
// The page at "/talk": a conversation with a portrait, as in a video call.

import { byId, setText } from "../shared/dom.js";
import { catchApiError, requestJson } from "../shared/http.js";
import { connectLanguageMenu, onLanguageChange, setMessage, translate } from "../shared/i18n.js";
import { createLogin } from "../shared/login.js";
import { canUseMediaSource } from "../shared/media-source.js";
import { createCaptions } from "./captions.js";
import { createConversation } from "./conversation.js";
import { pageServer } from "./page-server.js";
import { createPlayback } from "./playback.js";
import { createPortrait } from "./portrait.js";
import { MICROPHONE_RATE } from "./protocol.js";
import { canInterrupt, isConnected } from "./state.js";
import { createTalkButton } from "./talk-button.js";
import { createTranscript } from "./transcript.js";

const call = byId("call", HTMLElement);
const beginButton = byId("begin", HTMLButtonElement);
const phase = byId("phase", HTMLElement);
const problem = byId("problem", HTMLElement);
const disclosure = byId("disclosure", HTMLElement);
const interruptButton = byId("interrupt", HTMLButtonElement);
const remark = byId("remark", HTMLElement);
const question = byId("question", HTMLInputElement);

/** @typedef {{ name: string, title: string, avatar: string | null, language: string, character: string, voice: string | null }} Persona */

/** @type {Persona[]} */
let personas = [];
/** @type {Persona | null} */
let persona = null;
/** @type {string | null} */
let conversationId = null; // of the conversation that is continued by the next session
let questions = 0;

const portrait = createPortrait();
const transcript = createTranscript(
  { list: byId("transcript", HTMLElement), empty: byId("transcript-empty", HTMLElement) },
  (role) => (role === "user" ? translate("you") : persona?.title ?? ""),
);
const playback = createPlayback(portrait.films, {
  onPlaying(answer, film) {
    conversation.dispatch({ type: "playing", answer });
    portrait.showFilm(film);
    captions.show(answer);
  },
  onEnded(answer) {
    rest();
    conversation.dispatch({ type: "played", answer });
  },
  onPlayed: (answer, ms) => conversation.reportPlayed(answer, ms),
  onRefused: () => {},
});
const captions = createCaptions({
  caption: byId("caption", HTMLElement),
  spoken: byId("caption-spoken", HTMLElement),
  rest: byId("caption-rest", HTMLElement),
}, playback.time);
const conversation = createConversation(pageServer, playback, {
  start: () => ({
    persona: persona?.name,
    conversation: conversationId && !transcript.isEmpty() ? conversationId : undefined,
    want: { audio: "pcm16", video: canUseMediaSource ? "fmp4" : "none", blendshapes: "none", motion: false, words: true },
    binary: true,
    greeting: transcript.isEmpty() && !isConnected(conversation.state()) && conversation.state().question === null,
    input: { rate: MICROPHONE_RATE },
    turn: { mode: talkButton.mode() },
  }),
  onChange: render,
  onReady(ready) {
    conversationId = ready.conversation;
    transcript.endSession();
    captions.endSession();
    disclosure.textContent = ready.notice;
    disclosure.lang = ready.language;
    talkButton.setMaxTurn(ready.limits.turn_s);
  },
  onHeard(text, isFinal) {
    transcript.setHeard(text);
    remark.hidden = Boolean(text) || !isFinal;
  },
  onSentence(sentence) {
    transcript.addSentence(sentence);
    captions.add(sentence);
  },
  onCut: transcript.cut,
  onProblem: (sentence) => setText(problem, sentence),
  onClosing: () => {},
});

const talkButton = createTalkButton(conversation, {
  onBegin: connect,
  onModeChange: () => conversation.changeSession(),
  showProblem(key) {
    problem.textContent = "";
    if (key) setMessage(problem, key);
    else delete problem.dataset.i18n;
  },
});

/** The portrait is at rest: nothing is played. */
function rest() {
  portrait.showFilm(null);
  captions.hide();
}

function render() {
  const talk = conversation.state();
  call.dataset.phase = talk.phase;
  setText(phase, translate(`phase_${talk.phase}`));
  beginButton.hidden = talk.phase !== "idle";
  interruptButton.hidden = !canInterrupt(talk);
  if (talk.phase !== "speaking") rest();
  if (talk.phase !== "listening") remark.hidden = true;
  talkButton.update();
}

/** To be called while something is pressed. */
function connect() {
  playback.unlock();
  conversation.dispatch({ type: "connect" });
}

function interrupt() {
  conversation.dispatch({ type: "interrupt" });
}

function ask() {
  const text = question.value.trim();
  if (!text) return;
  playback.unlock();
  question.value = "";
  questions += 1;
  transcript.addQuestion(text);
  conversation.dispatch({ type: "ask", question: { id: `q${questions}`, text } });
}

byId("question-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
beginButton.addEventListener("click", () => {
  connect();
  byId("talk-button", HTMLButtonElement).focus();
});
interruptButton.addEventListener("click", interrupt);
byId("stage", HTMLElement).addEventListener("click", interrupt);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !talkButton.cancel()) interrupt();
});
onLanguageChange(() => {
  render();
  transcript.renameSpeakers();
});

async function start() {
  const isServed = await login.check();
  call.hidden = !isServed;
  if (!isServed) return;
  await catchApiError(async () => {
    const found = await requestJson("api/v1/personas");
    personas = found.personas;
    persona = personas.find(({ name }) => name === found.default) ?? null;
    if (persona) portrait.show(persona);
  }, (error) => setText(problem, error.message));
}

const login = createLogin({ emptyMessage: "key_empty", onSignedIn: start, onSignedOut: async () => {} });

connectLanguageMenu();
render();
start();
