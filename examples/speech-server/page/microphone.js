import { Resampler } from './resample.js';

/** In the thread of the sound card: what it hears, at the rate and in the chunks of the network. */
class Microphone extends AudioWorkletProcessor {
  #resampler;
  #chunk;
  #filled = 0;

  constructor({ processorOptions: { rate, chunk } }) {
    super();
    this.#resampler = new Resampler(sampleRate, rate);
    this.#chunk = new Float32Array(chunk);
  }

  process([[channel]]) {
    if (channel === undefined) return true;
    for (const sample of this.#resampler.push(channel)) {
      this.#chunk[this.#filled++] = sample;
      if (this.#filled < this.#chunk.length) continue;
      this.port.postMessage(this.#chunk);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor('microphone', Microphone);
