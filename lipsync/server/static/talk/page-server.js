// @ts-check
// The server of the page at "/talk": addresses are relative, and a session cookie says who asks for a ticket.

import { ApiError, requestJson } from "../shared/http.js";
import { createChatEvents } from "./chat-events.js";
import { UPGRADE_REQUIRED } from "./connection.js";

const STREAM = "api/v1/stream";

/** @type {import("./connection.js").StreamServer} */
export const pageServer = {
  stream: new URL(STREAM, document.baseURI).href,
  async requestTicket() {
    const { ticket } = await requestJson("api/v1/tickets", { method: "POST" });
    return ticket;
  },
  async explain() {
    try {
      await requestJson(STREAM);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== UPGRADE_REQUIRED) return error;
    }
    return null;
  },
  createWrittenTransport: createChatEvents,
};
