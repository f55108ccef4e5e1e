/** Zero crossings of the sinc on each side: more are steeper, and later. */
const CROSSINGS = 12;
/** The share of the band that is kept: what lies above would come back below as something else. */
const BAND = 0.92;

/** Brings a signal to another rate, in chunks of any length: a windowed sinc around each output. */
export class Resampler {
  #step;
  #cutoff;
  #half;
  /** Inputs that outputs still need, and where the next output lies among them. */
  #inputs;
  #next;

  constructor(from, to) {
    this.#step = from / to;
    this.#cutoff = BAND * Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS / this.#cutoff);
    this.#inputs = new Float32Array(this.#half);
    this.#next = this.#half;
  }

  /** The outputs that these inputs complete. */
  push(samples) {
    const inputs = new Float32Array(this.#inputs.length + samples.length);
    inputs.set(this.#inputs);
    inputs.set(samples, this.#inputs.length);
    const count = Math.max(0, Math.ceil((inputs.length - this.#half - this.#next) / this.#step));
    const outputs = new Float32Array(count);
    for (let i = 0; i < count; i++, this.#next += this.#step) outputs[i] = this.#at(inputs, this.#next);
    const done = Math.max(0, Math.floor(this.#next) - this.#half);
    this.#inputs = inputs.slice(done);
    this.#next -= done;
    return outputs;
  }

  #at(inputs, position) {
    const first = Math.ceil(position - this.#half);
    const last = Math.floor(position + this.#half);
    let sum = 0;
    for (let i = Math.max(0, first); i <= last; i++) {
      const distance = i - position;
      const x = Math.PI * this.#cutoff * distance;
      const sinc = x === 0 ? 1 : Math.sin(x) / x;
      sum += (inputs[i] ?? 0) * sinc * Math.cos((Math.PI * distance) / (2 * this.#half)) ** 2;
    }
    return sum * this.#cutoff;
  }
}
