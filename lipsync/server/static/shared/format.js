// @ts-check
// Numbers, durations, sizes and dates as a language writes them: pure functions over the browser's Intl.

/** @type {{ [language: string]: string[] }} Locales that write numbers alike, for browsers without data for a language. */
const SIMILAR_LOCALES = { kk: ["ru"] };

/**
 * The locales to format with, in order of preference.
 *
 * @param {string} language
 */
export const localesOf = (language) => [language, ...(SIMILAR_LOCALES[language] ?? [])];

/**
 * @param {string} language
 * @param {number} value
 * @param {number} [digits] after the decimal point
 */
export function formatNumber(language, value, digits = 0) {
  return value.toLocaleString(localesOf(language), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * A share of 1 in whole percent, rounded down: 100 % means finished.
 *
 * @param {string} language
 * @param {number} share
 */
export function formatPercent(language, share) {
  return (Math.floor(share * 100) / 100).toLocaleString(localesOf(language), { style: "percent" });
}

/**
 * @param {string} language
 * @param {"second" | "minute" | "hour" | "day" | "megabyte" | "gigabyte"} unit
 * @param {number} value
 * @param {number} [digits]
 */
function formatUnit(language, unit, value, digits = 0) {
  return value.toLocaleString(localesOf(language), {
    style: "unit",
    unit,
    unitDisplay: "short",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/**
 * A duration to read: tenths below 10 s ("3.7 sec"), seconds below 90 s, then minutes and seconds, hours and minutes, days.
 *
 * @param {string} language
 * @param {number} seconds
 */
export function formatDuration(language, seconds) {
  if (seconds < 90) {
    const digits = seconds < 9.95 && !Number.isInteger(seconds) ? 1 : 0;
    return formatUnit(language, "second", seconds, digits);
  }
  /** @type {(large: "minute" | "hour", small: "second" | "minute", value: number) => string} */
  const twoUnits = (large, small, value) =>
    `${formatUnit(language, large, Math.floor(value / 60))} ${formatUnit(language, small, value % 60)}`;
  if (seconds < 3600) return twoUnits("minute", "second", Math.floor(seconds));
  if (seconds < 172_800) return twoUnits("hour", "minute", Math.floor(seconds / 60));
  return formatUnit(language, "day", Math.floor(seconds / 86_400));
}

/**
 * Seconds with hundredths: for a table of timings.
 *
 * @param {string} language
 * @param {number} seconds
 */
export function formatSeconds(language, seconds) {
  return formatUnit(language, "second", seconds, 2);
}

/**
 * @param {string} language
 * @param {number} bytes
 */
export function formatBytes(language, bytes) {
  return bytes < 1e9 ? formatUnit(language, "megabyte", bytes / 1e6) : formatUnit(language, "gigabyte", bytes / 1e9, 1);
}

/**
 * A moment: its time, with the day before it where that is not today.
 *
 * @param {string} language
 * @param {Date} date
 * @param {{ seconds?: boolean, now?: Date }} [options] `seconds`: whether the time has them
 */
export function formatMoment(language, date, { seconds = false, now = new Date() } = {}) {
  /** @type {Intl.DateTimeFormatOptions} */
  const options = { hour: "2-digit", minute: "2-digit" };
  if (seconds) options.second = "2-digit";
  if (date.toDateString() !== now.toDateString()) Object.assign(options, { day: "numeric", month: "short" });
  return new Intl.DateTimeFormat(localesOf(language), options).format(date);
}

/**
 * Name of a language in another, e.g. "German"; its code where the browser does not know it.
 *
 * @param {string} language
 * @param {string} code
 */
export function formatLanguageName(language, code) {
  return new Intl.DisplayNames(localesOf(language), { type: "language" }).of(code) ?? code;
}
