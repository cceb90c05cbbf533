// The server's jobs: a video is asked for, followed until it has ended, cancelled, listed.

import { Problem, ask, askJson } from "./ask.js";

const POLL = 1000; // milliseconds between two questions, where events do not come through
const TROUBLE = 2000; // the same while the server cannot be reached

const ENDED = new Set(["done", "failed", "cancelled"]);
export const hasEnded = (job) => ENDED.has(job.state);

/** Where a job's things are; relative, so that the page also works below a prefix. */
export const address = (id, part = "") => `api/jobs/${id}${part}`;
export const videoOf = (id) => address(id, "/video");
export const downloadOf = (id) => address(id, "/video?download=1");

export const one = (id, options) => askJson(address(id), options);
export const recent = async () => (await askJson("api/jobs")).jobs;

/** Cancels a job; of one that has ended the server keeps nothing any more. One that is unknown is gone already. */
export async function drop(id) {
  try {
    return await askJson(address(id), { method: "DELETE" });
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) return null;
    throw problem;
  }
}

// randomUUID is there only with https or on this machine; this is everywhere.
const randomKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

let last = { identity: "", key: "" };

/**
 * Asks for a video. `identity` tells one wish from another: a wish that is sent twice, because nobody knows whether it
 * arrived or because the button was pressed twice, is one job.
 */
export function submit({ body, headers, identity }) {
  if (identity !== last.identity) last = { identity, key: randomKey() };
  return askJson("api/jobs", { method: "POST", body, headers: { ...headers, "Idempotency-Key": last.key } });
}

/** The next wish is a new job, also when it is the same: the last one has ended. */
export function submitAnew() {
  last = { identity: "", key: "" };
}

/**
 * Follows a job: `onJob` is called with it whenever it is another, last when it has ended. Server-sent events bring
 * it; while they do not come through, it is asked for. `onTrouble` is called with the Problem when that fails too,
 * and it goes on; `onGone` when there is no such job any more. Gives what ends it.
 */
export function follow(id, { onJob, onTrouble, onGone }) {
  const asked = new AbortController();
  let source = null;
  let timer = 0;
  let polling = false;
  let over = false;

  const stop = () => {
    over = true;
    clearTimeout(timer);
    source?.close();
    asked.abort();
  };

  const tell = (job) => {
    if (over) return;
    if (hasEnded(job)) stop();
    onJob(job);
  };

  async function look() {
    let wait = POLL;
    try {
      const job = await one(id, { signal: asked.signal });
      if (polling) tell(job);
    } catch (problem) {
      if (over) return;
      if (!(problem instanceof Problem)) throw problem;
      if (problem.status === 404) { stop(); onGone(problem); return; }
      onTrouble(problem);
      wait = TROUBLE;
    }
    if (polling && !over) timer = setTimeout(look, wait);
  }

  /** How it ended, in the language of the page: events speak the browser's. */
  async function ended(job) {
    source.close();
    const said = await one(id, { signal: asked.signal }).catch(() => job);
    tell(said);
  }

  function listen() {
    source = new EventSource(address(id, "/events"));
    source.addEventListener("job", (event) => {
      polling = false;
      clearTimeout(timer);
      const job = JSON.parse(event.data);
      if (hasEnded(job)) ended(job);
      else tell(job);
    });
    source.addEventListener("error", () => { // it tries again by itself, or has given up
      if (polling || over) return;
      polling = true;
      look();
    });
  }

  if (window.EventSource) listen();
  else { polling = true; look(); }
  return stop;
}

/** Why the video of a job that was done cannot be played: the server's sentence, or null when it can be had. */
export async function whyNoVideo(id) {
  try {
    await ask(videoOf(id), { headers: { Range: "bytes=0-0" } });
    return null;
  } catch (problem) {
    if (problem instanceof Problem) return problem.message;
    throw problem;
  }
}
