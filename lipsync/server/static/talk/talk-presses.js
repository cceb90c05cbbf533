// @ts-check
// What is pressed to talk, as a gesture: the button by mouse, finger, Enter key or screen reader, and keys.

/**
 * @param {HTMLElement} button
 * @param {ReturnType<typeof import("./hold-gesture.js").createHoldGesture>} gesture
 * @param {object} keys
 * @param {HTMLElement | Window} keys.target where keys are heard
 * @param {(event: KeyboardEvent) => boolean} keys.isTalkKey whether a key counts like the button
 * @param {() => boolean} keys.isLost whether a press ends when the target loses the focus, where no end is heard
 * @param {() => void} onRelease is called after each end of a press
 */
export function followPresses(button, gesture, { target, isTalkKey, isLost }, onRelease) {
  /** @param {number} now */
  function release(now) {
    gesture.release(now);
    onRelease();
  }

  /** @param {Event} event */
  const talkKey = (event) => (event instanceof KeyboardEvent && isTalkKey(event) ? event : null);

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
  target.addEventListener("keydown", (event) => {
    const key = talkKey(event);
    if (!key) return;
    key.preventDefault();
    if (!key.repeat) gesture.press(key.timeStamp);
  });
  target.addEventListener("keyup", (event) => {
    const key = talkKey(event);
    if (!key) return;
    key.preventDefault(); // of the button: a click
    release(key.timeStamp);
  });
  target.addEventListener("blur", () => { if (gesture.isOn() && isLost()) release(Infinity); });
}
