// @ts-check
// Actions that cannot be undone run at the second press of their button.

const CONFIRM_MS = 4000; // within which the second press has to follow

/**
 * Runs `action` at the second press of `button`. `render(isPending)` shows what the next press does: `isPending` is true
 * between the two. Leaving the button resets it.
 *
 * @param {HTMLButtonElement} button
 * @param {{ render: (isPending: boolean) => void, action: () => void, isNeeded?: () => boolean }} options `isNeeded`:
 *   whether the first press only asks; always, by default
 */
export function confirmOnClick(button, { render, action, isNeeded = () => true }) {
  let timer = 0;

  function reset() {
    clearTimeout(timer);
    timer = 0;
    render(false);
  }

  button.addEventListener("click", (event) => {
    event.stopPropagation(); // the form that holds the button has not changed
    if (isNeeded() && !timer) {
      timer = window.setTimeout(reset, CONFIRM_MS);
      render(true);
      return;
    }
    reset();
    action();
  });
  button.addEventListener("blur", reset);
  reset();
  return { isPending: () => timer !== 0 };
}
