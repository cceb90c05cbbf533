// @ts-check
// Messages of a live conversation (docs/reference/stream.md): binary messages, and the types that the page reads.

/** @typedef {[text: string, start: number, end: number]} Word Start and end in seconds of the answer. */

/**
 * @typedef {object} Sentence A sentence of an answer; times in seconds of the answer.
 * @property {number} answer
 * @property {number} index
 * @property {string} text
 * @property {number} start
 * @property {number} end
 * @property {Word[]} [words]
 * @property {boolean} [filler] bridges the wait for the reply
 */

/**
 * @typedef {{ type: "ready", session: string, conversation: string, persona: string, language: string, notice: string,
 *     limits: { turn_s: number, idle_s: number } }
 *   | { type: "state", state: "idle" | "listening" | "hearing" | "thinking" | "speaking" }
 *   | { type: "speech_started" | "speech_stopped", at_ms: number }
 *   | { type: "transcript", text: string, final: boolean }
 *   | { type: "answer", answer: number, id?: string }
 *   | { type: "frame", answer?: number, timestamp: number, audio_chunk?: string }
 *   | ({ type: "sentence" } & Sentence)
 *   | { type: "video", answer: number, mime: string }
 *   | { type: "interrupted", answer: number, heard_text: string, heard_ms: number, by: "voice" | "message" | "text" }
 *   | { type: "volume", answer: number, volume: number }
 *   | { type: "done", answer?: number, full_text: string, total_duration: number, degraded?: string[] }
 *   | { type: "error", code: string, error: string, answer?: number, fatal: boolean }
 *   | { type: "closing", reason: "stopping" | "idle" | "limit", seconds: number }
 *   | { type: "pong" }} ServerMessage
 */

/** Kinds of binary messages. */
export const MICROPHONE = 1;
export const SOUND = 2;
export const FILM = 3;

/** Samples a second of the sound of answers, and of the microphone as it is sent. */
export const SOUND_RATE = 24_000;
export const MICROPHONE_RATE = 16_000;

const HEADER_BYTES = 16;

/**
 * A binary message with the microphone's sound.
 *
 * @param {Int16Array} samples
 */
export function packMicrophone(samples) {
  const message = new ArrayBuffer(HEADER_BYTES + samples.length * 2);
  const view = new DataView(message);
  view.setUint8(0, MICROPHONE);
  samples.forEach((sample, index) => view.setInt16(HEADER_BYTES + index * 2, sample, true));
  return message;
}

/**
 * The parts of a binary message of the server. Null where it is too short to be one.
 *
 * @param {ArrayBuffer} message
 */
export function unpack(message) {
  if (message.byteLength < HEADER_BYTES) return null;
  const view = new DataView(message);
  return {
    kind: view.getUint8(0),
    answer: view.getUint32(4),
    start: Number(view.getBigUint64(8)) / 1e6, // seconds of the answer
    data: new Uint8Array(message, HEADER_BYTES),
  };
}

/**
 * 16-bit little-endian samples as numbers from -1 to 1.
 *
 * @param {Uint8Array} data
 */
export function decodeSamples(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float32Array.from({ length: data.byteLength >> 1 }, (_, index) => view.getInt16(index * 2, true) / 32768);
}
