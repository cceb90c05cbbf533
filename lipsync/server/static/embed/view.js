// @ts-check
// The elements in the shadow tree of <lipsync-avatar>. Their `part` is for style sheets of the page.

import { createElement } from "../shared/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const MICROPHONE = "M12 14a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3Zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.92V21h2v-3.08A7 7 0 0 0 19 11h-2Z";

/** @typedef {(key: string, values?: import("../shared/messages.js").Values) => string} Translate */
/** @typedef {ReturnType<typeof createView>} View */

/**
 * An element with a part of the same name as its class.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} name
 * @param {Partial<HTMLElementTagNameMap[K]> & { role?: string }} [properties]
 * @param {(Node | string)[]} children
 */
function part(tag, name, properties = {}, ...children) {
  const element = createElement(tag, properties, ...children);
  element.className = name;
  element.setAttribute("part", name);
  return element;
}

/**
 * Screen readers pass it over: the transcript says the same.
 *
 * @param {boolean} isLoop
 */
function video(isLoop) {
  const element = part("video", "video", { playsInline: true, tabIndex: -1, muted: isLoop, loop: isLoop });
  element.classList.add(isLoop ? "loop" : "film");
  element.setAttribute("aria-hidden", "true");
  return element;
}

/** @param {import("../talk/portrait.js").LoopKind} kind */
function loop(kind) {
  const element = video(true);
  element.dataset.kind = kind;
  return element;
}

function microphoneIcon() {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", MICROPHONE);
  icon.append(path);
  return icon;
}

/** @param {Translate} translate */
export function createView(translate) {
  const still = part("img", "portrait", { alt: "" });
  const loops = [loop("idle"), loop("listening"), loop("thinking")];
  const spoken = createElement("span");
  const rest = createElement("span", { className: "rest" });
  const caption = part("p", "caption", { hidden: true }, spoken, rest);
  caption.setAttribute("aria-hidden", "true");
  const phase = part("p", "state", { role: "status" });
  const begin = part("button", "begin-button", { type: "button", textContent: translate("begin") });
  const stage = part("div", "stage", {}, still, ...loops, video(false), video(false), caption, phase, begin);

  const problem = part("p", "error", { role: "alert" });
  const remark = part("p", "hint", { role: "status" });

  const talkLabel = createElement("span", { textContent: translate("hold_to_talk") });
  const talkHint = createElement("span", { className: "visually-hidden", id: "talk-hint", textContent: translate("hold_hint") });
  const talk = part("button", "talk-button", { type: "button", title: translate("hold_hint") }, microphoneIcon(), talkLabel);
  talk.setAttribute("aria-describedby", talkHint.id);
  talk.setAttribute("aria-pressed", "false");
  const interrupt = part("button", "interrupt-button", { type: "button", textContent: translate("interrupt"), hidden: true });
  const buttons = part("div", "buttons", {}, talk, talkHint, interrupt);

  const question = part("input", "input", { type: "text", maxLength: 2000, enterKeyHint: "send", placeholder: translate("question_placeholder") });
  question.setAttribute("aria-label", translate("question"));
  const send = part("button", "send-button", { type: "submit", textContent: translate("send") });
  const form = part("form", "form", { autocomplete: "off" }, question, send);

  const list = createElement("ol");
  const log = part("div", "transcript", { role: "log", tabIndex: 0, hidden: true }, list);
  log.setAttribute("aria-label", translate("transcript"));
  const disclosure = part("p", "disclosure", { textContent: translate("notice") });

  const controls = part("div", "controls", {}, problem, remark, buttons, form, log, disclosure);
  const container = part("section", "container", {}, stage, controls);
  container.setAttribute("aria-label", translate("portrait"));

  return {
    container, stage, still, caption, spoken, rest, phase, begin, problem, remark, talk, talkLabel, interrupt, form, question,
    log, list, disclosure,
  };
}
