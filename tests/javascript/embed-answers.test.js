// @ts-check
// The promises of `ask`, `say`, `listen` and `stopListening`, and when the events of an answer come.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createAnswerEvents } from "../../lipsync/server/static/embed/answer-events.js";
import { createAnswers } from "../../lipsync/server/static/embed/answers.js";
import { createTurns } from "../../lipsync/server/static/embed/turns.js";

test("an answer ends the call that it belongs to", async () => {
  const answers = createAnswers();
  const call = answers.add("q1");
  answers.begin(4, "q1");
  answers.end({ answer: 3, text: "Another.", interrupted: false });
  answers.end({ answer: 4, text: "Mine.", interrupted: false });
  assert.deepEqual(await call, { answer: 4, text: "Mine.", interrupted: false });
});

test("a later call takes the place of those before", async () => {
  const answers = createAnswers();
  const [first, second] = [answers.add("q1"), answers.add("q2")];
  assert.equal((await first).interrupted, true, "it has no answer yet");
  answers.begin(1, "q2");
  const third = answers.add("q3");
  answers.begin(2, "q3");
  assert.deepEqual(await second, { answer: 1, text: "", interrupted: true });
  answers.end({ answer: 2, text: "Three.", interrupted: false });
  assert.equal((await third).text, "Three.");
});

test("an answer that no call has asked for ends none", async () => {
  const answers = createAnswers();
  const call = answers.add("q1");
  answers.begin(1);
  answers.end({ answer: 1, text: "A greeting.", interrupted: false });
  answers.begin(2, "q1");
  answers.end({ answer: 2, text: "Mine.", interrupted: false });
  assert.equal((await call).answer, 2);
});

test("a refusal concerns the answer that it names, else what has none yet", async () => {
  const answers = createAnswers();
  const first = answers.add("q1");
  answers.begin(1, "q1");
  const second = answers.add("q2");
  answers.refuse(new Error("too many"), 2);
  await assert.rejects(second, { message: "too many" });
  answers.refuse(new Error("broken"), 1);
  await assert.rejects(first, { message: "broken" });
});

test("a new session keeps the question that is asked again", async () => {
  const answers = createAnswers();
  const first = answers.add("q1");
  answers.begin(1, "q1");
  const second = answers.add("q2");
  answers.endSession("q2");
  assert.equal((await first).interrupted, true);
  answers.begin(1, "q2");
  answers.end({ answer: 1, text: "Two.", interrupted: false });
  assert.deepEqual(await second, { answer: 1, text: "Two.", interrupted: false });
  const third = answers.add("q3");
  answers.abandon(new Error("removed"));
  await assert.rejects(third, { message: "removed" });
});

/** @param {number} answer */
const sentences = (answer) => [
  { answer, index: 0, text: "One.", start: 0, end: 1 },
  { answer, index: 1, text: "Two.", start: 1, end: 2 },
];

test("a sentence is announced when it is heard, and an answer is done when all of it was", async () => {
  /** @type {[string, any][]} */
  const events = [];
  const answers = createAnswerEvents((type, detail) => events.push([type, detail]));
  const call = answers.add("q1");
  answers.take({ type: "answer", answer: 1, id: "q1" });
  for (const sentence of sentences(1)) answers.addSentence(sentence);
  answers.take({ type: "done", answer: 1, full_text: "One. Two.", total_duration: 2 });
  assert.equal(events.length, 0);
  answers.advance(1, 0.05);
  answers.advance(1, 0.5);
  assert.deepEqual(events.map(([type, { text }]) => [type, text]), [["sentence", "One."]]);
  answers.finish(1);
  assert.deepEqual(events.slice(1).map(([type, { text }]) => [type, text]), [["sentence", "Two."], ["done", "One. Two."]]);
  assert.deepEqual(events[2]?.[1], { answer: 1, text: "One. Two.", duration_s: 2, degraded: [] });
  assert.deepEqual(await call, { answer: 1, text: "One. Two.", interrupted: false });
});

test("the sentences of an interrupted answer are not announced any more", async () => {
  /** @type {string[]} */
  const events = [];
  const answers = createAnswerEvents((type) => events.push(type));
  const call = answers.add("q1");
  answers.take({ type: "answer", answer: 1, id: "q1" });
  for (const sentence of sentences(1)) answers.addSentence(sentence);
  answers.advance(1, 0);
  answers.take({ type: "interrupted", answer: 1, heard_text: "One", heard_ms: 300, by: "message" });
  answers.advance(1, Infinity);
  assert.deepEqual(events, ["sentence", "interrupted"]);
  assert.deepEqual(await call, { answer: 1, text: "One", interrupted: true });
});

test("listening begins when the person is heard, and ends with the words", async () => {
  const turns = createTurns();
  const [first, second] = [turns.begin(), turns.begin()];
  turns.held();
  await Promise.all([first, second]);
  const heard = turns.end();
  turns.heard("Hello.");
  assert.equal(await heard, "Hello.");
  const refused = turns.begin();
  turns.failed(new Error("no microphone"));
  await assert.rejects(refused, { message: "no microphone" });
});
