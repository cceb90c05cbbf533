// @ts-check
// The WebSocket of a live conversation: opened with a ticket, which a page needs because it cannot send a key.

import { ApiError } from "../shared/api-error.js";
import { packMicrophone, unpack } from "./protocol.js";

const SUBPROTOCOL = "lipsync.v1";
const MAX_BLOCKED = 2; // attempts in a row after which a proxy is taken to refuse WebSockets

/** Status of the answer to a plain request for a WebSocket, where one would be opened. */
export const UPGRADE_REQUIRED = 426;

/** @typedef {import("./protocol.js").ServerMessage} ServerMessage */

/**
 * @typedef {object} TransportListeners
 * @property {() => object} start fields of the message that begins the session
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(kind: number, answer: number, start: number, data: Uint8Array) => void} onBinary
 * @property {(error: ApiError | null) => void} onLost the connection ended or could not be opened; with the reason,
 *   where the server gave one
 */

/** @typedef {Parameters<typeof import("./chat-events.js").createChatEvents>[0]} WrittenListeners */

/** @typedef {{ open: (delay_ms: number) => void, close: () => void, send: (message: object) => void,
 *   sendSound: (samples: Int16Array) => void }} Transport What carries messages of a conversation. */

/**
 * @typedef {object} StreamServer The server as the owner of the page reaches it. The functions throw ApiError.
 * @property {string} stream absolute address of the WebSocket, with http: or https:
 * @property {() => Promise<string>} requestTicket
 * @property {() => Promise<ApiError | null>} explain why no WebSocket opens, which browsers do not say: what the server
 *   answers to a plain request. Null where that works
 * @property {(listeners: WrittenListeners) => Transport | null} createWrittenTransport what carries questions in writing
 *   where WebSockets are refused on the way; null: nothing does
 */

/**
 * `onBlocked` is called when HTTP works and WebSockets do not.
 *
 * @param {StreamServer} server
 * @param {TransportListeners & { onBlocked: () => void }} listeners
 * @returns {Transport}
 */
export function createConnection(server, { start, onMessage, onBinary, onLost, onBlocked }) {
  /** @type {WebSocket | null} */
  let socket = null;
  let attempt = 0; // grows with each: what belongs to an earlier one is dropped
  let blocked = 0; // attempts in a row that ended before the socket was open
  let timer = 0;

  function close() {
    attempt += 1;
    clearTimeout(timer);
    socket?.close();
    socket = null;
  }

  /** @param {number} delay_ms */
  function open(delay_ms) {
    close();
    const current = attempt;
    timer = window.setTimeout(() => connect(current).catch((error) => {
      if (!(error instanceof ApiError)) throw error;
      if (current === attempt) onLost(error);
    }), delay_ms);
  }

  /** @param {number} current */
  async function connect(current) {
    const ticket = await server.requestTicket();
    if (current !== attempt) return;
    const address = new URL(server.stream);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const opened = openSocket(address, ticket);
    if (!opened) {
      onBlocked();
      return;
    }
    socket = opened;
    opened.binaryType = "arraybuffer";
    let wasOpen = false;
    opened.addEventListener("open", () => {
      wasOpen = true;
      blocked = 0;
      if (current === attempt) send({ type: "start", ...start() });
    });
    opened.addEventListener("message", ({ data }) => {
      if (current !== attempt) return;
      if (typeof data === "string") {
        onMessage(JSON.parse(data));
        return;
      }
      const message = unpack(data);
      if (message) onBinary(message.kind, message.answer, message.start, message.data);
    });
    opened.addEventListener("close", async () => {
      if (current !== attempt) return;
      socket = null;
      const reason = wasOpen ? null : await server.explain();
      if (current !== attempt) return;
      if (!wasOpen && !reason) blocked += 1;
      if (blocked >= MAX_BLOCKED) onBlocked();
      else onLost(reason);
    });
  }

  /**
   * Null where the browser refuses the address at once: older ones by the content policy, which knows no wss: for them.
   *
   * @param {URL} address
   * @param {string} ticket
   */
  function openSocket(address, ticket) {
    try {
      return new WebSocket(address, [SUBPROTOCOL, `ticket.${ticket}`]);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return null;
    }
  }

  /** @param {object} message */
  function send(message) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  return {
    open,
    close,
    send,
    sendSound(samples) {
      if (socket?.readyState === WebSocket.OPEN) socket.send(packMicrophone(samples));
    },
  };
}
