// @ts-check
// The button to talk: held while one speaks, or tapped at the beginning and at the end; the same by methods.

import { setText } from "../shared/dom.js";
import { createHoldGesture } from "../talk/hold-gesture.js";
import { createMicrophone } from "../talk/microphone.js";
import { isConnected } from "../talk/state.js";

const QUIET_DB = -60; // shown as no level

/** @typedef {ReturnType<typeof import("../talk/conversation.js").createConversation>} Conversation */

/**
 * `onBegin` is called when a conversation is needed; `onProblem` with the key of a message; `onHeld` when the person is
 * heard from now on.
 *
 * @param {import("./view.js").View} view
 * @param {Conversation} conversation
 * @param {import("./view.js").Translate} translate
 * @param {{ onBegin: () => void, onHeld: () => void, onProblem: (key: string) => void }} listeners
 */
export function createPushToTalk({ talk: button, talkLabel }, conversation, translate, { onBegin, onHeld, onProblem }) {
  let maxTurnMs = 60_000;
  let turnTimer = 0;
  let isDestroyed = false;

  const microphone = createMicrophone({
    onPiece({ samples, level }) {
      const { isHeld } = conversation.state();
      if (isHeld) conversation.sendSound(samples);
      const decibels = 20 * Math.log10(Math.max(level, 1e-6));
      button.style.setProperty("--level", isHeld ? Math.max(0, 1 - decibels / QUIET_DB).toFixed(3) : "0");
    },
    onLost: failed,
  });

  const gesture = createHoldGesture({
    onStart() {
      onBegin();
      open();
      render();
    },
    onStop() {
      clearTimeout(turnTimer);
      conversation.dispatch({ type: "release" });
      render();
    },
  });

  /** @param {string} key */
  function failed(key) {
    cancel();
    onProblem(key);
  }

  async function open() {
    const key = await microphone.open();
    if (isDestroyed) microphone.close();
    else if (key) failed(key);
    else if (gesture.isOn()) holdIfReady();
  }

  /** Begins the turn once microphone and connection are there, if the person still talks. */
  function holdIfReady() {
    const talk = conversation.state();
    if (!gesture.isOn() || talk.isHeld || !microphone.isOpen() || !isConnected(talk)) return;
    conversation.dispatch({ type: "hold" });
    onHeld();
    turnTimer = window.setTimeout(() => { // the server takes no longer turn
      gesture.reset();
      conversation.dispatch({ type: "release" });
      render();
    }, maxTurnMs);
  }

  function render() {
    const isOn = gesture.isOn();
    button.classList.toggle("on", isOn);
    button.setAttribute("aria-pressed", String(isOn));
    const { isHeld } = conversation.state();
    setText(talkLabel, translate(!isHeld ? "hold_to_talk" : gesture.isTapped() ? "tap_to_send" : "release_to_send"));
  }

  /** Forgets what was said of a turn that is not over. Whether there was one. */
  function cancel() {
    const wasOn = gesture.isOn();
    gesture.reset();
    clearTimeout(turnTimer);
    conversation.dispatch({ type: "forget" });
    render();
    return wasOn;
  }

  /** @param {number} now */
  function release(now) {
    gesture.release(now);
    render();
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId); // the end of the press is heard wherever the finger is
    gesture.press(event.timeStamp);
  });
  button.addEventListener("pointerup", (event) => release(event.timeStamp));
  button.addEventListener("pointercancel", (event) => release(event.timeStamp));
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long press on a phone
  button.addEventListener("click", (event) => { // of the Enter key, or of a screen reader
    if (event.detail === 0) gesture.toggle();
  });
  button.addEventListener("keydown", (event) => {
    if (event.code !== "Space") return;
    event.preventDefault();
    if (!event.repeat) gesture.press(event.timeStamp);
  });
  button.addEventListener("keyup", (event) => {
    if (event.code !== "Space") return;
    event.preventDefault(); // a click
    release(event.timeStamp);
  });
  button.addEventListener("blur", () => { if (gesture.isOn() && !gesture.isTapped()) release(Infinity); });

  return {
    isOn: () => gesture.isOn(),
    /** Begins a turn, or ends it, as by a tap. */
    toggle: () => gesture.toggle(),
    cancel,
    /** The state of the conversation has changed. */
    update() {
      holdIfReady();
      render();
      if (conversation.state().phase === "idle" && !gesture.isOn()) microphone.close();
    },
    /** @param {number} seconds of the longest turn */
    setMaxTurn(seconds) { maxTurnMs = seconds * 1000; },
    destroy() {
      isDestroyed = true;
      clearTimeout(turnTimer);
      gesture.reset();
      microphone.close();
    },
  };
}
