import type { FloatArray } from '../../tensor/dtype.ts';
import type { SpareArrays } from './engine.ts';

/** The layout of a signal in memory: (rows, length, inner). */
export interface Lanes {
  readonly rows: number;
  readonly inner: number;
}

/** The part of a signal that has come and waits for more; it is joined to the next part. */
export class Pending {
  readonly #lanes: Lanes;
  readonly #spare: SpareArrays;
  #elements: FloatArray;

  constructor(lanes: Lanes, spare: SpareArrays) {
    this.#lanes = lanes;
    this.#spare = spare;
    this.#elements = spare.take(0);
  }

  /** (rows, length, inner). */
  get elements(): FloatArray {
    return this.#elements;
  }

  /** The waiting part, followed by this chunk; the chunk itself if nothing waits. */
  joined(chunk: FloatArray): FloatArray {
    if (this.#elements.length === 0) return chunk;
    const { rows } = this.#lanes;
    const [own, added] = [this.#elements.length / rows, chunk.length / rows];
    const both = this.#spare.take(this.#elements.length + chunk.length);
    for (let row = 0; row < rows; row++) {
      copy(this.#elements, row * own, both, row * (own + added), own);
      copy(chunk, row * added, both, row * (own + added) + own, added);
    }
    return both;
  }

  /** Nothing waits any more. */
  clear(): void {
    this.#spare.give(this.#elements);
    this.#elements = this.#spare.take(0);
  }

  /** Replaces the waiting part by a copy of these elements. */
  set(elements: FloatArray): void {
    if (elements === this.#elements) return;
    this.#spare.give(this.#elements);
    const copied = this.#spare.take(elements.length);
    copied.set(elements);
    this.#elements = copied;
  }
}

function copy(from: FloatArray, at: number, to: FloatArray, begin: number, count: number): void {
  for (let i = 0; i < count; i++) to[begin + i] = from[at + i]!;
}
