// @ts-check
// The draft: what was typed and chosen, kept in this browser over a reload, a crash or a closed tab. Fields are stored in
// localStorage, the user's own picture or video in IndexedDB. A draft belongs to one caller: after a logout, or when
// another caller logs in, it is deleted. Recordings and the consent to use a voice are never stored.

import { confirmOnClick } from "../shared/confirmation.js";
import { byId } from "../shared/dom.js";
import { onLanguageChange, setMessage } from "../shared/i18n.js";
import { deleteFile, loadFile, storeFile } from "./file-store.js";

const STORAGE_KEY = "lipsync.draft";
const LOGOUT_KEY = "lipsync.left"; // written at a logout, so that other tabs notice
const SAVE_DELAY_MS = 250; // after a change: what a crash may lose
const MAX_AGE_MS = 30 * 24 * 3600 * 1000; // as long as the session lasts

function readDraft() {
  try {
    const draft = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "null");
    return draft && typeof draft === "object" ? draft : null;
  } catch {
    return null;
  }
}

/** @param {object | null} draft Returns whether a draft is stored now. */
function writeDraft(draft) {
  try {
    if (draft) localStorage.setItem(STORAGE_KEY, JSON.stringify(draft));
    else localStorage.removeItem(STORAGE_KEY);
    return draft !== null;
  } catch {
    return false; // storage is refused or full
  }
}

/**
 * Whether a stored record belongs to this caller and is not too old.
 *
 * @param {{ owner?: unknown, saved?: unknown } | null} record
 * @param {string | null} owner
 * @param {number} [now] milliseconds since the epoch
 */
export const isUsable = (record, owner, now = Date.now()) =>
  record?.owner === owner && typeof record?.saved === "number" && now - record.saved < MAX_AGE_MS;

/**
 * @param {{ form: import("./request-form.js").RequestForm, portraits: import("./portraits.js").Portraits }} parts
 */
export function createDraft({ form, portraits }) {
  const notice = byId("draft", HTMLElement);
  const clearButton = byId("clear", HTMLButtonElement);
  /** @type {string | null} */
  let owner = null; // null: not known yet
  let isActive = false; // a stored draft has been restored: from now on changes are saved
  let hasLeft = false; // the user has signed out
  let timer = 0;
  /** @type {File | null} */
  let storedFile = null;

  function save() {
    clearTimeout(timer);
    timer = 0;
    if (!isActive || hasLeft) return;
    const isEmpty = form.isUntouched() && portraits.isDefault();
    const avatar = portraits.selected().avatar ?? null;
    notice.hidden = !writeDraft(isEmpty ? null : { ...form.state(), avatar, owner, saved: Date.now() });
  }

  function saveSoon() {
    if (isActive && !hasLeft) timer ||= window.setTimeout(save, SAVE_DELAY_MS);
  }

  function saveFile() {
    if (!isActive || hasLeft) return;
    const file = portraits.selected().file ?? null;
    if (file === storedFile) return;
    storedFile = file;
    if (file) storeFile({ file, owner, saved: Date.now() });
    else deleteFile();
  }

  async function remove() {
    clearTimeout(timer);
    timer = 0;
    storedFile = null;
    writeDraft(null);
    notice.hidden = true;
    await deleteFile();
  }

  async function restoreFile() {
    const record = await loadFile();
    if (!record || !isUsable(record, owner) || !(record.file instanceof File) || !portraits.isDefault()) return;
    portraits.take(record.file);
    storedFile = portraits.selected().file === record.file ? record.file : null; // null: it is refused now
  }

  const confirmation = confirmOnClick(clearButton, {
    render(isPending) {
      setMessage(clearButton, isPending ? "clear_confirm" : "clear");
      clearButton.classList.toggle("wrong", isPending);
    },
    action() {
      form.reset();
      portraits.reset();
      remove();
      byId("text", HTMLElement).focus();
    },
  });
  onLanguageChange(() => setMessage(clearButton, confirmation.isPending() ? "clear_confirm" : "clear"));

  for (const event of ["input", "change", "click"]) byId("form", HTMLElement).addEventListener(event, saveSoon);
  addEventListener("pagehide", save);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); }); // a phone may end the page now
  addEventListener("storage", (event) => {
    if (event.key !== LOGOUT_KEY || owner === null) return;
    hasLeft = true;
    location.reload();
  });

  return {
    /** A portrait was selected. */
    portraitSelected() {
      saveFile();
      saveSoon();
    },
    /** Saves, and ignores changes until restore(): the portraits are being loaded again. */
    pause() {
      save();
      isActive = false;
    },
    /**
     * Whether the page holds what another caller typed.
     *
     * @param {string} caller
     */
    belongsToAnother: (caller) => owner !== null && owner !== caller,
    /**
     * Restores what `caller` typed and chose; the portraits are loaded.
     *
     * @param {string} caller
     */
    async restore(caller) {
      owner = caller;
      const draft = readDraft();
      if (!isUsable(draft, owner)) {
        if (draft) await remove();
      } else {
        form.restore(draft);
        if (draft.avatar === null) await restoreFile();
        else if (portraits.isDefault()) portraits.select(draft.avatar);
      }
      isActive = true;
      saveFile();
      if (storedFile === null) deleteFile(); // of a draft that no longer exists
      save();
    },
    /** The user signs out: nothing of theirs stays, here or in other tabs. */
    async signOut() {
      hasLeft = true;
      await remove();
      try { localStorage.setItem(LOGOUT_KEY, String(Date.now())); } catch { /* nothing is stored there */ }
    },
  };
}
