// What was said in which video, kept in this browser: the server forgets a text when its job has ended.

const PLACE = "lipsync.videos";
const MOST = 100;
const LONGEST = 160; // characters

let here = {}; // where storage is switched off: until the page is closed

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE) ?? "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return here;
  }
}

function write(kept) {
  here = Object.fromEntries(Object.entries(kept).slice(-MOST)); // the oldest come first
  try { localStorage.setItem(PLACE, JSON.stringify(here)); } catch { /* as above */ }
}

/** Whether this browser asked for the job. */
export const isOurs = (id) => id in read();

/** The first words of its text, or "". */
export const wordsOf = (id) => String(read()[id] ?? "");

export function remember(id, text) {
  const words = [...text.trim().replace(/\s+/g, " ")];
  write({ ...read(), [id]: words.length > LONGEST ? `${words.slice(0, LONGEST).join("")}…` : words.join("") });
}

export function forget(id) {
  const { [id]: _, ...rest } = read();
  write(rest);
}
