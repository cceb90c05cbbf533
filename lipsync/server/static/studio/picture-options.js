// @ts-check
// The section “Picture”: shape of the video, part of the picture that it shows, and background. A video as the avatar
// keeps its own: the server refuses these fields for it, so they are hidden then, and not sent.

import { config } from "../shared/config.js";
import { byId, selectIfPresent } from "../shared/dom.js";
import { ApiError } from "../shared/http.js";
import { translate } from "../shared/i18n.js";
import { findBackgroundError } from "./portrait-files.js";

/** @typedef {import("./request-fields.js").Framing} Framing */
/** @typedef {import("./request-fields.js").Upload} Upload */
/** @typedef {{ [name in keyof Framing]: unknown }} StoredFraming */

const COLOR = "color"; // value of the list: the colour stands in the input beside it
const PICTURE = "picture"; // the picture is a file of the user's own
const TRANSPARENT = "transparent";
const COLOR_PATTERN = /^#[0-9a-f]{6}$/i;

/**
 * `onImageError` is called with a sentence when a file cannot be the picture behind the person, and with "" when another
 * file or another background is chosen.
 *
 * @param {{ onImageError: (sentence: string) => void }} listeners
 */
export function createPictureOptions({ onImageError }) {
  const section = byId("picture", HTMLDetailsElement);
  const size = byId("size", HTMLSelectElement);
  const frame = byId("frame-of-picture", HTMLSelectElement);
  const background = byId("background", HTMLSelectElement);
  const color = byId("background-color", HTMLInputElement);
  const imageInput = byId("background-image", HTMLInputElement);
  const imageName = byId("background-image-name", HTMLElement);
  const transparentHint = byId("transparent-hint", HTMLElement);
  const lists = [size, frame, background];
  let isVideo = false;
  /** @type {Upload | null} */
  let image = null;
  let chosenImages = 0; // their number tells one from another, also when they have the same name

  /** Shows what belongs to the chosen background. */
  function showBackground() {
    color.hidden = background.value !== COLOR;
    byId("background-file", HTMLElement).hidden = background.value !== PICTURE;
    transparentHint.hidden = background.value !== TRANSPARENT;
    const hints = transparentHint.hidden ? "picture-hint" : "transparent-hint picture-hint";
    background.setAttribute("aria-describedby", hints); // hidden hints would be read out too
  }

  /** @param {File | null} file */
  function setImage(file) {
    chosenImages += 1;
    image = file && { file, id: String(chosenImages) };
    imageName.textContent = file?.name ?? "";
  }

  /** @param {File} file */
  function takeImage(file) {
    const error = findBackgroundError(file, { pictures: config.pictures, maxBytes: config.max_upload_mb * 1e6 });
    setImage(error ? null : file);
    onImageError(error ? translate(`error_${error}`, { limit: config.max_upload_mb }) : "");
  }

  /** @returns {Framing} what is chosen; "" where the picture's own stays */
  const state = () => ({
    size: size.value,
    frame: frame.value,
    background: background.value === COLOR ? color.value : background.value,
  });

  const isChosen = () => lists.some((list) => list.value !== "");

  background.addEventListener("input", () => {
    showBackground();
    onImageError("");
  });
  imageInput.addEventListener("change", () => {
    const [file] = imageInput.files ?? [];
    imageInput.value = ""; // the same file may be chosen again
    if (file) takeImage(file);
  });

  return {
    state,
    isChosen,
    /** The fields of a request: those that are chosen, and none for a video. */
    fields: () => (isVideo ? {} : state()),
    /** The picture behind the person, where that is the background. Throws ApiError where no file was chosen. */
    backgroundImage() {
      if (isVideo || background.value !== PICTURE) return null;
      if (!image) throw new ApiError(translate("background_image_missing"), { field: "background_image" });
      return image;
    },
    open() { section.open = true; },
    /** @param {boolean} selectedIsVideo the portrait that is selected now is a video */
    portraitSelected(selectedIsVideo) {
      isVideo = selectedIsVideo;
      byId("picture-fields", HTMLElement).hidden = isVideo;
      byId("picture-of-video", HTMLElement).hidden = !isVideo;
    },
    /**
     * Restores a state(); what was chosen since the page was opened stays. The picture behind the person is not stored.
     *
     * @param {Partial<StoredFraming>} stored
     */
    restore(stored) {
      if (!size.value) selectIfPresent(size, stored.size);
      if (!frame.value) selectIfPresent(frame, stored.frame);
      if (!background.value) {
        if (typeof stored.background === "string" && COLOR_PATTERN.test(stored.background)) {
          background.value = COLOR;
          color.value = stored.background;
        } else selectIfPresent(background, stored.background);
      }
      if (isChosen()) section.open = true;
      showBackground();
    },
    reset() {
      for (const list of lists) list.value = "";
      color.value = color.defaultValue;
      setImage(null);
      showBackground();
    },
  };
}
