// @ts-check
// The texts of the videos that this browser requested, in localStorage: the server deletes a text when its job has ended.

const STORAGE_KEY = "lipsync.videos";
const MAX_VIDEOS = 100;
const MAX_CHARACTERS = 160;

/** @type {{ [id: string]: string }} */
let fallback = {}; // where storage is refused: until the page is closed

function read() {
  try {
    const stored = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
    return stored && typeof stored === "object" && !Array.isArray(stored) ? stored : {};
  } catch {
    return fallback;
  }
}

/** @param {{ [id: string]: string }} texts the oldest first */
function write(texts) {
  fallback = Object.fromEntries(Object.entries(texts).slice(-MAX_VIDEOS));
  try { localStorage.setItem(STORAGE_KEY, JSON.stringify(fallback)); } catch { /* storage is refused or full */ }
}

/**
 * Whether this browser requested the job.
 *
 * @param {string} id
 */
export const isOwnJob = (id) => Object.hasOwn(read(), id);

/**
 * The beginning of the job's text, or "".
 *
 * @param {string} id
 */
export const textOf = (id) => (isOwnJob(id) ? String(read()[id]) : "");

/**
 * @param {string} id
 * @param {string} text
 */
export function rememberText(id, text) {
  const characters = [...text.trim().replace(/\s+/g, " ")];
  const beginning = characters.slice(0, MAX_CHARACTERS).join("");
  write({ ...read(), [id]: characters.length > MAX_CHARACTERS ? `${beginning}…` : beginning });
}

/** @param {string} id */
export function forgetText(id) {
  const { [id]: _, ...others } = read();
  write(others);
}
