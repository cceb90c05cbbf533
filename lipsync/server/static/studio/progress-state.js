// @ts-check
// What the progress of a job shows: the step, and the estimated time. Pure: the caller passes the clock.

/** @typedef {import("./jobs.js").Job} Job */

const STEPS = ["queued", "portrait", "speech", "render", "finish"];
const STEP_BACK_MS = 1500; // speech and render alternate, sentence by sentence: a short step back is not shown
const STEADY_SHARE = 0.15; // a new estimate that differs by less from the old one is not shown
const MIN_CHANGE_S = 1;

/** @param {Job} job */
const stepOf = ({ state, stage }) => (state === "queued" ? "queued" : stage);

/** One job's progress. Times are milliseconds of a clock that does not jump. */
export class ProgressState {
  #step;
  #stepBackSince = 0; // when an earlier step was first reported; 0: none is
  /** @type {number | null} */
  #end = null;
  /** @type {Job} */
  #job;

  /** @param {Job} job */
  constructor(job) {
    this.#job = job;
    this.#step = stepOf(job);
  }

  get job() {
    return this.#job;
  }

  /**
   * @param {Job} job
   * @param {number} now
   */
  update(job, now) {
    this.#job = job;
    if (job.seconds_left === null) {
      this.#end = null;
      return;
    }
    const left = this.#end === null ? null : (this.#end - now) / 1000;
    if (left !== null && Math.abs(job.seconds_left - left) < Math.max(MIN_CHANGE_S, STEADY_SHARE * left)) return;
    this.#end = now + job.seconds_left * 1000;
  }

  /**
   * The step to show: "queued", "portrait", "speech", "render", "finish", or another name the server sent.
   *
   * @param {number} now
   */
  step(now) {
    const reported = stepOf(this.#job);
    if (reported === this.#step) {
      this.#stepBackSince = 0;
      return this.#step;
    }
    this.#stepBackSince ||= now;
    const isBack = STEPS.indexOf(reported) < STEPS.indexOf(this.#step);
    if (isBack && reported !== "queued" && now - this.#stepBackSince < STEP_BACK_MS) return this.#step;
    this.#step = reported;
    this.#stepBackSince = 0;
    return this.#step;
  }

  /**
   * Whole seconds until the estimated end; 0 or less where it takes longer; null without an estimate.
   *
   * @param {number} now
   */
  secondsLeft(now) {
    return this.#end === null ? null : Math.ceil((this.#end - now) / 1000);
  }
}

/**
 * The key of the message for a step.
 *
 * @param {string} step
 */
export const stepMessage = (step) => (STEPS.includes(step) ? `step_${step}` : "working");
