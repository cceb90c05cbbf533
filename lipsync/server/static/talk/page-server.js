// @ts-check
// The server of the page at "/talk": addresses are relative, and a session cookie says who asks for a ticket.

import { requestJson } from "../shared/http.js";

/** @type {import("./connection.js").StreamServer} */
export const pageServer = {
  stream: new URL("api/v1/stream", document.baseURI).href,
  async requestTicket() {
    const { ticket } = await requestJson("api/v1/tickets", { method: "POST" });
    return ticket;
  },
  requestJson,
};
