// @ts-check
// The button to talk: held while one speaks, or tapped at the beginning and at the end; the same by methods.

import { setText } from "../shared/dom.js";
import { createHeldTurn } from "../talk/held-turn.js";
import { createHoldGesture } from "../talk/hold-gesture.js";
import { createMicrophone, showLevel } from "../talk/microphone.js";
import { followPresses } from "../talk/talk-presses.js";

/** @typedef {import("../talk/held-turn.js").Conversation} Conversation */

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
  let isDestroyed = false;

  const microphone = createMicrophone({
    onPiece({ samples, level }) {
      const { isHeld } = conversation.state();
      if (isHeld) conversation.sendSound(samples);
      showLevel(button, isHeld ? level : 0);
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
      turn.release();
      render();
    },
  });
  const turn = createHeldTurn(conversation, gesture, microphone.isOpen, onHeld);

  /** @param {string} key */
  function failed(key) {
    cancel();
    onProblem(key);
  }

  async function open() {
    const key = await microphone.open();
    if (isDestroyed) microphone.close();
    else if (key) failed(key);
    else turn.begin();
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
    turn.forget();
    render();
    return wasOn;
  }

  followPresses(button, gesture, {
    target: button,
    isTalkKey: ({ code }) => code === "Space",
    isLost: () => !gesture.isTapped(),
  }, render);

  return {
    isOn: () => gesture.isOn(),
    /** Begins a turn, or ends it, as by a tap. */
    toggle: () => gesture.toggle(),
    cancel,
    /** The state of the conversation has changed. */
    update() {
      turn.update();
      render();
      if (conversation.state().phase === "idle" && !gesture.isOn()) microphone.close();
    },
    setMaxTurn: turn.setMaxTurn,
    destroy() {
      isDestroyed = true;
      turn.reset();
      microphone.close();
    },
  };
}
