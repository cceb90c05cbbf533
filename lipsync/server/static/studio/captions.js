// @ts-check
// Captions of the stage's video: a WebVTT track of the job, and the switch that shows or hides it.

import { byId, createElement } from "../shared/dom.js";
import { onLanguageChange, translate } from "../shared/i18n.js";
import { subtitlesUrl } from "./jobs.js";

const STORAGE_KEY = "lipsync.captions";

/** Whether captions are shown: yes, unless this browser remembers that they were switched off. */
function readChoice() {
  try {
    return localStorage.getItem(STORAGE_KEY) !== "off";
  } catch {
    return true;
  }
}

/** @param {boolean} isOn */
function writeChoice(isOn) {
  try { localStorage.setItem(STORAGE_KEY, isOn ? "on" : "off"); } catch { /* until the page is closed */ }
}

/** @param {HTMLVideoElement} video */
export function createCaptions(video) {
  const row = byId("captions-switch", HTMLElement);
  const checkbox = byId("captions", HTMLInputElement);
  /** @type {HTMLTrackElement | null} */
  let element = null;
  let isOn = readChoice();

  function apply() {
    checkbox.checked = isOn;
    if (element) element.track.mode = isOn ? "showing" : "hidden";
  }

  /** @param {boolean} value */
  function choose(value) {
    isOn = value;
    writeChoice(isOn);
    apply();
  }

  function hide() {
    element?.remove();
    element = null;
    row.hidden = true;
  }

  /**
   * Shows the captions of a finished job. They stay when the player changes from the stream to the file.
   *
   * @param {import("./jobs.js").Job} job
   */
  function show(job) {
    hide();
    if (!job.links?.subtitles) return;
    const added = createElement("track", {
      kind: "captions",
      label: translate("captions"),
      srclang: job.language,
      src: subtitlesUrl(job.id),
      default: true,
    });
    added.addEventListener("error", () => { if (added === element) hide(); }); // SubRip, or deleted
    element = added;
    video.append(added);
    row.hidden = false;
    apply();
  }

  checkbox.addEventListener("change", () => choose(checkbox.checked));
  video.textTracks.addEventListener("change", () => { // the player's own menu
    if (!element || element.track.mode === (isOn ? "showing" : "hidden")) return;
    choose(element.track.mode === "showing");
  });
  onLanguageChange(() => { if (element) element.label = translate("captions"); });

  return { show, hide };
}
