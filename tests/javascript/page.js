// @ts-check
// What modules of the page expect of a browser, for tests in Node.

/** A localStorage that lives in memory, or one that refuses everything. */
export function installStorage({ isRefused = false } = {}) {
  /** @type {Map<string, string>} */
  const items = new Map();
  const check = () => {
    if (isRefused) throw new DOMException("refused", "SecurityError");
  };
  const storage = {
    getItem(/** @type {string} */ key) {
      check();
      return items.get(key) ?? null;
    },
    setItem(/** @type {string} */ key, /** @type {string} */ value) {
      check();
      items.set(key, String(value));
    },
    removeItem(/** @type {string} */ key) {
      check();
      items.delete(key);
    },
  };
  Object.defineProperty(globalThis, "localStorage", { value: storage, configurable: true });
  return items;
}

/**
 * The part of a page that modules read when they are loaded: its configuration.
 *
 * @param {object} config
 */
export function installPage(config) {
  const element = { textContent: JSON.stringify(config) };
  const page = { getElementById: (/** @type {string} */ id) => (id === "page-config" ? element : null), addEventListener() {} };
  Object.defineProperty(globalThis, "document", { value: page, configurable: true });
  Object.defineProperty(globalThis, "addEventListener", { value: () => {}, configurable: true });
}
