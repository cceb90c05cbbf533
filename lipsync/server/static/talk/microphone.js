// @ts-check
// The microphone: opened on request, its sound in pieces, its level, and why it is not there.

import { catchMediaError } from "./media-errors.js";

const WORKLET = new URL("./microphone-worklet.js", import.meta.url);

const MAX_START_MS = 5000;
const QUIET_DB = -60; // shown as no level

/** @typedef {{ samples: Int16Array, level: number }} Piece `level`: root mean square, 0 to 1. */

/**
 * `onPiece` is called for each piece; `onLost` with the key of a message when the microphone was taken away.
 *
 * @param {{ onPiece: (piece: Piece) => void, onLost: (key: string) => void }} listeners
 */
export function createMicrophone({ onPiece, onLost }) {
  /** @type {MediaStream | null} */
  let stream = null;
  /** @type {AudioContext | null} */
  let context = null;
  /** @type {Promise<string | null> | null} */
  let opening = null;
  let deviceId = "";

  /** @param {unknown} echoCancellation */
  const ask = (echoCancellation) => navigator.mediaDevices.getUserMedia({
    audio: /** @type {MediaTrackConstraints} */ ({
      channelCount: 1,
      noiseSuppression: true,
      autoGainControl: true,
      echoCancellation,
      ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
    }),
  });

  /** "all" cancels everything that the device plays; browsers that know only true and false may refuse the word. */
  async function openStream() {
    try {
      return await ask({ ideal: "all" });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return ask(true);
    }
  }

  /**
   * Starts the audio thread. Some browsers wait for ever where the machine has nothing to play sound on.
   *
   * @param {AudioContext} audio
   */
  async function start(audio) {
    await Promise.race([audio.resume(), new Promise((resolve) => { setTimeout(resolve, MAX_START_MS); })]);
    if (audio.state !== "running") throw new DOMException("the audio thread does not start", "NotReadableError");
  }

  /** Opens the microphone; the key of a message where that fails, else null. */
  async function open() {
    if (!window.isSecureContext || !navigator.mediaDevices || !window.AudioWorkletNode) return "microphone_insecure";
    return catchMediaError(async () => {
      stream = await openStream();
      for (const track of stream.getAudioTracks()) {
        track.addEventListener("ended", () => {
          close();
          onLost("microphone_lost");
        });
      }
      context = new AudioContext({ latencyHint: "interactive" });
      await context.audioWorklet.addModule(WORKLET);
      await start(context);
      const node = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
      node.port.onmessage = ({ data }) => onPiece(data);
      context.createMediaStreamSource(stream).connect(node);
    });
  }

  function close() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    context?.close();
    stream = null;
    context = null;
    opening = null;
  }

  return {
    isOpen: () => Boolean(context && stream?.active && context.state === "running"),
    /** Null when it is open, else the key of a message. Concurrent calls share one attempt. */
    open() {
      opening ??= open().then((key) => {
        if (key) close();
        return key;
      });
      return opening;
    },
    close,
    /** Microphones by id; their names are known once the person has allowed one. */
    async devices() {
      const devices = await navigator.mediaDevices?.enumerateDevices() ?? [];
      return devices.filter(({ kind, deviceId: id }) => kind === "audioinput" && id);
    },
    /**
     * Takes this one from now on.
     *
     * @param {string} id "": the default one
     */
    async choose(id) {
      deviceId = id;
      if (!opening) return null;
      close();
      return this.open();
    },
    chosen: () => deviceId || (stream?.getAudioTracks()[0]?.getSettings().deviceId ?? ""),
  };
}

/**
 * Shows the level of the sound that is sent, for style sheets: the property `--level`, 0 to 1.
 *
 * @param {HTMLElement} element
 * @param {number} level root mean square; 0: nothing is sent
 */
export function showLevel(element, level) {
  const decibels = 20 * Math.log10(Math.max(level, 1e-6));
  element.style.setProperty("--level", Math.max(0, 1 - decibels / QUIET_DB).toFixed(3));
}
