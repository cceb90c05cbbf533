// @ts-check
// The portraits to choose from, and the user's own picture or video.

import { config } from "../shared/config.js";
import { byId, createElement } from "../shared/dom.js";
import { ApiError, catchApiError, requestJson } from "../shared/http.js";
import { localized, onLanguageChange, setMessage, translate } from "../shared/i18n.js";
import { findFileError, isOfKind, wrapLabel } from "./portrait-files.js";

const OWN = "*"; // value of the tile with the user's own file; no avatar has this name
const RETRY_MS = 1000; // between two requests while the server loads

/** @typedef {{ [language: string]: string }} Titles */
/** @typedef {import("./stage.js").Portrait} Portrait */

/**
 * Address of a picture that shows `text`, for a file that this browser cannot show.
 *
 * @param {string} text
 */
function createPlaceholder(text) {
  const namespace = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(namespace, "svg");
  const label = document.createElementNS(namespace, "text");
  for (const [name, value] of Object.entries({ viewBox: "0 0 200 200", width: "600", height: "600" })) {
    svg.setAttribute(name, value);
  }
  const style = { "font-family": "sans-serif", "font-size": "18", fill: "#7a746a", "text-anchor": "middle" };
  for (const [name, value] of Object.entries(style)) label.setAttribute(name, value);
  wrapLabel(text).forEach((line, index, lines) => {
    const row = document.createElementNS(namespace, "tspan");
    row.setAttribute("x", "100");
    row.setAttribute("y", String(106 + 24 * (index - (lines.length - 1) / 2)));
    row.textContent = line;
    label.append(row);
  });
  svg.append(label);
  return URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }));
}

/** @param {string} name */
const avatarUrl = (name) => `api/avatars/${encodeURIComponent(name)}`;

/**
 * `onSelect` is called when a portrait is selected, `onError` with the error of a file, or with null when it is gone.
 *
 * @param {{ onSelect: (portrait: Portrait) => void, onError: (error: ApiError | null) => void }} listeners
 */
