// @ts-check
// Who can be talked to, and the choice among them.

import { byId, createElement, setText } from "../shared/dom.js";
import { requestJson } from "../shared/http.js";
import { formatLanguageName, onLanguageChange, translate } from "../shared/i18n.js";
import { pictureOf } from "./avatar-addresses.js";

/**
 * @typedef {object} Persona What the page reads of the API's schema PersonaAnswer.
 * @property {string} name
 * @property {string} title
 * @property {string} character in the persona's language
 * @property {string} language
 * @property {string | null} voice
 * @property {string | null} avatar
 */

/** `onChoose` is called when the person chooses another persona. */
export function createPersonas(/** @type {(persona: Persona) => void} */ onChoose) {
  const summary = byId("persona-summary", HTMLElement);
  const list = byId("persona-list", HTMLElement);
  /** @type {Persona[]} */
  let personas = [];
  /** @type {Persona | null} */
  let chosen = null;

  /** @param {Persona} persona */
  const facts = ({ language, voice }) => [formatLanguageName(language), voice ?? translate("default_voice")].join(" · ");

  /** @param {Persona} persona */
  function createCard(persona) {
    const input = createElement("input", { type: "radio", name: "persona", value: persona.name });
    input.checked = persona === chosen;
    input.addEventListener("change", () => {
      chosen = persona;
      renderSummary();
      onChoose(persona);
    });
    return createElement(
      "label", { className: "persona" },
      input,
      createElement("img", { src: pictureOf(persona), alt: "", loading: "lazy" }),
      createElement(
        "span", {},
        createElement("strong", { textContent: persona.title }),
        createElement("span", { className: "facts", textContent: facts(persona) }),
        createElement("span", { className: "character", textContent: persona.character, lang: persona.language }),
      ),
    );
  }

  function renderSummary() {
    setText(summary, chosen ? [chosen.title, formatLanguageName(chosen.language)].join(" · ") : "");
  }

  function render() {
    renderSummary();
    list.replaceChildren(...personas.map(createCard));
  }

  onLanguageChange(render);

  return {
    chosen: () => chosen,
    /** @param {string} name */
    titleOf: (name) => personas.find((persona) => persona.name === name)?.title ?? name,
    /** Asks the server for them, and chooses the default one. */
    async load() {
      const answer = await requestJson("api/v1/personas");
      personas = answer.personas;
      chosen = personas.find(({ name }) => name === (chosen?.name ?? answer.default)) ?? null;
      render();
    },
    /**
     * Chooses this one without telling anybody. Null where the server does not have it.
     *
     * @param {string} name
     */
    choose(name) {
      const found = personas.find((persona) => persona.name === name) ?? null;
      if (found) {
        chosen = found;
        render();
      }
      return found;
    },
  };
}
