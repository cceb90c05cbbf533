// What the page says, in the language that the person chose; numbers and times as that language writes them.

const facts = JSON.parse(document.getElementById("facts").textContent);

let language = facts.language;

/** What the server told the page: cookie, max_text, max_upload_mb. */
export { facts };

export const pageLanguage = () => language;

export const word = (key, values = {}) =>
  (facts.words[language][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

/** Whether there is such a word. */
export const hasWord = (key) => key in facts.words.en;

/** The word in each language, for what is said anew when the language changes. */
export const both = (key) => ({ en: facts.words.en[key], ru: facts.words.ru[key] });

export const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Seconds for a person: “3.7 s”, “12 s”, “2 min 5 s”. */
export const time = (seconds) => (seconds < 90
  ? word("seconds", { n: number(seconds, seconds < 10 && !Number.isInteger(seconds) ? 1 : 0) })
  : word("minutes", { n: number(Math.floor(seconds / 60)), s: number(Math.floor(seconds % 60)) }));

/** A moment: its time where it is today, else its day too; to the second where `seconds` is true. */
export function moment(date, { seconds = false } = {}) {
  const today = date.toDateString() === new Date().toDateString();
  const day = today ? {} : { day: "numeric", month: "short" };
  return new Intl.DateTimeFormat(language, { ...day, hour: "2-digit", minute: "2-digit", ...(seconds ? { second: "2-digit" } : {}) }).format(date);
}

/** What the language of this code is called in the page's language. */
export const languageName = (code) => new Intl.DisplayNames([language], { type: "language" }).of(code);

/** Say every word of `root` that is marked with data-word, -label or -placeholder. */
export function say(root = document) {
  for (const one of root.querySelectorAll("[data-word]")) one.textContent = word(one.dataset.word);
  for (const one of root.querySelectorAll("[data-word-label]")) one.setAttribute("aria-label", word(one.dataset.wordLabel));
  for (const one of root.querySelectorAll("[data-word-placeholder]")) one.placeholder = word(one.dataset.wordPlaceholder);
}

export function chooseLanguage(code) {
  language = code;
  document.documentElement.lang = code;
  document.cookie = `${facts.cookie}=${code}; path=${new URL(".", location.href).pathname}; max-age=31536000; samesite=lax`;
  say();
}
