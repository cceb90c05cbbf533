// @ts-check
// The caller's conversations on the server: a list, from which one is continued or deleted.

import { confirmOnClick } from "../shared/confirmation.js";
import { byId, createElement } from "../shared/dom.js";
import { ApiError, catchApiError, requestJson } from "../shared/http.js";
import { formatMoment, onLanguageChange, translate } from "../shared/i18n.js";

const PATH = "api/v1/conversations";

/** @typedef {{ id: string, persona: string, title: string, changed: number }} Conversation `changed`: seconds since 1970 */
/** @typedef {Conversation & { messages: import("./transcript.js").StoredUtterance[] }} WholeConversation */

/**
 * `currentId()` is the id of the conversation on the page; `titleOf(persona)` the name of who answered; `onOpen` is
 * called with a conversation to continue; `onDelete` before one is deleted.
 *
 * @param {{ currentId: () => string | null, titleOf: (persona: string) => string,
 *   onOpen: (conversation: WholeConversation) => void, onDelete: (id: string) => void }} options
 */
export function createConversationList({ currentId, titleOf, onOpen, onDelete }) {
  const details = byId("conversations", HTMLDetailsElement);
  const list = byId("conversation-list", HTMLElement);
  const empty = byId("conversations-empty", HTMLElement);
  const problem = byId("conversations-error", HTMLElement);
  /** @type {Conversation[]} */
  let conversations = [];

  const showError = (/** @type {ApiError} */ error) => { problem.textContent = error.message; };

  /** @param {Conversation} conversation */
  const describe = ({ persona, changed }) => [titleOf(persona), formatMoment(new Date(changed * 1000))].join(" · ");

  /** @param {Conversation} conversation */
  function createRow(conversation) {
    const { id } = conversation;
    const title = conversation.title || translate("untitled");
    const open = createElement(
      "button", { type: "button", className: "open" },
      createElement("span", { className: "title", textContent: title }),
      createElement("span", { className: "facts", textContent: describe(conversation) }),
    );
    if (id === currentId()) open.setAttribute("aria-current", "true");
    open.addEventListener("click", () => catchApiError(async () => {
      onOpen(await requestJson(`${PATH}/${encodeURIComponent(id)}`));
      render();
    }, showError));
    const remove = createElement("button", { type: "button", className: "icon" });
    confirmOnClick(remove, {
      render(isPending) {
        remove.textContent = isPending ? translate("delete_confirm") : "×";
        remove.classList.toggle("confirm", isPending);
        remove.setAttribute("aria-label", `${translate(isPending ? "delete_confirm" : "delete_conversation")}: ${title}`);
      },
      action: () => deleteOne(id),
    });
    return createElement("li", {}, open, remove);
  }

  /** @param {string} id */
  async function deleteOne(id) {
    await catchApiError(async () => {
      onDelete(id);
      await requestJson(`${PATH}/${encodeURIComponent(id)}`, { method: "DELETE" }).catch((error) => {
        if (!(error instanceof ApiError) || error.status !== 404) throw error; // it is gone already
      });
      conversations = conversations.filter((one) => one.id !== id);
      render();
      details.querySelector("summary")?.focus(); // the button that was pressed is gone
    }, showError);
  }

  function render() {
    list.replaceChildren(...conversations.map(createRow));
    empty.hidden = conversations.length > 0;
  }

  async function load() {
    await catchApiError(async () => {
      problem.textContent = "";
      ({ conversations } = await requestJson(PATH));
      render();
    }, showError);
  }

  details.addEventListener("toggle", () => { if (details.open) load(); });
  onLanguageChange(render);

  return {
    /** Something was said: the list is asked for again, where it is shown. */
    update() { if (details.open) load(); },
  };
}
