// @ts-check
// <lipsync-avatar>: a talking portrait for pages of other sites. docs/embed.md describes it.

import { isOn, MODES, serverBase } from "./embed/options.js";
import { styleSheet } from "./embed/style.js";
import { createWidget } from "./embed/widget.js";

const NAME = "lipsync-avatar";
const SERVER = new URL("../", import.meta.url).href; // below a proxy's path: with that path
const REBUILDING = ["server", "persona", "mode", "language", "poster"]; // attributes whose change begins anew
const TEXTS = { server: "server", persona: "persona", mode: "mode", language: "language", poster: "poster", ticket: "ticket", ticketUrl: "ticket-url" };
const SWITCHES = ["microphone", "muted", "autoconnect"];

/** Runs `work` when the scripts of the page have run, so that their listeners hear it. */
function afterScripts(/** @type {() => void} */ work) {
  if (document.readyState === "complete") {
    setTimeout(work);
    return;
  }
  let isDone = false;
  const once = () => {
    if (!isDone) work();
    isDone = true;
  };
  document.addEventListener("DOMContentLoaded", once, { once: true });
  addEventListener("load", once, { once: true });
}

class LipsyncAvatar extends HTMLElement {
  static observedAttributes = [...Object.values(TEXTS), ...SWITCHES];

  /** @type {import("./embed/widget.js").Widget | null} */
  #widget = null;
  #root = this.attachShadow({ mode: "open" });
  #isBuilt = false;
  #isChanged = false;

  constructor() {
    super();
    this.#root.adoptedStyleSheets = [styleSheet()];
  }

  connectedCallback() {
    if (!this.#isBuilt) this.#build();
  }

  disconnectedCallback() {
    queueMicrotask(() => { if (!this.isConnected) this.#destroy(); }); // it may only have been moved
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} value
   */
  attributeChangedCallback(name, before, value) {
    if (before === value || !this.#isBuilt) return; // an upgrade tells all attributes before it connects
    if (name === "muted") this.#widget?.setMuted(isOn(value));
    else if (name === "microphone") this.#widget?.setMicrophone(isOn(value));
    else if (name === "autoconnect" && isOn(value)) this.#widget?.connect();
    if (!REBUILDING.includes(name) || this.#isChanged) return;
    this.#isChanged = true;
    queueMicrotask(() => { // several attributes may change one after the other
      this.#isChanged = false;
      this.#destroy();
      if (this.isConnected) this.#build();
    });
  }

  // --- methods

  /**
   * Asks the persona; fulfilled when its answer was heard or interrupted.
   *
   * @param {string} text
   */
  async ask(text) { return this.#ready().ask(checkText(text)); }

  /**
   * Speaks this text as it is; fulfilled when it was heard or interrupted.
   *
   * @param {string} text
   */
  async say(text) { return this.#ready().say(checkText(text)); }

  /** Stops the answer. */
  interrupt() { this.#widget?.interrupt(); }

  /** Opens the microphone for one turn; fulfilled when the person is heard. */
  async listen() { return this.#ready().listen(); }

  /** Ends the turn; fulfilled with what was heard, "" where there were no words. */
  async stopListening() { return this.#ready().stopListening(); }

  /** Begins the conversation, as the button does. */
  connect() { this.#widget?.connect(); }

  // --- inside

  #ready() {
    if (!this.#widget) throw new DOMException(`<${NAME}> is not in a document, or its attributes are wrong`, "InvalidStateError");
    return this.#widget;
  }

  #build() {
    this.#isBuilt = true;
    const text = (/** @type {string} */ name) => this.getAttribute(name) ?? "";
    const mode = text("mode") || "video";
    if (!MODES.includes(mode)) {
      this.#refuse("unsupported_mode", `The mode “${mode}” is not available. Available: ${MODES.join(", ")}.`);
      return;
    }
    let base;
    try {
      base = serverBase(this.getAttribute("server"), SERVER, document.baseURI);
    } catch {
      this.#refuse("bad_server", `The attribute “server” is not an address with http or https: ${text("server")}`);
      return;
    }
    const widget = createWidget(this.#root, {
      base,
      persona: text("persona"),
      language: text("language"),
      pageLanguage: this.closest("[lang]")?.getAttribute("lang") ?? "",
      poster: text("poster") && new URL(text("poster"), document.baseURI).href,
      tickets: () => ({ ticket: text("ticket"), ticketUrl: text("ticket-url") }),
      emit: (type, detail) => this.#emit(type, detail),
    });
    this.#widget = widget;
    widget.setMuted(isOn(this.getAttribute("muted")));
    widget.setMicrophone(isOn(this.getAttribute("microphone")));
    if (isOn(this.getAttribute("autoconnect"))) afterScripts(() => { if (this.#widget === widget) widget.connect(); });
  }

  #destroy() {
    this.#widget?.destroy();
    this.#widget = null;
    this.#isBuilt = false;
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  #refuse(code, message) {
    const line = document.createElement("p");
    line.setAttribute("part", "error");
    line.setAttribute("role", "alert");
    line.className = "error";
    line.textContent = message;
    this.#root.replaceChildren(line);
    afterScripts(() => this.#emit("error", { code, message }));
  }

  /**
   * @param {string} type
   * @param {object} detail
   */
  #emit(type, detail) {
    if (type === "error") console.error(`<${NAME}>:`, /** @type {any} */ (detail).message);
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {unknown} text */
function checkText(text) {
  if (typeof text !== "string" || !text.trim()) throw new TypeError("a text is needed");
  return text.trim();
}

for (const [property, attribute] of Object.entries(TEXTS)) {
  Object.defineProperty(LipsyncAvatar.prototype, property, {
    get() { return this.getAttribute(attribute) ?? ""; },
    set(value) {
      if (value === null || value === undefined) this.removeAttribute(attribute);
      else this.setAttribute(attribute, String(value));
    },
  });
}
for (const property of SWITCHES) {
  Object.defineProperty(LipsyncAvatar.prototype, property, {
    get() { return isOn(this.getAttribute(property)); },
    set(value) { this.toggleAttribute(property, Boolean(value)); },
  });
}

if (!customElements.get(NAME)) customElements.define(NAME, LipsyncAvatar);
