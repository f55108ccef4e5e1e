/** How the samples of a frame are written, little endian: 16-bit whole numbers, or 32-bit floats from -1 to 1. */
export type SampleFormat = 's16' | 'f32';

/** Floats may go a little beyond 1; 16-bit numbers that were sent as floats go far beyond this. */
const MOST_FLOAT = 8;
const FIRST_LENGTH = 1024;

/** Samples of one signal that have come and wait for the network, first come, first out. */
export class SampleQueue {
  #samples = new Float32Array(FIRST_LENGTH);
  #from = 0;
  #to = 0;

  get length(): number {
    return this.#to - this.#from;
  }

  /**
   * Puts the samples of a frame behind the others.
   *
   * @returns  a sentence when the frame cannot be used: nothing is taken from it then
   */
  push(frame: Uint8Array, format: SampleFormat): string | undefined {
    const size = format === 's16' ? 2 : 4;
    const count = frame.byteLength / size;
    if (!Number.isInteger(count)) return `a frame has ${frame.byteLength} bytes, no multiple of ${size}`;
    this.#makeRoom(count);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    for (let i = 0; i < count; i++) {
      const sample = format === 's16' ? view.getInt16(2 * i, true) / 32768 : view.getFloat32(4 * i, true);
      if (!(Math.abs(sample) <= MOST_FLOAT)) return 'a sample is no number from -1 to 1';
      this.#samples[this.#to + i] = sample;
    }
    this.#to += count;
    return undefined;
  }

  /** Moves the first samples into `target`, with zeros behind the last. */
  take(target: Float32Array): void {
    const count = Math.min(target.length, this.length);
    target.set(this.#samples.subarray(this.#from, this.#from + count));
    target.fill(0, count);
    this.#from += count;
    if (this.#from === this.#to) this.clear();
  }

  clear(): void {
    this.#from = 0;
    this.#to = 0;
    // What a burst needed is not kept for all the time of a connection.
    if (this.#samples.length > FIRST_LENGTH) this.#samples = new Float32Array(FIRST_LENGTH);
  }

  #makeRoom(count: number): void {
    if (this.#to + count <= this.#samples.length) return;
    const needed = this.length + count;
    let length = this.#samples.length;
    while (length < needed) length *= 2;
    const target = length === this.#samples.length ? this.#samples : new Float32Array(length);
    target.set(this.#samples.subarray(this.#from, this.#to));
    this.#samples = target;
    this.#to -= this.#from;
    this.#from = 0;
  }
}
