// @ts-check
// The button to talk, the space bar that does the same, and the switch that leaves the microphone open.

import { byId, createElement, setText } from "../shared/dom.js";
import { onLanguageChange, setMessage, translate } from "../shared/i18n.js";
import { createHoldGesture } from "./hold-gesture.js";
import { createMicrophone } from "./microphone.js";
import { isConnected } from "./state.js";

const QUIET_DB = -60; // shown as no level

/** @typedef {ReturnType<typeof import("./conversation.js").createConversation>} Conversation */

/**
 * `onBegin` is called while something is pressed that needs a conversation; `onModeChange` when the microphone was left
 * open or not; `showProblem` takes the key of a message, or "".
 *
 * @param {Conversation} conversation
 * @param {{ onBegin: () => void, onModeChange: () => void, showProblem: (key: string) => void }} listeners
 */
export function createTalkButton(conversation, { onBegin, onModeChange, showProblem }) {
  const button = byId("talk-button", HTMLButtonElement);
  const label = byId("talk-label", HTMLElement);
  const hint = byId("talk-hint", HTMLElement);
  const openSwitch = byId("open-microphone", HTMLInputElement);
  const deviceRow = byId("device-row", HTMLElement);
  const deviceList = byId("device", HTMLSelectElement);
  let maxTurnMs = 60_000;
  let turnTimer = 0;
  let wasHeld = false;

  const microphone = createMicrophone({
    onPiece({ samples, level }) {
      const talk = conversation.state();
      const isSent = isConnected(talk) && (openSwitch.checked || talk.isHeld);
      if (isSent) conversation.sendSound(samples);
      const decibels = 20 * Math.log10(Math.max(level, 1e-6));
      button.style.setProperty("--level", isSent ? Math.max(0, 1 - decibels / QUIET_DB).toFixed(3) : "0");
    },
    onLost: failed,
  });

  const gesture = createHoldGesture({
    onStart() {
      onBegin();
      if (openSwitch.checked) {
        openSwitch.checked = false;
        gesture.reset();
        setOpen();
      } else openMicrophone();
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
    gesture.reset();
    openSwitch.checked = false;
    conversation.dispatch({ type: "forget" });
    showProblem(key);
    onModeChange();
    render();
  }

  async function openMicrophone() {
    const key = await microphone.open();
    if (key) {
      failed(key);
      return;
    }
    showProblem("");
    await listDevices();
    holdIfReady();
  }

  /** Begins the turn once microphone and connection are there, if the person still talks. */
  function holdIfReady() {
    const talk = conversation.state();
    if (!gesture.isOn() || talk.isHeld || !microphone.isOpen() || !isConnected(talk)) return;
    conversation.dispatch({ type: "hold" });
    turnTimer = window.setTimeout(() => { // the server takes no longer turn
      gesture.reset();
      conversation.dispatch({ type: "release" });
    }, maxTurnMs);
  }

  async function listDevices() {
    const devices = await microphone.devices();
    deviceList.replaceChildren(...devices.map(({ deviceId, label: name }, index) =>
      createElement("option", { value: deviceId, textContent: name || `${translate("microphone")} ${index + 1}` })));
    deviceList.value = microphone.chosen();
    deviceRow.hidden = devices.length < 2;
  }

  function render() {
    const isOn = gesture.isOn() || openSwitch.checked;
    const { isHeld } = conversation.state();
    button.classList.toggle("on", isOn);
    button.setAttribute("aria-pressed", String(isOn));
    setText(label, openSwitch.checked ? translate("mute") : isHeld ? endOfTurn() : translate("hold_to_talk"));
    setMessage(hint, openSwitch.checked ? "open_hint" : "hold_hint");
  }

  const endOfTurn = () => translate(gesture.isTapped() ? "tap_to_send" : "release_to_send");

  async function setOpen() {
    if (openSwitch.checked) {
      gesture.reset();
      conversation.dispatch({ type: "forget" });
      onBegin();
      await openMicrophone();
    } else microphone.close();
    onModeChange();
    render();
  }

  // --- what is pressed

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

  addEventListener("keydown", (event) => {
    if (!isTalkKey(event)) return;
    event.preventDefault();
    if (!event.repeat) gesture.press(event.timeStamp);
  });
  addEventListener("keyup", (event) => {
    if (!isTalkKey(event)) return;
    event.preventDefault(); // of the button: a click
    release(event.timeStamp);
  });
  addEventListener("blur", () => { if (gesture.isOn() && !openSwitch.checked) release(Infinity); });

  /** @param {KeyboardEvent} event */
  function isTalkKey({ code, target, ctrlKey, altKey, metaKey }) {
    if (code !== "Space" || ctrlKey || altKey || metaKey || !(target instanceof Element)) return false;
    if (target === button) return true;
    return !button.hidden && !target.closest("input, textarea, select, button, a, summary, [contenteditable]");
  }

  openSwitch.addEventListener("change", setOpen);
  deviceList.addEventListener("change", async () => {
    const key = await microphone.choose(deviceList.value);
    if (key) failed(key);
  });
  navigator.mediaDevices?.addEventListener("devicechange", () => { if (microphone.isOpen()) listDevices(); });
  onLanguageChange(render);
  render();

  return {
    /** How the server finds the end of a turn. */
    mode: () => (openSwitch.checked ? "vad" : "manual"),
    /** Whether the person has begun to talk by pressing. */
    isOn: gesture.isOn,
    /** The state of the conversation has changed. */
    update() {
      const { isHeld } = conversation.state();
      if (wasHeld && !isHeld) gesture.reset(); // the turn is over: by a question in writing, or the connection is lost
      wasHeld = isHeld;
      holdIfReady();
      render();
    },
    /** @param {number} seconds of the longest turn */
    setMaxTurn(seconds) { maxTurnMs = seconds * 1000; },
    /** Forgets what was said of a turn that is not over. Whether there was one. */
    cancel() {
      if (!conversation.state().isHeld) return false;
      gesture.reset();
      clearTimeout(turnTimer);
      conversation.dispatch({ type: "forget" });
      render();
      return true;
    },
  };
}
