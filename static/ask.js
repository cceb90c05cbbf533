// One request to the server: its answer, or a sentence for the person who caused it.

import { pageLanguage, word } from "./words.js";

/** A sentence for a person; `code` is for programs, `status` is HTTP's, 0 when the server was not reached. */
export class Problem extends Error {
  constructor(sentence, code, status = 0) {
    super(sentence);
    this.code = code;
    this.status = status;
  }
}

let keyWanted = () => {};

/** `call` is called whenever the server asks for a key. */
export function onKeyWanted(call) {
  keyWanted = call;
}

/** What the server answers, or a Problem that says why it did not. An AbortError stays one. */
export async function ask(path, { headers = {}, ...options } = {}) {
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...headers, "Accept-Language": pageLanguage() } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(word("network"), "network");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({})); // a proxy before the server answers in HTML
  if (response.status === 401 && path !== "login") keyWanted();
  throw new Problem(said.error ?? word("server", { status: response.status }), said.code ?? "", response.status);
}

/** The same, when the answer is JSON. A proxy's page in its place is a Problem too. */
export async function askJson(path, options) {
  const response = await ask(path, options);
  return response.json().catch(() => { throw new Problem(word("server", { status: response.status }), "", response.status); });
}

/** Runs `work`; a Problem goes to `show`, anything else is a mistake of ours and stays one. */
export async function trying(work, show) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    show(error);
    return undefined;
  }
}
