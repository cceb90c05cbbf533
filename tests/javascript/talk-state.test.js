// @ts-check
// The state machine of the page at "/talk".
import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, canInterrupt, INITIAL, isConnected, isPlayable } from "../../lipsync/server/static/talk/state.js";

/** @typedef {import("../../lipsync/server/static/talk/state.js").TalkEvent} TalkEvent */

/**
 * The state after these events, and the actions of the last one.
 *
 * @param {...TalkEvent} events
 */
function after(...events) {
  let talk = INITIAL;
  /** @type {import("../../lipsync/server/static/talk/state.js").Action[]} */
  let actions = [];
  for (const event of events) ({ talk, actions } = advance(talk, event));
  return { talk, actions, phase: talk.phase };
}

const question = { id: "q1", text: "Why?" };
/** @type {TalkEvent[]} */
const connected = [{ type: "connect" }, { type: "ready" }];
/** @type {TalkEvent[]} */
const speaking = [...connected, { type: "ask", question }, { type: "answer", answer: 1 }, { type: "playing", answer: 1 }];

test("a person begins, and the session is open", () => {
  const opened = after({ type: "connect" });
  assert.equal(opened.phase, "connecting");
  assert.deepEqual(opened.actions, [{ type: "open", delay_ms: 0 }]);
  assert.ok(!isConnected(opened.talk));
  assert.equal(after(...connected).phase, "listening");
});

test("a question before the connection is asked as soon as it is there, once", () => {
  assert.deepEqual(after({ type: "ask", question }).actions, [{ type: "open", delay_ms: 0 }]);
  const ready = after({ type: "ask", question }, { type: "ready" });
  assert.equal(ready.phase, "thinking");
  assert.deepEqual(ready.actions, [{ type: "ask", question }]);
});

test("an answer is spoken when the player plays it, not when the server sends it", () => {
  const thinking = [...connected, { type: "ask", question }, { type: "answer", answer: 1 }];
  assert.equal(after(.../** @type {TalkEvent[]} */ (thinking), { type: "server-state", state: "speaking" }).phase, "thinking");
  assert.equal(after(...speaking).phase, "speaking");
});

test("an answer ends when it was played, not when the server is done", () => {
  assert.equal(after(...speaking, { type: "server-state", state: "listening" }).phase, "speaking");
  assert.equal(after(...speaking, { type: "server-state", state: "listening" }, { type: "played", answer: 1 }).phase, "listening");
  assert.equal(after(...speaking, { type: "server-state", state: "speaking" }, { type: "played", answer: 1 }).phase, "listening");
});

test("the person interrupts: silence before anything else, and the answer is not played again", () => {
  const stopped = after(...speaking, { type: "interrupt" });
  assert.equal(stopped.phase, "interrupted");
  assert.deepEqual(stopped.actions.slice(0, 2), [{ type: "send", message: "interrupt" }, { type: "stop" }]);
  assert.ok(!isPlayable(stopped.talk, 1));
  assert.ok(isPlayable(stopped.talk, 2));
  assert.equal(after(...speaking, { type: "interrupt" }, { type: "playing", answer: 1 }).phase, "interrupted");
  assert.equal(after(...speaking, { type: "interrupt" }, { type: "interrupted", answer: 1 }).actions.length, 0);
});

test("nothing is interrupted while nobody answers", () => {
  assert.ok(!canInterrupt(after(...connected).talk));
  assert.deepEqual(after(...connected, { type: "interrupt" }).actions, []);
});

test("the server interrupts for a voice", () => {
  const stopped = after(...speaking, { type: "interrupted", answer: 1 });
  assert.equal(stopped.phase, "interrupted");
  assert.deepEqual(stopped.actions[0], { type: "stop" });
  assert.equal(after(...speaking, { type: "interrupted", answer: 1 }, { type: "server-state", state: "hearing" }).phase, "hearing");
});

test("“interrupted” is shown for a moment", () => {
  const quiet = /** @type {TalkEvent[]} */ ([...speaking, { type: "interrupt" }, { type: "server-state", state: "listening" }]);
  assert.equal(after(...quiet).phase, "interrupted");
  assert.equal(after(...quiet, { type: "calm" }).phase, "listening");
  assert.equal(after(...quiet, { type: "ask", question }, { type: "calm" }).phase, "thinking");
});

