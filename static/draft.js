// The draft: what a person typed and chose, kept in this browser alone over a reload, a crash or a closed tab. Fields are
// in localStorage, the picture or video of their own in IndexedDB. It belongs to one caller: another one who logs in, and
// the next person after a logout, sees nothing of it. Recordings and the consent to use a voice are never kept.

import { forgetFile, keepFile, keptFile } from "./kept_file.js";
import { word } from "./words.js";

const PLACE = "lipsync.draft";
const LEFT = "lipsync.left"; // is written at a logout: other tabs hear of it
const SOON = 250; // milliseconds after a change: what a crash may lose
const OLDEST = 30 * 24 * 3600 * 1000; // milliseconds: as long as the session lasts
const SURE = 4000; // milliseconds within which a second press clears

function read() {
  try {
    const draft = JSON.parse(localStorage.getItem(PLACE));
    return draft && typeof draft === "object" ? draft : null;
  } catch {
    return null;
  }
}

function write(draft) {
  try {
    if (draft) localStorage.setItem(PLACE, JSON.stringify(draft));
    else localStorage.removeItem(PLACE);
    return draft !== null;
  } catch {
    return false; // refused, or full
  }
}

/** Whether a record is this caller's, and not too old. */
const isTheirs = (record, owner) => record?.owner === owner && Date.now() - record.saved < OLDEST;

/** `$` finds an element by its id; `fields` and `portraits` are those of the form. */
export function draftOf($, { fields, portraits }) {
  let owner = null; // whose page this is; null: not known yet
  let ready = false; // what was kept has been restored: from now on changes are kept
  let over = false; // the person has left
  let timer = 0;
  let picture = null; // the File that IndexedDB holds
  let sure = 0;

  function save() {
    clearTimeout(timer);
    timer = 0;
    if (!ready || over) return;
    const { avatar } = portraits.chosen();
    const draft = { ...fields.state(), avatar: avatar ?? null, owner, saved: Date.now() };
    const isEmpty = fields.isUntouched() && portraits.isDefault();
    $("kept").hidden = !write(isEmpty ? null : draft);
  }

  function later() {
    if (ready && !over) timer ||= setTimeout(save, SOON);
  }

  function keepPicture() {
    if (!ready || over) return;
    const { file = null } = portraits.chosen();
    if (file === picture) return;
    picture = file;
    if (file) keepFile({ file, owner, saved: Date.now() });
    else forgetFile();
  }

  /** Nothing is kept any more. */
  async function forget() {
    clearTimeout(timer);
    timer = 0;
    picture = null;
    write(null);
    $("kept").hidden = true;
    await forgetFile();
  }

  async function restorePicture() {
    const record = await keptFile();
    if (!isTheirs(record, owner) || !(record.file instanceof File) || !portraits.isDefault()) return;
    picture = record.file;
    portraits.take(record.file);
    if (portraits.chosen().file !== record.file) picture = null; // it is refused now
  }

  function sayClear() {
    $("clear").dataset.word = sure ? "clear_sure" : "clear";
    $("clear").textContent = word($("clear").dataset.word);
    $("clear").classList.toggle("wrong", sure !== 0);
  }

  function calm() {
    clearTimeout(sure);
    sure = 0;
    sayClear();
  }

  $("clear").addEventListener("click", (event) => {
    event.stopPropagation(); // it is no change of the form
    if (!sure) { sure = setTimeout(calm, SURE); sayClear(); return; }
    calm();
    fields.reset();
    portraits.reset();
    forget();
    $("text").focus();
  });
  $("clear").addEventListener("blur", calm);
  for (const event of ["input", "change", "click"]) $("form").addEventListener(event, later);
  addEventListener("pagehide", save);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); }); // a phone may end it now
  addEventListener("storage", (event) => {
    if (event.key !== LEFT || owner === null) return;
    over = true;
    location.reload();
  });

  return {
    /** A portrait is chosen. */
    chosen() {
      keepPicture();
      later();
    },
    /** While the portraits are loaded anew, the choice is not the person's. */
    pause() {
      save();
      ready = false;
    },
    /** Whether the page holds what another caller than `caller` typed. */
    isOfAnother: (caller) => owner !== null && owner !== caller,
    /** Puts back what `caller` typed and chose; the portraits are loaded. */
    async restore(caller) {
      owner = caller;
      const draft = read();
      if (!isTheirs(draft, owner)) {
        if (draft) await forget();
      } else {
        fields.restore(draft);
        if (draft.avatar === null) await restorePicture();
        else if (portraits.isDefault()) portraits.choose(draft.avatar);
      }
      ready = true;
      keepPicture();
      if (picture === null) forgetFile(); // of a draft that is gone
      save();
    },
    /** The person leaves: nothing of theirs stays, here or in other tabs. */
    async leave() {
      over = true;
      await forget();
      try { localStorage.setItem(LEFT, String(Date.now())); } catch { /* nothing is kept there */ }
    },
  };
}
