// The key, where the server asks for one: it is given once, and the browser's session carries it until one leaves.

import { ask, askJson, onKeyWanted, Problem, trying } from "./ask.js";
import { word } from "./words.js";

/**
 * `$` finds an element by its id; `onEntered` is called when a key was taken, `onLeft` after a logout, before the page
 * is loaded anew.
 */
export function keyBoxOf($, { onEntered, onLeft }) {
  let caller = null;

  function open() {
    if (!$("key-box").hidden) return;
    $("key-box").hidden = false;
    $("leave").hidden = true;
    $("key").focus();
  }

  async function enter() {
    $("key-problem").textContent = "";
    if (!$("key").value.trim()) { $("key-problem").textContent = word("key_empty"); $("key").focus(); return; }
    await trying(async () => {
      await ask("login", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ key: $("key").value.trim() }),
      });
      $("key").value = "";
      $("key-box").hidden = true;
      $("leave").hidden = false;
      await onEntered();
    }, (problem) => { $("key-problem").textContent = problem.message; $("key").select(); });
  }

  async function leave() {
    await trying(async () => {
      await ask("login", { method: "DELETE" });
      await onLeft();
      location.reload(); // nothing of that caller's stays on the page
    }, (problem) => { $("key-problem").textContent = problem.message; });
  }

  $("key-box").addEventListener("submit", (event) => { event.preventDefault(); enter(); });
  $("leave").addEventListener("click", leave);
  onKeyWanted(open);

  return {
    /** Who the server said it is, last: "" for somebody without a key, null where it has not said. */
    caller: () => caller,
    /** Whether the server answers this browser; if not, the box asks for a key. */
    async mayEnter() {
      caller = null;
      try {
        const me = await askJson("api/me");
        $("leave").hidden = me.anonymous;
        caller = me.anonymous ? "" : me.caller;
        if (me.key_needed) open();
        return !me.key_needed;
      } catch (problem) {
        if (!(problem instanceof Problem)) throw problem;
        return problem.status !== 401; // what else is wrong, the next request will say
      }
    },
  };
}
