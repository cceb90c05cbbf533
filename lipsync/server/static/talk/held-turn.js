// @ts-check
// A turn of the person that lasts as long as they hold the button to talk, or from one tap to the next.

import { isConnected } from "./state.js";

/** @typedef {ReturnType<typeof import("./conversation.js").createConversation>} Conversation */
/** @typedef {ReturnType<typeof import("./hold-gesture.js").createHoldGesture>} HoldGesture */

/**
 * `onHeld` is called when the person is heard from now on.
 *
 * @param {Conversation} conversation
 * @param {HoldGesture} gesture
 * @param {() => boolean} isMicrophoneOpen
 * @param {() => void} [onHeld]
 */
export function createHeldTurn(conversation, gesture, isMicrophoneOpen, onHeld = () => {}) {
  let maxMs = 60_000;
  let timer = 0;
  let wasHeld = false;

  /** The gesture is over, and so is the time that the turn may take. */
  function reset() {
    gesture.reset();
    clearTimeout(timer);
  }

  /** Begins the turn once microphone and connection are there, if the person still talks. */
  function begin() {
    const talk = conversation.state();
    if (!gesture.isOn() || talk.isHeld || !isMicrophoneOpen() || !isConnected(talk)) return;
    conversation.dispatch({ type: "hold" });
    onHeld();
    timer = window.setTimeout(() => { // the server takes no longer turn
      gesture.reset();
      conversation.dispatch({ type: "release" });
    }, maxMs);
  }

  return {
    begin,
    /** The person has ended the turn. */
    release() {
      clearTimeout(timer);
      conversation.dispatch({ type: "release" });
    },
    /** What was said of a turn that is not over is forgotten. */
    forget() {
      reset();
      conversation.dispatch({ type: "forget" });
    },
    /** The state of the conversation has changed. */
    update() {
      const { isHeld } = conversation.state();
      if (wasHeld && !isHeld) reset(); // the turn is over: by a question in writing, or the connection is lost
      wasHeld = isHeld;
      begin();
    },
    /** @param {number} seconds of the longest turn */
    setMaxTurn(seconds) { maxMs = seconds * 1000; },
    reset,
  };
}
