// @ts-check
// Binary messages and captions of the page at "/talk".
import assert from "node:assert/strict";
import { test } from "node:test";
import { heardText, sentenceAt, splitAtTime } from "../../lipsync/server/static/talk/caption-words.js";
import { createEventParser } from "../../lipsync/server/static/talk/event-stream.js";
import { decodeSamples, MICROPHONE, packMicrophone, unpack } from "../../lipsync/server/static/talk/protocol.js";

test("the microphone's samples are little-endian after a header of 16 bytes", () => {
  const bytes = new Uint8Array(packMicrophone(Int16Array.of(1, -2)));
  assert.deepEqual([...bytes], [MICROPHONE, ...Array(15).fill(0), 1, 0, 254, 255]);
});

test("a binary message has a kind, the number of its answer and its time", () => {
  const bytes = Uint8Array.of(3, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 22, 227, 96, 9, 8);
  const message = unpack(bytes.buffer);
  assert.deepEqual([message?.kind, message?.answer, message?.start], [3, 258, 1.5]);
  assert.deepEqual([...(message?.data ?? [])], [9, 8]);
  assert.equal(unpack(new ArrayBuffer(15)), null);
});

test("samples of a sound that begins anywhere in its message", () => {
  const data = new Uint8Array([0, 0, 128, 0, 64]).subarray(1);
  assert.deepEqual([...decodeSamples(data)], [-1, 0.5]);
});

const sentence = {
  answer: 1, index: 0, text: "Hello there, I'm 42 years old — really.", start: 0, end: 4,
  words: /** @type {[string, number, number][]} */ ([["Hello", 0.1, 0.5], ["there,", 0.5, 0.9], ["I'm", 1.2, 1.4], ["42", 1.4, 2], ["really.", 3, 3.6]]),
};

test("the words of a caption are marked when they begin", () => {
  assert.deepEqual(splitAtTime(sentence, 0), ["", sentence.text]);
  assert.deepEqual(splitAtTime(sentence, 0.6), ["Hello there,", " I'm 42 years old — really."]);
  assert.deepEqual(splitAtTime(sentence, 3.9), [sentence.text, ""]);
});

test("a word that is written otherwise in the text leaves the mark where it is", () => {
  const spoken = { ...sentence, words: /** @type {[string, number, number][]} */ ([["Hello", 0, 1], ["forty", 1, 2], ["years", 2, 3]]) };
  assert.equal(splitAtTime(spoken, 1.5)[0], "Hello");
  assert.equal(splitAtTime(spoken, 2.5)[0], "Hello there, I'm 42 years");
});

test("a sentence without the times of its words counts as spoken", () => {
  assert.deepEqual(splitAtTime({ ...sentence, words: [] }, 0), [sentence.text, ""]);
});

test("the sentence of a moment is the last that has begun", () => {
  const next = { ...sentence, index: 1, start: 4, end: 6 };
  assert.equal(sentenceAt([sentence, next], 3.9), sentence);
  assert.equal(sentenceAt([sentence, next], 4), next);
  assert.equal(sentenceAt([{ ...sentence, start: 1 }], 0.5), undefined);
});

test("what was heard are the words that were spoken to their end", () => {
  assert.equal(heardText([sentence], 1.3), "Hello there,");
  assert.equal(heardText([sentence, { ...sentence, words: undefined }], 9), "Hello there, I'm 42 really.");
  assert.equal(heardText([sentence], 0.2), "");
});

test("server-sent events come in pieces of any size", () => {
  /** @type {string[]} */
  const found = [];
  const parse = createEventParser((data) => found.push(data));
  for (const piece of ["da", "ta: {\"a\": 1}\n", "\n: a comment\n\ndata:two\r\n", "data: lines\r\n\r\ndata: not yet"]) parse(piece);
  assert.deepEqual(found, ['{"a": 1}', "two\nlines"]);
});
