// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildRequest, countCharacters, requestFields } from "../../lipsync/server/static/studio/request-fields.js";

const VALUES = { text: "Hello", language: "auto", voice: "", speed: 1, moodStrength: 1 };

test("captions are always requested, and defaults are left to the server", () => {
  assert.deepEqual(requestFields({ ...VALUES, language: "" }), { text: "Hello", subtitles: "vtt" });
});

test("what was chosen is sent", () => {
  const values = { text: "Hi", language: "kk", voice: "espeak-female", speed: 1.5, motion: 0, mood: "sad", avatar: "newton" };
  const { moodStrength: _, ...sent } = { ...values, moodStrength: 0.5, mood_strength: 0.5, subtitles: "vtt" };
  assert.deepEqual(requestFields({ ...values, moodStrength: 0.5 }), sent);
});

test("of the picture only what was chosen is sent", () => {
  const chosen = { size: "720x1280", background: "#336699" };
  const framing = { ...chosen, frame: "" };
  assert.deepEqual(requestFields({ ...VALUES, language: "", framing }), { text: "Hello", ...chosen, subtitles: "vtt" });
  assert.equal(requestFields({ ...VALUES, framing: { size: "", frame: "face", background: "" } }).frame, "face");
});

test("an empty text is sent: the server says what is wrong with it", () => {
  assert.equal(requestFields({ ...VALUES, text: "" }).text, "");
});

test("without a file the request is JSON", () => {
  const { body, headers, identity } = buildRequest(VALUES, { image: null });
  assert.equal(headers["Content-Type"], "application/json");
  assert.equal(body, identity);
  assert.equal(JSON.parse(identity).text, "Hello");
});

test("with a file it is a form, whose type the browser sets", () => {
  const { body, headers } = buildRequest({ ...VALUES, speed: 1.5 }, { image: { file: new File(["x"], "me.png"), id: "blob:1" } });
  assert.ok(body instanceof FormData);
  assert.deepEqual(headers, {});
  assert.equal(body.get("speed"), "1.5");
  const image = body.get("image");
  assert.ok(image instanceof File);
  assert.equal(image.name, "me.png");
});

test("the portrait and the background are two files of a form", () => {
  const upload = (/** @type {string} */ name) => ({ file: new File(["x"], name), id: name });
  const values = { ...VALUES, framing: { background: "picture" } };
  const { body, identity } = buildRequest(values, { image: upload("me.png"), background_image: upload("sea.png") });
  assert.ok(body instanceof FormData);
  const names = ["image", "background_image"].map((field) => /** @type {File} */ (body.get(field)).name);
  assert.deepEqual([body.get("background"), ...names], ["picture", "me.png", "sea.png"]);
  assert.notEqual(identity, buildRequest(values, { image: upload("me.png"), background_image: upload("hill.png") }).identity);
  const { body: background } = buildRequest(values, { image: null, background_image: upload("sea.png") });
  assert.ok(background instanceof FormData);
  assert.ok(!background.has("image"));
});

test("the same request has the same identity, and another file another", () => {
  const file = new File(["x"], "me.png");
  const identity = (/** @type {string} */ id) => buildRequest(VALUES, { image: { file, id } }).identity;
  assert.equal(identity("blob:1"), identity("blob:1"));
  assert.notEqual(identity("blob:1"), identity("blob:2"));
  assert.notEqual(identity("blob:1"), buildRequest(VALUES, {}).identity);
});

test("characters are counted as the server counts them", () => {
  assert.equal(countCharacters("aя🙂"), 3);
});
