// @ts-check
// The portrait on the stage: its picture, over it the loop that fits what it does, over that the films of its answers.

import { loopOf } from "./avatar-addresses.js";

/** @typedef {import("./avatar-addresses.js").Persona} Persona */
/** @typedef {import("./state.js").Phase} Phase */
/** @typedef {"idle" | "listening" | "thinking"} LoopKind */

/** @type {{ [phase in Phase]?: LoopKind }} */
const LOOPS = { hearing: "listening", thinking: "thinking" }; // idle in all other phases

const RETRY_MS = 5000; // after a loop could not be loaded: the server may be starting
const MAX_RETRIES = 12;
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @typedef {object} PortraitOptions
 * @property {string} base address of the server, with a slash at its end; "": the page's own
 * @property {(persona: Persona) => string} pictureOf address of a persona's picture
 * @property {boolean} isEager whether a loop is loaded before the conversation begins
 * @property {HTMLImageElement} [backdrop] shows the same picture behind the stage
 * @property {AbortSignal} [signal] ends the listening to the reader's settings
 */

/**
 * @param {HTMLElement} stage holds an image, videos of the class "film", and videos of the class "loop" with their kinds
 * @param {PortraitOptions} options
 */
export function createPortrait(stage, { base, pictureOf, isEager, backdrop, signal }) {
  const still = /** @type {HTMLImageElement} */ (stage.querySelector("img"));
  const films = /** @type {HTMLVideoElement[]} */ ([...stage.querySelectorAll("video.film")]);
  const loops = new Map(/** @type {HTMLVideoElement[]} */ ([...stage.querySelectorAll("video.loop")])
    .map((video) => [/** @type {LoopKind} */ (video.dataset.kind), video]));
  /** @type {Persona | null} */
  let persona = null;
  /** @type {HTMLVideoElement | null} */
  let film = null;
  /** @type {LoopKind} */
  let target = "idle";
  /** @type {LoopKind | null} */
  let shown = null;
  let retries = 0;
  let isTalking = false; // the conversation has begun: all loops are loaded

  /**
   * @param {number} width
   * @param {number} height
   */
  function setShape(width, height) {
    if (!width || !height) return;
    stage.style.aspectRatio = `${width} / ${height}`;
    stage.style.setProperty("--ratio", String(width / height));
  }

  // --- loops

  const isLoaded = (/** @type {LoopKind} */ kind) => (loops.get(kind)?.readyState ?? 0) >= HTMLMediaElement.HAVE_FUTURE_DATA;

  /** Requests the next loop that is missing: the server draws one at a time. */
  function load() {
    if (!persona || stillness.matches) return;
    for (const [kind, video] of loops) {
      if (isLoaded(kind)) continue;
      if (!video.hasAttribute("src") && ((kind === "idle" && isEager) || isTalking)) {
        video.src = base + loopOf(persona, kind);
      }
      return;
    }
  }

  /** Fades to the loop of the phase, from its beginning, where the face is at rest; to idle while it is not loaded. */
  function showLoop() {
    const kind = isLoaded(target) ? target : isLoaded("idle") ? "idle" : null;
    const next = kind && loops.get(kind);
    if (next && (kind !== shown || next.paused)) {
      next.currentTime = 0;
      next.play().catch(() => {}); // what saves energy may forbid it: the picture stays
    }
    shown = kind;
    for (const [other, video] of loops) video.classList.toggle("shown", other === kind);
  }

  function unload() {
    for (const video of loops.values()) {
      video.removeAttribute("src");
      video.load();
      video.classList.remove("shown");
    }
    shown = null;
  }

  still.addEventListener("load", () => setShape(still.naturalWidth, still.naturalHeight));
  for (const video of [...films, ...loops.values()]) {
    video.addEventListener("loadedmetadata", () => setShape(video.videoWidth, video.videoHeight));
  }
  for (const video of loops.values()) {
    video.addEventListener("canplay", () => {
      if (!film) showLoop();
      load();
    });
    video.addEventListener("error", () => {
      if (!video.hasAttribute("src") || retries >= MAX_RETRIES) return;
      retries += 1;
      setTimeout(() => {
        video.removeAttribute("src");
        load();
      }, RETRY_MS);
    });
    video.addEventListener("transitionend", () => { if (!video.classList.contains("shown")) video.pause(); });
  }
  stillness.addEventListener("change", () => {
    if (stillness.matches) unload();
    else load();
  }, { signal });

  return {
    films,
    /** Ends the loading and playing of loops. */
    destroy() {
      persona = null;
      unload();
    },
    /** @param {Persona} chosen */
    show(chosen) {
      if (persona?.avatar !== chosen.avatar || !persona) unload();
      persona = chosen;
      retries = 0;
      still.src = pictureOf(chosen);
      if (backdrop) backdrop.src = still.src;
      load();
    },
    /**
     * The loop that fits this phase is shown while nobody speaks.
     *
     * @param {Phase} phase
     */
    setPhase(phase) {
      target = LOOPS[phase] ?? "idle";
      isTalking ||= phase !== "idle";
      load();
      if (!film && target !== shown) showLoop();
    },
    /**
     * Fades to this film, which plays; null: to the portrait at rest.
     *
     * @param {HTMLVideoElement | null} next
     */
    showFilm(next) {
      const wasShown = film !== null;
      film = next;
      for (const one of films) one.classList.toggle("shown", one === film);
      if (film) for (const loop of loops.values()) loop.pause();
      else if (wasShown) {
        shown = null; // begins anew
        showLoop();
      }
    },
  };
}
