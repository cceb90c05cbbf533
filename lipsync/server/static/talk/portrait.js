// @ts-check
// The portrait on the stage: its picture, under the films of its answers.

import { byId } from "../shared/dom.js";

/** @typedef {{ avatar: string | null }} Persona */

export function createPortrait() {
  const stage = byId("stage", HTMLElement);
  const still = byId("still", HTMLImageElement);
  const films = /** @type {HTMLVideoElement[]} */ ([...stage.querySelectorAll("video.film")]);

  /**
   * @param {number} width
   * @param {number} height
   */
  function setShape(width, height) {
    if (!width || !height) return;
    stage.style.aspectRatio = `${width} / ${height}`;
    stage.style.setProperty("--ratio", String(width / height));
  }

  still.addEventListener("load", () => setShape(still.naturalWidth, still.naturalHeight));
  for (const film of films) film.addEventListener("loadedmetadata", () => setShape(film.videoWidth, film.videoHeight));

  return {
    films,
    /** @param {Persona} persona */
    show({ avatar }) {
      still.src = avatar === null ? "api/avatar" : `api/avatars/${encodeURIComponent(avatar)}`;
      this.showFilm(null);
    },
    /**
     * Fades to this film, which plays; null: to the portrait at rest.
     *
     * @param {HTMLVideoElement | null} film
     */
    showFilm(film) {
      for (const one of films) one.classList.toggle("shown", one === film);
    },
  };
}
