// @ts-check
// What the attributes of <lipsync-avatar> mean: pure.

/** Values of the attribute `mode` that are built. */
export const MODES = ["video"];

/**
 * Address of the server with a slash at its end, so that relative addresses are below its path. Throws TypeError for
 * anything but http and https.
 *
 * @param {string | null} attribute
 * @param {string} fallback
 * @param {string} page address of the page
 */
export function serverBase(attribute, fallback, page) {
  const address = new URL(attribute?.trim() || fallback, page);
  if (address.protocol !== "http:" && address.protocol !== "https:") throw new TypeError(`not an address of a server: ${address}`);
  address.search = "";
  address.hash = "";
  if (!address.pathname.endsWith("/")) address.pathname += "/";
  return address.href;
}

/**
 * The first of these languages that is available, by its main part: "ru" for "ru-RU". English where none is.
 *
 * @param {(string | null | undefined)[]} wanted BCP 47 tags
 * @param {string[]} available
 */
export function pickLanguage(wanted, available) {
  for (const tag of wanted) {
    const code = tag?.toLowerCase().split("-")[0];
    if (code && available.includes(code)) return code;
  }
  return "en";
}

/**
 * Whether a boolean attribute is set. "false" and "off" count as not set: frameworks write them.
 *
 * @param {string | null} attribute
 */
export const isOn = (attribute) => attribute !== null && attribute !== "false" && attribute !== "off";
