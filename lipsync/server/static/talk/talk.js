// @ts-check
// The page at "/talk": a conversation with a portrait, as in a video call.

import { byId, setText } from "../shared/dom.js";
import { catchApiError } from "../shared/http.js";
import { connectLanguageMenu, onLanguageChange, setMessage, translate } from "../shared/i18n.js";
import { createLogin } from "../shared/login.js";
import { pictureOf } from "./avatar-addresses.js";
import { createCaptions } from "./captions.js";
import { createConversationList } from "./conversation-list.js";
import { createConversation } from "./conversation.js";
import { pageServer } from "./page-server.js";
import { createPersonas } from "./personas.js";
import { createPlayback } from "./playback.js";
import { createPortrait } from "./portrait.js";
import { canInterrupt, isConnected } from "./state.js";
import { createTalkButton } from "./talk-button.js";
import { createTranscript } from "./transcript.js";

const call = byId("call", HTMLElement);
const beginButton = byId("begin", HTMLButtonElement);
const phase = byId("phase", HTMLElement);
const problem = byId("problem", HTMLElement);
const disclosure = byId("disclosure", HTMLElement);
const playButton = byId("play", HTMLButtonElement);
const interruptButton = byId("interrupt", HTMLButtonElement);
const newButton = byId("new-conversation", HTMLButtonElement);
const remark = byId("remark", HTMLElement);
const question = byId("question", HTMLInputElement);

/** @type {string | null} */
let conversationId = null; // of the conversation that is continued by the next session
let questions = 0;

const portrait = createPortrait(byId("stage", HTMLElement), {
  base: "", pictureOf, isEager: true, backdrop: byId("backdrop", HTMLImageElement),
});
const personas = createPersonas((persona) => {
  const isTalking = isConnected(conversation.state());
  leave();
  portrait.show(persona);
  if (isTalking) connect();
});
const transcript = createTranscript(
  { list: byId("transcript", HTMLElement), empty: byId("transcript-empty", HTMLElement) },
  (role) => (role === "user" ? translate("you") : personas.chosen()?.title ?? ""),
  () => personas.chosen()?.language,
);
const playback = createPlayback(portrait.films, {
  onPlaying(answer, film) {
    portrait.showFilm(film); // first: the loop stays as it is
    conversation.dispatch({ type: "playing", answer });
    captions.show(answer);
  },
  onEnded(answer) {
    rest();
    conversation.dispatch({ type: "played", answer });
    conversations.update();
  },
  onPlayed: (answer, ms) => conversation.reportPlayed(answer, ms),
  onRefused: () => render(),
});
const captions = createCaptions({
  caption: byId("caption", HTMLElement),
  spoken: byId("caption-spoken", HTMLElement),
  rest: byId("caption-rest", HTMLElement),
}, playback.time);
const conversation = createConversation(pageServer, playback, {
  start: () => ({
    persona: personas.chosen()?.name,
    conversation: conversationId && !transcript.isEmpty() ? conversationId : undefined,
    greeting: isGreetingWanted(),
    turn: { mode: talkButton.mode() },
  }),
  onChange: render,
  onReady(ready) {
    conversationId = ready.conversation || null;
    transcript.endSession();
    captions.endSession();
    disclosure.textContent = ready.notice;
    disclosure.lang = ready.language;
    talkButton.setMaxTurn(ready.limits.turn_s);
  },
  onHeard(text, isFinal) {
    transcript.setHeard(text);
    show(remark, text || !isFinal ? "" : "nothing_heard");
  },
  onSentence(sentence) {
    transcript.addSentence(sentence);
    captions.add(sentence);
  },
  onCut: transcript.cut,
  onProblem: (sentence) => setText(problem, sentence),
  onForgotten() { conversationId = null; },
  onWrittenOnly() {
    byId("voice", HTMLElement).hidden = true;
    setMessage(byId("written-only", HTMLElement), "written_only");
  },
  history: transcript.messages,
  persona: () => personas.chosen()?.name ?? "",
  onClosing(reason) { show(remark, reason === "idle" ? "paused" : ""); },
});

const conversations = createConversationList({
  currentId: () => conversationId,
  titleOf: personas.titleOf,
  onOpen(stored) {
    leave();
    const persona = personas.choose(stored.persona);
    if (persona) portrait.show(persona);
    conversationId = stored.id;
    transcript.replace(stored.messages);
    connect();
  },
  onDelete(id) { if (id === conversationId) leave(); },
});
const talkButton = createTalkButton(conversation, {
  onBegin: connect,
  onModeChange: () => conversation.changeSession(),
  showProblem: (key) => show(byId("microphone-problem", HTMLElement), key),
});

/** A person who has begun to ask, or who has talked before, is not greeted. */
const isGreetingWanted = () =>
  transcript.isEmpty() && !isConnected(conversation.state()) && !conversation.state().question && !talkButton.isOn();

/**
 * @param {HTMLElement} element
 * @param {string} key of a message; "": none
 */
function show(element, key) {
  if (key) setMessage(element, key);
  else {
    delete element.dataset.i18n;
    element.textContent = "";
  }
}

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
  setMessage(beginButton, transcript.isEmpty() ? "begin" : "continue_talking");
  interruptButton.hidden = !canInterrupt(talk);
  if (talk.phase !== "speaking") rest();
  portrait.setPhase(talk.phase);
  if (talk.phase !== "listening" && talk.phase !== "idle") show(remark, "");
  talkButton.update();
  newButton.hidden = transcript.isEmpty();
  playButton.hidden = !playback.isRefused();
}

/** Ends the conversation: the next one is a new one. */
function leave() {
  conversation.end();
  conversationId = null;
  transcript.replace([]);
  setText(problem, "");
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
  setText(problem, "");
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
  byId("talk-button", HTMLButtonElement).focus({ preventScroll: true });
});
playButton.addEventListener("click", (event) => {
  event.stopPropagation(); // the stage would interrupt
  playback.resume();
  render();
});
newButton.addEventListener("click", () => {
  leave();
  connect();
  conversations.update();
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
    await personas.load();
    const persona = personas.chosen();
    if (persona) portrait.show(persona);
  }, (error) => setText(problem, error.message));
}

const login = createLogin({ emptyMessage: "key_empty", onSignedIn: start, onSignedOut: async () => {} });

// The browser shows the page out of its memory (bfcache): the connection is gone, and another person may have signed in.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

connectLanguageMenu();
render();
start();
