// Keeps the stage in view: all of it where the window is tall enough, else at least the whole portrait or video.

const SCROLL_KEYS = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " "]);

/** `stage` holds `frame`, the box of the portrait. Gives bring() and keep(). */
export function viewOf(stage, frame) {
  let scrolled = false; // whether the person has scrolled since bring()

  const release = () => { scrolled = true; };
  addEventListener("wheel", release, { passive: true });
  addEventListener("touchmove", release, { passive: true });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (SCROLL_KEYS.has(event.key) && !typing) release();
  });

  function scroll() {
    const gap = parseFloat(getComputedStyle(frame).scrollMarginTop) || 0;
    const fits = stage.offsetHeight + 2 * gap <= innerHeight;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    (fits ? stage : frame).scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
  }

  return {
    /** Scrolls to it: a person has just asked for a video. */
    bring() {
      scrolled = false;
      scroll();
    },
    /** Scrolls to it again after it has grown, unless the person has gone elsewhere since bring(). */
    keep() {
      if (!scrolled) scroll();
    },
  };
}
