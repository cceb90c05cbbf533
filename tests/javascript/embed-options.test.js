// @ts-check
// What the attributes of <lipsync-avatar> mean, and which tickets it takes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isOn, pickLanguage, serverBase } from "../../lipsync/server/static/embed/options.js";
import { createServer, readTicket } from "../../lipsync/server/static/embed/server.js";

const PAGE = "https://site.example/shop/page?q=1";
const TICKET = "a".repeat(43);

test("the server's address keeps its path and gets a slash", () => {
  assert.equal(serverBase(null, "https://talk.example/lipsync/", PAGE), "https://talk.example/lipsync/");
  assert.equal(serverBase("https://talk.example", "https://other.example/", PAGE), "https://talk.example/");
  assert.equal(serverBase(" https://talk.example/a?b#c ", "https://other.example/", PAGE), "https://talk.example/a/");
  assert.equal(serverBase("/lipsync", "https://other.example/", PAGE), "https://site.example/lipsync/");
  for (const wrong of ["javascript:alert(1)", "data:text/html,x", "ftp://talk.example"]) {
    assert.throws(() => serverBase(wrong, "https://other.example/", PAGE), TypeError, wrong);
  }
});

test("the first language that is available is taken", () => {
  const available = ["en", "ru", "uk", "kk"];
  assert.equal(pickLanguage(["", "ru-RU", "kk"], available), "ru");
  assert.equal(pickLanguage([null, "de", "UK"], available), "uk");
  assert.equal(pickLanguage(["de", undefined], available), "en");
});

test("switches are set unless they say that they are not", () => {
  assert.deepEqual(["", "true", "microphone", "false", "off", null].map(isOn), [true, true, true, false, false, false]);
});

test("a ticket is read from JSON or alone", () => {
  assert.equal(readTicket(JSON.stringify({ ticket: TICKET, expires_in: 60 })), TICKET);
  assert.equal(readTicket(`"${TICKET}"`), TICKET);
  assert.equal(readTicket(`${TICKET}\n`), TICKET);
  for (const wrong of ["", "null", "{}", "<html>", '{"ticket": null}', `${TICKET} ${TICKET}`, '{"ticket": "short"}']) {
    assert.equal(readTicket(wrong), "", wrong);
  }
});

/**
 * A server whose responses come from `respond`, and the requests that were sent to it.
 *
 * @param {{ persona?: string, ticket?: string, ticketUrl?: string }} attributes
 * @param {(url: string) => Response} respond
 */
function serverWith(attributes, respond) {
  /** @type {[method: string, url: string, body: unknown][]} */
  const requests = [];
  globalThis.fetch = async (url, options = {}) => {
    requests.push([options.method ?? "GET", String(url), options.body ?? null]);
    return respond(String(url));
  };
  Object.defineProperty(globalThis, "document", { value: { baseURI: PAGE }, configurable: true });
  const server = createServer({
    base: "https://talk.example/lipsync/",
    language: "en",
    translate: (key) => key,
    attributes: () => ({ persona: "", ticket: "", ticketUrl: "", ...attributes }),
    onBlocked() {},
  });
  return { server, requests };
}

const ok = () => Response.json({ ticket: TICKET }, { status: 201 });

test("without a ticket the server is asked for one, with the persona", async () => {
  const { server, requests } = serverWith({ persona: "ada" }, ok);
  assert.equal(await server.requestTicket(), TICKET);
  assert.deepEqual(requests, [["POST", "https://talk.example/lipsync/api/v1/tickets", '{"persona":"ada"}']]);
});

test("the site's own address gives a new ticket for each connection", async () => {
  const { server, requests } = serverWith({ ticketUrl: "../ticket" }, ok);
  await server.requestTicket();
  await server.requestTicket();
  assert.deepEqual(requests.map(([method, url]) => `${method} ${url}`), Array(2).fill("POST https://site.example/ticket"));
});

test("a ticket of the page is used once", async () => {
  const attributes = { ticket: TICKET };
  const { server, requests } = serverWith(attributes, ok);
  assert.equal(await server.requestTicket(), TICKET);
  await assert.rejects(server.requestTicket(), { code: "ticket_used", status: 403 });
  attributes.ticket = "b".repeat(43);
  assert.equal(await server.requestTicket(), attributes.ticket);
  assert.deepEqual(requests, []);
});

test("a site that refuses is not asked again; one that fails is", async () => {
  for (const [status, expected] of [[401, 403], [404, 403], [500, 500]]) {
    const { server } = serverWith({ ticketUrl: "/ticket" }, () => new Response("no", { status }));
    await assert.rejects(server.requestTicket(), { status: expected });
  }
  const { server } = serverWith({ ticketUrl: "/ticket" }, () => new Response("<html>"));
  await assert.rejects(server.requestTicket(), { code: "no_ticket", status: 403 });
});

test("why no WebSocket opens", async () => {
  const refuse = (/** @type {number} */ status) => () => Response.json({ error: "Because.", code: "x" }, { status });
  assert.equal(await serverWith({}, refuse(426)).server.explain(), null);
  assert.equal((await serverWith({}, refuse(401)).server.explain())?.status, 401);
  assert.equal((await serverWith({}, refuse(503)).server.explain())?.message, "Because.");
  assert.equal((await serverWith({ ticket: TICKET }, refuse(401)).server.explain())?.code, "refused", "a plain request has no ticket");
});