export function createPortraits({ onSelect, onError }) {
  const tiles = byId("tiles", HTMLElement);
  const fileInput = byId("file", HTMLInputElement);
  const chooseLabel = byId("choose", HTMLElement);
  const dropHint = byId("drop-hint", HTMLElement);
  /** @type {{ file: File, url: string, isMoving: boolean } | null} */
  let own = null;
  /** @type {Map<string, Titles>} */
  let bundled = new Map(); // titles by name
  let defaultValue = ""; // of the default's tile
  let isDefaultVideo = false;
  /** @type {boolean | null} */
  let acceptsVideos = null; // null: the server has not said yet
  /** @type {Map<HTMLElement, () => string>} */
  const captions = new Map();

  /** @param {string} value */
  const radioOf = (value) =>
    /** @type {HTMLInputElement | null} */ (tiles.querySelector(`input[value="${CSS.escape(value)}"]`));

  /** @param {string} value */
  function select(value) {
    const radio = radioOf(value);
    if (!radio) return;
    radio.checked = true;
    radio.dispatchEvent(new Event("change"));
  }

  /** @param {File} file */
  function checkFile(file) {
    const maxBytes = config.max_upload_mb * 1e6;
    const code = findFileError(file, { pictures: config.pictures, videos: config.videos, maxBytes, acceptsVideos });
    if (code === null) return null;
    return new ApiError(translate(`error_${code}`, { limit: config.max_upload_mb }), { code, field: "image" });
  }

  /** Asks the server whether it animates videos; the hint and the file dialog follow. */
  async function askForVideoSupport() {
    const { status, engines = [] } = await requestJson("api/health");
    if (status === "failed") return;
    if (status === "loading") {
      setTimeout(learnVideoSupport, RETRY_MS);
      return;
    }
    acceptsVideos = engines.includes("wav2lip");
    setMessage(dropHint, acceptsVideos ? "drop_picture_or_video" : "drop_picture_only");
    setMessage(chooseLabel, acceptsVideos ? "choose_picture_or_video" : "choose_picture");
    const kinds = acceptsVideos ? [config.pictures, config.videos] : [config.pictures];
    fileInput.accept = kinds.flatMap(({ types, endings }) => [...types, ...endings]).join();
    const error = own && checkFile(own.file); // it was chosen before the server had answered
    if (error) onError(error);
  }

  function learnVideoSupport() {
    catchApiError(askForVideoSupport, () => {}); // without an answer the server judges each file
  }

  /**
   * Adds a tile; `isMoving`: its source is a video.
   *
   * @param {string} value
   * @param {string} source
   * @param {() => string} describe its caption in the page's language
   */
  function addTile(value, source, describe, isMoving = false) {
    const radio = createElement("input", { type: "radio", name: "avatar", value });
    const picture = isMoving
      ? createElement("video", { src: source, muted: true, playsInline: true })
      : createElement("img", { src: source, alt: "" });
    const caption = createElement("span", { textContent: describe() });
    captions.set(caption, describe);
    const portrait = { source, isMoving };
    picture.addEventListener("error", () => { // a HEIC, an AVI, or no picture at all: the server will tell
      if (value === OWN && !own) return; // it was removed
      const placeholder = createPlaceholder(value === OWN && own ? own.file.name : describe());
      Object.assign(portrait, { source: placeholder, isMoving: false });
      if (value === OWN && own) Object.assign(own, { url: placeholder, isMoving: false });
      picture.replaceWith(createElement("img", { src: placeholder, alt: "" }));
      if (radio.checked) onSelect(portrait);
    }, { once: true });
    radio.addEventListener("change", () => {
      onError(null);
      onSelect(portrait);
    });
    tiles.append(createElement("label", { className: "tile" }, radio, picture, caption));
    return radio;
  }

  function removeOwnTile() {
    radioOf(OWN)?.parentElement?.remove(); // its address stays valid: a job may show it again
    own = null;
  }

  /**
   * Selects the user's own file, in place of an earlier one.
   *
   * @param {File} file
   */
  function take(file) {
    onError(null);
    const error = checkFile(file);
    if (error) {
      onError(error);
      return;
    }
    removeOwnTile();
    const isMoving = isOfKind(file, config.videos);
    own = { file, url: URL.createObjectURL(file), isMoving };
    addTile(OWN, own.url, () => translate(isMoving ? "own_video" : "own_picture"), isMoving).checked = true;
    onSelect({ source: own.url, isMoving });
  }

  fileInput.addEventListener("change", () => {
    const [file] = fileInput.files ?? [];
    fileInput.value = ""; // the same file may be chosen again
    if (file) take(file);
  });
  onLanguageChange(() => { for (const [caption, describe] of captions) caption.textContent = describe(); });

  return {
    take,
    select,
    /** Lists the server's portraits in place of what was listed. */
    async load() {
      const answer = await requestJson("api/avatars");
      tiles.replaceChildren();
      captions.clear();
      own = null;
      /** @type {{ name: string, titles: Titles }[]} */
      const avatars = answer.avatars;
      bundled = new Map(avatars.map(({ name, titles }) => [name, titles]));
      const serverDefault = { source: "api/avatar", isMoving: answer.default_moves };
      isDefaultVideo = answer.default_moves;
      if (answer.default === null) {
        addTile("", serverDefault.source, () => translate("server_default"), serverDefault.isMoving).checked = true;
      }
      for (const [name, titles] of bundled) {
        addTile(name, avatarUrl(name), () => localized(titles)).checked = name === answer.default;
      }
      defaultValue = answer.default ?? "";
      onSelect(serverDefault);
      learnVideoSupport();
    },
    isDefault: () => radioOf(defaultValue)?.checked ?? true,
    /** Selects the default, and forgets the user's own file. */
    reset() {
      removeOwnTile();
      select(defaultValue);
    },
    /**
     * What is selected: the name of an avatar, or the user's file with its address; and whether it is a video, also
     * one that this browser cannot show.
     *
     * @returns {{ isVideo: boolean } & (
     *   { avatar?: string, file?: undefined, url?: undefined } | { avatar?: undefined, file: File, url: string })}
     */
    selected() {
      const radio = /** @type {HTMLInputElement | null} */ (tiles.querySelector("input:checked"));
      if (radio?.value === OWN && own) {
        return { file: own.file, url: own.url, isVideo: isOfKind(own.file, config.videos) };
      }
      return { avatar: radio?.value, isVideo: isDefaultVideo && radio?.value === defaultValue };
    },
    /**
     * Address of the picture of a bundled avatar; null for another.
     *
     * @param {string} name
     */
    pictureOf: (name) => (bundled.has(name) ? avatarUrl(name) : null),
    /**
     * Title of an avatar; a portrait that is not bundled was uploaded.
     *
     * @param {string} name
     */
    titleOf(name) {
      const titles = bundled.get(name);
      return titles ? localized(titles) : translate("uploaded_picture");
    },
    /**
     * The user's own portrait, while it is selectable.
     *
     * @returns {Portrait | null}
     */
    own: () => (own ? { source: own.url, isMoving: own.isMoving } : null),
  };
}

/** @typedef {ReturnType<typeof createPortraits>} Portraits */
