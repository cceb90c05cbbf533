// @ts-check
// The server as a page of another site reaches it: without a cookie or a key, by tickets.

import { ApiError, parseApiError } from "../shared/api-error.js";
import { pictureOf } from "../talk/avatar-addresses.js";
import { UPGRADE_REQUIRED } from "../talk/connection.js";

const FORBIDDEN = 403;
const UNAUTHORIZED = 401;
const TOO_MANY_REQUESTS = 429;
const SERVICE_UNAVAILABLE = 503;

/** @typedef {{ name: string, title: string, language: string, avatar: string | null }} Persona */

/**
 * @typedef {object} ServerOptions
 * @property {string} base address of the server, with a slash at its end
 * @property {string} language of error messages
 * @property {(key: string, values?: import("../shared/messages.js").Values) => string} translate
 * @property {() => { persona: string, ticket: string, ticketUrl: string }} attributes as they are now; "": not set
 * @property {(error: ApiError) => void} onBlocked WebSockets are refused on the way
 */

/** @param {ServerOptions} options */
export function createServer({ base, language, translate, attributes, onBlocked }) {
  let usedTicket = "";

  /**
   * @param {string} address
   * @param {RequestInit} [options]
   */
  async function request(address, options = {}) {
    let response;
    try {
      response = await fetch(address, { cache: "no-store", ...options, headers: { "Accept-Language": language, ...options.headers } });
    } catch {
      throw new ApiError(translate("network_error"), { code: "network_error" });
    }
    if (response.ok) return response;
    const { status } = response;
    const body = await response.json().catch(() => null);
    throw parseApiError(body, status) ?? new ApiError(translate("http_error", { status: String(status) }), { code: "http_error", status });
  }

  /**
   * A ticket of the site that the element stands in.
   *
   * @param {string} url
   */
  async function ticketOfSite(url) {
    let text = "";
    try {
      text = await (await request(new URL(url, document.baseURI).href, { method: "POST" })).text();
    } catch (error) {
      if (!isFinal(error)) throw error;
    }
    const ticket = readTicket(text);
    if (!ticket) throw new ApiError(translate("no_ticket"), { code: "no_ticket", status: FORBIDDEN });
    return ticket;
  }

  return {
    stream: new URL("api/v1/stream", base).href,
    async requestTicket() {
      const { persona, ticket, ticketUrl } = attributes();
      if (ticketUrl) return ticketOfSite(ticketUrl);
      if (ticket) {
        if (ticket === usedTicket) throw new ApiError(translate("no_ticket"), { code: "ticket_used", status: FORBIDDEN });
        usedTicket = ticket;
        return ticket;
      }
      try {
        const response = await request(new URL("api/v1/tickets", base).href, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(persona ? { persona } : {}),
        });
        return String((await response.json()).ticket);
      } catch (error) {
        throw isFinal(error) ? new ApiError(error.message, { code: error.code, status: FORBIDDEN }) : error;
      }
    },
    /** @returns {Promise<ApiError | null>} */
    async explain() {
      try {
        await request(this.stream);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status === UPGRADE_REQUIRED) return null;
        const { ticket, ticketUrl } = attributes();
        // A plain request has no ticket, so this is not why the one with a ticket was refused.
        if (error.status !== UNAUTHORIZED || !(ticket || ticketUrl)) return error;
        return new ApiError(translate("refused"), { code: "refused", status: SERVICE_UNAVAILABLE });
      }
      return null;
    },
    /** A page of another site has no key for questions without a WebSocket. */
    createWrittenTransport() {
      onBlocked(new ApiError(translate("blocked"), { code: "blocked" }));
      return null;
    },
    /**
     * The persona of this name; "": the default one. Null where the server does not say.
     *
     * @param {string} name
     * @returns {Promise<Persona | null>}
     */
    async findPersona(name) {
      const response = await request(new URL("api/v1/personas", base).href, { cache: "default" });
      const found = await response.json();
      return found.personas.find((/** @type {Persona} */ one) => one.name === (name || found.default)) ?? null;
    },
    /** @param {import("../talk/avatar-addresses.js").Persona} persona */
    pictureOf: (persona) => new URL(pictureOf(persona), base).href,
  };
}

/**
 * Whether a request was refused in a way that another attempt would not change.
 *
 * @param {unknown} error
 * @returns {error is ApiError}
 */
function isFinal(error) {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== TOO_MANY_REQUESTS;
}

/**
 * The ticket in a response: JSON like that of `POST /api/v1/tickets`, or the ticket alone. "" where there is none.
 *
 * @param {string} text
 */
export function readTicket(text) {
  let found = text.trim();
  try {
    const body = JSON.parse(found);
    found = typeof body === "string" ? body : String(body?.ticket ?? "");
  } catch {
    // It is not JSON.
  }
  return /^[\w-]{20,200}$/.test(found) ? found : "";
}
