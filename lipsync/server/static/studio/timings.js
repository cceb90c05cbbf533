// @ts-check
// The table of timings below a finished video.

import { createElement } from "../shared/dom.js";
import { formatSeconds, hasMessage, translate } from "../shared/i18n.js";

const ORDER = ["wait", "portrait", "speech", "track", "render", "encode", "first_frame", "total"];
const MIN_WAIT_S = 0.05; // a shorter wait in the queue is not shown

/**
 * The stages to show, in order.
 *
 * @param {{ [stage: string]: number }} timings seconds
 */
export function sortTimings(timings) {
  return Object.entries(timings)
    .filter(([stage, seconds]) => stage !== "wait" || seconds >= MIN_WAIT_S)
    .sort(([first], [second]) => ORDER.indexOf(first) - ORDER.indexOf(second));
}

/**
 * @param {HTMLElement} list
 * @param {{ [stage: string]: number }} timings seconds
 */
export function showTimings(list, timings) {
  const stages = sortTimings(timings);
  const longest = Math.max(...stages.map(([, seconds]) => seconds), 0.001);
  list.replaceChildren(...stages.map(([stage, seconds]) => {
    const row = createElement(
      "div",
      {},
      createElement("dt", { textContent: hasMessage(`stage_${stage}`) ? translate(`stage_${stage}`) : stage }),
      createElement("dd", { textContent: formatSeconds(seconds) }),
    );
    row.classList.toggle("total", stage === "total");
    row.classList.toggle("moment", stage === "first_frame");
    row.style.setProperty("--share", String(seconds / longest));
    return row;
  }));
}
