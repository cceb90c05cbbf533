// @ts-check
// Resampling of sound that comes in pieces: a windowed sinc, pure, without a page.

const ZERO_CROSSINGS = 8; // of the sinc on each side
const PHASES = 256; // positions between two samples at which the kernel is tabulated
const PASSBAND = 0.92; // share of the lower of the two Nyquist frequencies that passes

/** Brings pieces of mono sound from one rate to another. The delay is ZERO_CROSSINGS samples of the lower rate. */
export class Resampler {
  #step; // samples of the input for one of the output
  #half; // samples of the input on each side of the kernel
  #kernel;
  #history;
  #position; // of the next sample of the output, in samples of #history

  /**
   * @param {number} from samples a second
   * @param {number} to samples a second
   */
  constructor(from, to) {
    this.#step = from / to;
    const cutoff = PASSBAND * Math.min(1, to / from);
    this.#half = Math.ceil(ZERO_CROSSINGS * Math.max(1, from / to));
    this.#kernel = tabulate(cutoff, this.#half);
    this.#history = new Float32Array(2 * this.#half);
    this.#position = this.#half;
  }

  /**
   * The output that this piece completes.
   *
   * @param {Float32Array} piece
   * @returns {Float32Array}
   */
  add(piece) {
    const input = new Float32Array(this.#history.length + piece.length);
    input.set(this.#history);
    input.set(piece, this.#history.length);
    const count = Math.max(0, Math.ceil((input.length - this.#half - this.#position) / this.#step));
    const output = new Float32Array(count);
    for (let index = 0; index < count; index += 1) output[index] = this.#sample(input, this.#position + index * this.#step);
    this.#position += count * this.#step;
    const kept = 2 * this.#half;
    this.#position -= input.length - kept;
    this.#history = input.slice(input.length - kept);
    return output;
  }

  /**
   * @param {Float32Array} input
   * @param {number} position
   */
  #sample(input, position) {
    const whole = Math.floor(position);
    const phase = Math.round((position - whole) * PHASES);
    const taps = 2 * this.#half;
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      sum += (input[whole - this.#half + 1 + tap] ?? 0) * (this.#kernel[phase * taps + tap] ?? 0);
    }
    return sum;
  }
}

/**
 * (PHASES + 1) x (2 half) weights: row p is for a sample p / PHASES after the one that is half - 1 in the row.
 *
 * @param {number} cutoff share of the input's Nyquist frequency
 * @param {number} half
 */
function tabulate(cutoff, half) {
  const taps = 2 * half;
  const kernel = new Float32Array((PHASES + 1) * taps);
  for (let phase = 0; phase <= PHASES; phase += 1) {
    let sum = 0;
    for (let tap = 0; tap < taps; tap += 1) {
      const distance = tap - (half - 1) - phase / PHASES;
      const window = Math.abs(distance) < half ? 0.5 + 0.5 * Math.cos((Math.PI * distance) / half) : 0; // Hann
      const angle = Math.PI * cutoff * distance;
      const weight = (distance === 0 ? 1 : Math.sin(angle) / angle) * window;
      kernel[phase * taps + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < taps; tap += 1) kernel[phase * taps + tap] = (kernel[phase * taps + tap] ?? 0) / sum;
  }
  return kernel;
}
