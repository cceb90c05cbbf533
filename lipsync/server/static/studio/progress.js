// @ts-check
// The progress of a job: a bar, the current step, and the time that is left.

import { byId, setText } from "../shared/dom.js";
import { formatDuration, onLanguageChange, translate } from "../shared/i18n.js";
import { ProgressState, stepMessage } from "./progress-state.js";

const TICK_MS = 250;

/**
 * `announce` is called with each new sentence once, for screen readers: steps that alternate are not announced again.
 *
 * @param {{ announce: (sentence: string) => void }} listeners
 */
export function createProgress({ announce }) {
  const panel = byId("progress", HTMLElement);
  const bar = byId("bar", HTMLProgressElement);
  const stepText = byId("step", HTMLElement);
  const timeLeft = byId("time-left", HTMLElement);
  /** @type {ProgressState | null} */
  let state = null;
  let trouble = ""; // why the server cannot be asked
  /** @type {Set<string>} */
  let announced = new Set();
  let timer = 0;

  function tick() {
    if (!state) return;
    const now = performance.now();
    const sentence = trouble || translate(stepMessage(state.step(now)), { n: state.job.place ?? 1 });
    setText(stepText, sentence);
    if (!announced.has(sentence)) {
      announced.add(sentence);
      announce(sentence);
    }
    const left = state.secondsLeft(now);
    let estimate = "";
    if (left !== null && !trouble) {
      estimate = left > 0 ? translate("time_left", { time: formatDuration(left) }) : translate("taking_longer");
    }
    setText(timeLeft, estimate);
  }

  /** @param {import("./jobs.js").Job} job */
  function show(job) {
    if (state?.job.id !== job.id) {
      state = new ProgressState(job);
      announced = new Set();
    }
    trouble = "";
    state.update(job, performance.now());
    bar.value = job.progress;
    panel.hidden = false;
    timer ||= window.setInterval(tick, TICK_MS);
    tick();
  }

  onLanguageChange(tick);

  return {
    show,
    /** @param {string} sentence */
    showTrouble(sentence) {
      trouble = sentence;
      tick();
    },
    hide() {
      clearInterval(timer);
      timer = 0;
      state = null;
      panel.hidden = true;
    },
  };
}
