// @ts-check
// One button for two habits: held while one speaks, or tapped at the beginning and at the end. Pure.

export const TAP_MS = 350; // a press that is shorter is a tap

/**
 * `onStart` and `onStop` are called when the person begins and ends a turn.
 *
 * @param {{ onStart: () => void, onStop: () => void }} listeners
 */
export function createHoldGesture({ onStart, onStop }) {
  /** @type {"off" | "pressed" | "on" | "ending"} */
  let state = "off"; // on: tapped, and not pressed; ending: the press that ends it
  let pressedAt = 0;

  function stop() {
    state = "off";
    onStop();
  }

  return {
    isOn: () => state === "pressed" || state === "on",
    /** Whether a tap has begun the turn, and another one will end it. */
    isTapped: () => state === "on",
    /** @param {number} now milliseconds */
    press(now) {
      if (state === "off") {
        state = "pressed";
        pressedAt = now;
        onStart();
      } else if (state === "on") {
        stop();
        state = "ending";
      }
    },
    /** @param {number} now milliseconds */
    release(now) {
      if (state === "ending") state = "off";
      else if (state === "pressed" && now - pressedAt < TAP_MS) state = "on";
      else if (state === "pressed") stop();
    },
    /** A press that has no end of its own, as by the Enter key. */
    toggle() {
      if (state === "off") {
        state = "on";
        onStart();
      } else if (state === "on") stop();
    },
    /** The turn is over for another reason; nobody is called. */
    reset() {
      state = "off";
    },
  };
}
