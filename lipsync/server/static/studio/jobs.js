// @ts-check
// The jobs of the API: a video is requested, followed until it has ended, cancelled, listed.

import { ApiError, request, requestJson } from "../shared/http.js";

const POLL_MS = 1000; // between two requests, where server-sent events do not arrive
const RETRY_MS = 2000; // the same while the server cannot be reached

/** @typedef {{ error: string, code: string, field?: string | null }} JobError */
/** @typedef {{ engine: string, reason: string, sentence: string, piece: number, voice: string }} VoiceFallback */

/**
 * @typedef {object} Job What the page reads of the API's schema JobAnswer.
 * @property {string} id
 * @property {"queued" | "running" | "done" | "failed" | "cancelled"} state
 * @property {string} stage
 * @property {number} progress 0 to 1
 * @property {number | null} place position in the queue
 * @property {number | null} seconds_left
 * @property {string} created
 * @property {string | null} started
 * @property {string | null} ended
 * @property {string} avatar
 * @property {string} language
 * @property {number} characters
 * @property {number | null} duration seconds of video
 * @property {VoiceFallback[]} fallbacks
 * @property {{ sentence: string } | null} [avatar_part]
 * @property {{ [stage: string]: number }} timings seconds
 * @property {JobError | null} error
 * @property {{ stream: string | null, subtitles: string | null }} [links]
 */

/** @typedef {{ body: BodyInit, headers: { [name: string]: string }, identity: string }} VideoRequest */

const ENDED = new Set(["done", "failed", "cancelled"]);

/** @param {Job} job */
export const hasEnded = (job) => ENDED.has(job.state);

/**
 * Whether the background is transparent. The video is a WebM then, which cannot be watched while it is rendered.
 *
 * @param {Job} job
 */
export const isTransparent = ({ links }) => links?.stream === null;

/**
 * Address of a job or of a part of it.
 *
 * @param {string} id
 */
export const jobUrl = (id, part = "") => `api/jobs/${id}${part}`;
/** @param {string} id */
export const streamUrl = (id) => jobUrl(id, "/stream");
/** @param {string} id */
export const videoUrl = (id) => jobUrl(id, "/video");
/** @param {string} id */
export const downloadUrl = (id) => jobUrl(id, "/video?download=1");
/** @param {string} id */
export const subtitlesUrl = (id) => jobUrl(id, "/subtitles");

/**
 * @param {string} id
 * @param {RequestInit} [options]
 * @returns {Promise<Job>}
 */
export const getJob = (id, options) => requestJson(jobUrl(id), options);

/** @returns {Promise<Job[]>} */
export const listJobs = async () => (await requestJson("api/jobs")).jobs;

/**
 * Cancels a job that has not ended, deletes one that has. Null where the server does not know the job: it is gone.
 *
 * @param {string} id
 * @returns {Promise<Job | null>}
 */
export async function deleteJob(id) {
  try {
    return await requestJson(jobUrl(id), { method: "DELETE" });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** 128 random bits; crypto.randomUUID exists in secure contexts only. */
const randomKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

let lastRequest = { identity: "", key: "" };

/**
 * Requests a video. A request with the same `identity` as the last one gets the same job: when its response was lost, or
 * the button was pressed twice.
 *
 * @param {VideoRequest} videoRequest
 * @returns {Promise<Job>}
 */
export function submitJob({ body, headers, identity }) {
  if (identity !== lastRequest.identity) lastRequest = { identity, key: randomKey() };
  return requestJson("api/jobs", { method: "POST", body, headers: { ...headers, "Idempotency-Key": lastRequest.key } });
}

/** The next request gets a new job, even if it is the same: the last job has ended. */
export function resetIdempotencyKey() {
  lastRequest = { identity: "", key: "" };
}

/**
 * Follows a job by server-sent events, and by polling while they do not arrive. `onUpdate` is called with each new
 * state, the last of which has ended; `onTrouble` with the error when polling fails too, after which it goes on;
 * `onGone` when the server does not know the job. Returns a function that stops.
 *
 * @param {string} id
 * @param {{ onUpdate: (job: Job) => void, onTrouble: (error: ApiError) => void, onGone: (error: ApiError) => void }} listeners
 */
export function followJob(id, { onUpdate, onTrouble, onGone }) {
  const controller = new AbortController();
  const source = new EventSource(jobUrl(id, "/events"));
  let timer = 0;
  let isPolling = false;
  let isStopped = false;

  function stop() {
    isStopped = true;
    clearTimeout(timer);
    source.close();
    controller.abort();
  }

  /** @param {Job} job */
  function update(job) {
    if (isStopped) return;
    if (hasEnded(job)) stop();
    onUpdate(job);
  }

  async function poll() {
    let wait = POLL_MS;
    try {
      const job = await getJob(id, { signal: controller.signal });
      if (isPolling) update(job);
    } catch (error) {
      if (isStopped) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 404) {
        stop();
        onGone(error);
        return;
      }
      onTrouble(error);
      wait = RETRY_MS;
    }
    if (isPolling && !isStopped) timer = window.setTimeout(poll, wait);
  }

  /**
   * Events are in the browser's language: the final state is requested in the page's.
   *
   * @param {Job} job
   */
  async function finish(job) {
    source.close();
    update(await getJob(id, { signal: controller.signal }).catch(() => job));
  }

  source.addEventListener("job", (event) => {
    isPolling = false;
    clearTimeout(timer);
    const job = JSON.parse(event.data);
    if (hasEnded(job)) finish(job);
    else update(job);
  });
  source.addEventListener("error", () => { // EventSource reconnects by itself, or has given up
    if (isPolling || isStopped) return;
    isPolling = true;
    poll();
  });
  return stop;
}

/**
 * Why the video of a finished job cannot be played: the server's sentence, or null when the server has the video.
 *
 * @param {string} id
 */
export async function findVideoError(id) {
  try {
    await request(videoUrl(id), { headers: { Range: "bytes=0-0" } });
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    throw error;
  }
}
