// @ts-check
// The login form, where the server requires a key: the key is sent once, then the session cookie carries it.

import { byId } from "./dom.js";
import { ApiError, catchApiError, onLoginRequired, request, requestJson } from "./http.js";
import { translate } from "./i18n.js";

/**
 * `onSignedIn` is called when a key was accepted, `onSignedOut` after a logout, before the page is loaded again;
 * `emptyMessage` is the key of the message about a missing API key.
 *
 * @param {{ emptyMessage: string, onSignedIn: () => Promise<void>, onSignedOut: () => Promise<void> }} options
 */
export function createLogin({ emptyMessage, onSignedIn, onSignedOut }) {
  const form = byId("login", HTMLFormElement);
  const key = byId("key", HTMLInputElement);
  const error = byId("key-error", HTMLElement);
  const signOutButton = byId("sign-out", HTMLButtonElement);
  /** @type {string | null} */
  let caller = null;

  function open() {
    if (!form.hidden) return;
    form.hidden = false;
    signOutButton.hidden = true;
    key.focus();
  }

  /** @param {string} sentence */
  function showError(sentence) {
    error.textContent = sentence;
    key.setAttribute("aria-invalid", String(sentence !== ""));
  }

  async function signIn() {
    showError("");
    const value = key.value.trim();
    if (!value) {
      showError(translate(emptyMessage));
      key.focus();
      return;
    }
    await catchApiError(async () => {
      await request("login", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ key: value }),
      });
      key.value = "";
      form.hidden = true;
      signOutButton.hidden = false;
      await onSignedIn();
    }, (problem) => {
      showError(problem.message);
      key.select();
    });
  }

  async function signOut() {
    await catchApiError(async () => {
      await request("login", { method: "DELETE" });
      await onSignedOut();
      location.reload(); // nothing of this caller stays on the page
    }, (problem) => showError(problem.message));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    signIn();
  });
  signOutButton.addEventListener("click", signOut);
  onLoginRequired(open);

  return {
    /** Name of the caller as the server knows it: "" without a key, null before the server has answered. */
    caller: () => caller,
    /** Asks the server whether it serves this browser; opens the form where it requires a key. */
    async check() {
      caller = null;
      try {
        const me = await requestJson("api/me");
        signOutButton.hidden = me.anonymous;
        caller = me.anonymous ? "" : me.caller;
        if (me.key_needed) open();
        return !me.key_needed;
      } catch (problem) {
        if (!(problem instanceof ApiError)) throw problem;
        return problem.status !== 401; // any other error will be shown by the next request
      }
    },
  };
}
