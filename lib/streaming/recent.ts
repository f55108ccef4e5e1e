import { allocate } from '../tensor/allocate.ts';
import type { FloatArray, FloatDtype } from '../tensor/dtype.ts';
import { numelOf } from '../tensor/shape.ts';

/** The last inputs of every row, (rows, capacity): a ring along the last dimension. */
export class Recent {
  readonly #memory: FloatArray;
  readonly #rows: number;
  readonly #capacity: number;
  /** The column that is overwritten next. */
  #next = 0;

  constructor(dtype: FloatDtype, rows: number, capacity: number) {
    this.#memory = allocate(dtype, numelOf([rows, capacity]));
    this.#rows = rows;
    this.#capacity = capacity;
  }

  /** Takes the end of a chunk (rows, length); what is older than the capacity is forgotten. */
  remember(chunk: FloatArray, length: number): void {
    const capacity = this.#capacity;
    const count = Math.min(length, capacity);
    if (count === 0) return;
    const beforeWrap = Math.min(count, capacity - this.#next);
    for (let row = 0; row < this.#rows; row++) {
      const from = (row + 1) * length - count;
      const to = row * capacity;
      // A loop: chunks are short where there are many of them, and a subarray is an object each.
      for (let i = 0; i < beforeWrap; i++) this.#memory[to + this.#next + i] = chunk[from + i]!;
      for (let i = beforeWrap; i < count; i++) this.#memory[to + i - beforeWrap] = chunk[from + i]!;
    }
    this.#next = (this.#next + count) % capacity;
  }

  /** Writes the last `count` inputs of a row to `to[at]` and behind. */
  copy(row: number, count: number, to: FloatArray, at: number): void {
    const capacity = this.#capacity;
    const first = this.#next - count + (this.#next < count ? capacity : 0);
    for (let i = 0; i < count; i++) to[at + i] = this.#memory[row * capacity + ((first + i) % capacity)]!;
  }
}
