// @ts-check
// The button to talk, the space bar that does the same, and the switch that leaves the microphone open.

import { byId, createElement, setText } from "../shared/dom.js";
import { onLanguageChange, setMessage, translate } from "../shared/i18n.js";
import { createHeldTurn } from "./held-turn.js";
import { createHoldGesture } from "./hold-gesture.js";
import { createMicrophone, showLevel } from "./microphone.js";
import { isConnected } from "./state.js";
import { followPresses } from "./talk-presses.js";

/** @typedef {import("./held-turn.js").Conversation} Conversation */

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

  const microphone = createMicrophone({
    onPiece({ samples, level }) {
      const talk = conversation.state();
      const isSent = isConnected(talk) && (openSwitch.checked || talk.isHeld);
      if (isSent) conversation.sendSound(samples);
      showLevel(button, isSent ? level : 0);
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
      turn.release();
      render();
    },
  });
  const turn = createHeldTurn(conversation, gesture, microphone.isOpen);

  /** @param {string} key */
  function failed(key) {
    turn.forget();
    openSwitch.checked = false;
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
    turn.begin();
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
      turn.forget();
      onBegin();
      await openMicrophone();
    } else microphone.close();
    onModeChange();
    render();
  }

  /** @param {KeyboardEvent} event */
  function isTalkKey({ code, target, ctrlKey, altKey, metaKey }) {
    if (code !== "Space" || ctrlKey || altKey || metaKey || !(target instanceof Element)) return false;
    if (target === button) return true;
    return !button.hidden && !target.closest("input, textarea, select, button, a, summary, [contenteditable]");
  }

  followPresses(button, gesture, { target: window, isTalkKey, isLost: () => !openSwitch.checked }, render);
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
      turn.update();
      render();
    },
    setMaxTurn: turn.setMaxTurn,
    /** Forgets what was said of a turn that is not over. Whether there was one. */
    cancel() {
      if (!conversation.state().isHeld) return false;
      turn.forget();
      render();
      return true;
    },
  };
}