test("a new question stops the answer that is played", () => {
  const asked = after(...speaking, { type: "ask", question: { id: "q2", text: "And?" } });
  assert.deepEqual(asked.actions.map(({ type }) => type), ["stop", "ask"]);
  assert.ok(!isPlayable(asked.talk, 1));
});

test("the button to talk stops the answer, and its release ends the turn", () => {
  const held = after(...speaking, { type: "hold" });
  assert.equal(held.phase, "hearing");
  assert.deepEqual(held.actions, [{ type: "send", message: "interrupt" }, { type: "stop" }]);
  assert.deepEqual(after(...connected, { type: "hold" }).actions, []);
  const released = after(...connected, { type: "hold" }, { type: "release" });
  assert.equal(released.phase, "thinking");
  assert.deepEqual(released.actions, [{ type: "send", message: "commit" }]);
  assert.deepEqual(after(...connected, { type: "hold" }, { type: "forget" }).actions, [{ type: "send", message: "clear" }]);
  assert.deepEqual(after({ type: "hold" }).actions, []);
});

test("a lost connection is opened again, later each time, and what has arrived is played to its end", () => {
  const lost = after(...speaking, { type: "lost" });
  assert.equal(lost.phase, "lost");
  assert.deepEqual(lost.actions, [{ type: "finish" }, { type: "open", delay_ms: 250 }]);
  const again = after(...speaking, { type: "lost" }, { type: "lost" });
  assert.deepEqual(again.actions[1], { type: "open", delay_ms: 1000 });
  assert.equal(after(...speaking, { type: "lost" }, { type: "ready" }).talk.attempts, 0);
});

test("after a reconnect, a question that was answered is not asked again", () => {
  assert.deepEqual(after(...speaking, { type: "lost" }, { type: "ready" }).actions, []);
});

test("after a reconnect, a question that nobody heard answered is asked again", () => {
  const asked = after(...connected, { type: "ask", question }, { type: "lost" }, { type: "ready" });
  assert.deepEqual(asked.actions, [{ type: "ask", question }]);
  assert.ok(isPlayable(asked.talk, 1), "the numbers of answers begin again");
});

test("an interrupted question is not asked again", () => {
  assert.deepEqual(after(...connected, { type: "ask", question }, { type: "interrupt" }, { type: "lost" }, { type: "ready" }).actions, []);
});

test("a session that the server ended for want of words waits for the person", () => {
  const paused = after(...connected, { type: "ending" }, { type: "lost" });
  assert.equal(paused.phase, "idle");
  assert.ok(!paused.actions.some(({ type }) => type === "open"));
});

test("a refused question gets no answer", () => {
  assert.equal(after(...connected, { type: "ask", question }, { type: "refused" }).phase, "listening");
});

test("while the button is held, the person speaks, whatever the server says", () => {
  const held = /** @type {TalkEvent[]} */ ([...speaking, { type: "hold" }]);
  for (const state of ["listening", "thinking", "idle"]) assert.equal(after(...held, { type: "server-state", state }).phase, "hearing");
  assert.equal(after(...held, { type: "playing", answer: 2 }).phase, "hearing");
  assert.equal(after(...held, { type: "interrupted", answer: 1 }).phase, "hearing");
  assert.equal(after(...held, { type: "release" }, { type: "server-state", state: "listening" }).phase, "listening");
  assert.equal(after(...held, { type: "lost" }).talk.isHeld, false);
  assert.ok(!isPlayable(after(...held).talk, 2), "what was on its way is not played");
  const next = after(...held, { type: "answer", answer: 2 }, { type: "release" }).talk;
  assert.ok(isPlayable(next, 2) && next.answer === 2, "an answer that was prepared meanwhile is");
});

test("a session that is changed goes on as it was", () => {
  assert.equal(after(...speaking, { type: "ready" }).phase, "speaking");
});

test("a short answer that the server has sent and the player has not begun is not over", () => {
  const sent = /** @type {TalkEvent[]} */ ([
    ...connected, { type: "ask", question }, { type: "answer", answer: 1 },
    { type: "server-state", state: "speaking" }, { type: "server-state", state: "listening" },
  ]);
  assert.equal(after(...sent).phase, "thinking");
  assert.equal(after(...sent, { type: "playing", answer: 1 }).phase, "speaking");
  assert.equal(after(...sent, { type: "played", answer: 1 }).phase, "listening");
});
