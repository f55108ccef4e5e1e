import type { FrameAttributes } from './spectra.ts';

/** What the squares of the windows over some frames add up to, sample by sample. */
export class WindowSums {
  readonly #attributes: Pick<FrameAttributes, 'size' | 'hop' | 'window'>;
  readonly #frames: number;

  constructor(attributes: Pick<FrameAttributes, 'size' | 'hop' | 'window'>, frames: number) {
    this.#attributes = attributes;
    this.#frames = frames;
  }

  /** How many samples there are. */
  get length(): number {
    return (this.#frames - 1) * this.#attributes.hop + this.#attributes.size;
  }

  /** The smallest one of the samples [begin, end); Infinity of none. */
  least(begin: number, end: number): number {
    const { size, hop } = this.#attributes;
    const last = Math.min(end, this.length);
    // Inside, they repeat after every hop.
    const inside = Math.max(begin, size) + hop;
    const behind = Math.max(inside, this.length - size);
    return Math.min(this.#least(begin, Math.min(last, inside)), this.#least(Math.max(begin, behind), last));
  }

  #least(begin: number, end: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let sample = begin; sample < end; sample++) least = Math.min(least, this.at(sample));
    return least;
  }

  at(sample: number): number {
    const { size, hop, window } = this.#attributes;
    const last = Math.min(this.#frames - 1, Math.floor(sample / hop));
    let sum = 0;
    for (let frame = Math.max(0, Math.ceil((sample - size + 1) / hop)); frame <= last; frame++) {
      sum += window[sample - frame * hop]! ** 2;
    }
    return sum;
  }
}
