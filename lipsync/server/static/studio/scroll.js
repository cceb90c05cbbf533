// @ts-check
// Keeps the stage in view: all of it where the window is tall enough, else at least the whole portrait or video.

const SCROLL_KEYS = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " "]);

/**
 * `frame` is the part of `stage` that holds the portrait or video.
 *
 * @param {HTMLElement} stage
 * @param {HTMLElement} frame
 */
export function createStageScroller(stage, frame) {
  let hasUserScrolled = false; // since scrollIntoView()

  const noteScrolling = () => { hasUserScrolled = true; };
  addEventListener("wheel", noteScrolling, { passive: true });
  addEventListener("touchmove", noteScrolling, { passive: true });
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select");
    if (SCROLL_KEYS.has(event.key) && !isTyping) noteScrolling();
  });

  function scroll() {
    const margin = parseFloat(getComputedStyle(frame).scrollMarginTop) || 0;
    const isStageFitting = stage.offsetHeight + 2 * margin <= innerHeight;
    const reducesMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const target = isStageFitting ? stage : frame;
    target.scrollIntoView({ behavior: reducesMotion ? "auto" : "smooth", block: "nearest" });
  }

  return {
    /** Scrolls to the stage: the user has just requested a video. */
    scrollIntoView() {
      hasUserScrolled = false;
      scroll();
    },
    /** Scrolls again after the stage has grown, unless the user has scrolled since scrollIntoView(). */
    keepInView() {
      if (!hasUserScrolled) scroll();
    },
  };
}
