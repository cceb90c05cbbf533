// @ts-check
// Runs on the browser's audio thread: the microphone's sound as pieces of 16-bit samples, with their level.

import { Resampler } from "./resampler.js";

const RATE = 16_000; // MICROPHONE_RATE of protocol.js
const PIECE = 512; // samples: 32 ms, one window of the server's voice detector

/** @type {any} */
const scope = globalThis; // AudioWorkletGlobalScope, which TypeScript does not know

class MicrophoneProcessor extends scope.AudioWorkletProcessor {
  resampler = new Resampler(scope.sampleRate, RATE);
  piece = new Int16Array(PIECE);
  filled = 0;
  energy = 0;

  /** @param {Float32Array[][]} inputs */
  process([input]) {
    const channel = input?.[0];
    if (!channel) return true; // the source is silent or not connected yet
    for (const value of this.resampler.add(channel)) {
      const sample = Math.max(-1, Math.min(1, value));
      this.piece[this.filled] = Math.round(sample * 32767);
      this.energy += sample * sample;
      this.filled += 1;
      if (this.filled === PIECE) this.send();
    }
    return true;
  }

  send() {
    const { piece, energy } = this;
    this.port.postMessage({ samples: piece, level: Math.sqrt(energy / PIECE) }, [piece.buffer]);
    this.piece = new Int16Array(PIECE);
    this.filled = 0;
    this.energy = 0;
  }
}

scope.registerProcessor("microphone", MicrophoneProcessor);
