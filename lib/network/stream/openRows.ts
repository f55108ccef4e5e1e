import { rangeError, typeError } from '../../check/errors.ts';
import { describe, integer, isArray } from '../../check/validate.ts';

/** Which rows of many are open, and which of those have ended. */
export class OpenRows {
  readonly capacity: number;
  readonly #open: boolean[];
  readonly #ended: boolean[];
  /** Closed rows: the one that is opened next comes last. */
  readonly #free: number[];

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#open = new Array<boolean>(capacity).fill(false);
    this.#ended = new Array<boolean>(capacity).fill(false);
    this.#free = Array.from({ length: capacity }, (_, i) => capacity - 1 - i);
  }

  get size(): number {
    return this.capacity - this.#free.length;
  }

  isOpen(row: number): boolean {
    return this.#open[row] === true;
  }

  hasEnded(row: number): boolean {
    return this.#ended[row] === true;
  }

  setEnded(row: number, hasEnded: boolean): void {
    this.#ended[row] = hasEnded;
  }

  /** The row that is opened next. */
  get next(): number {
    const row = this.#free.at(-1);
    if (row !== undefined) return row;
    throw rangeError(
      'ERR_CONV1D_STREAM',
      `all ${this.capacity} rows are open; close() one, or make streams with more capacity`,
    );
  }

  /** Opens the next row. */
  open(): void {
    const row = this.#free.pop()!;
    this.#open[row] = true;
    this.#ended[row] = false;
  }

  close(row: number): void {
    this.#open[row] = false;
    this.#free.push(row);
  }

  /** @throws RangeError ERR_CONV1D_VALUE  when the row is not open */
  require(row: number, what: string): void {
    if (this.#open[integer(row, what)] === true) return;
    throw rangeError('ERR_CONV1D_VALUE', `${what} must be the number of an open row, but got ${row}`);
  }

  /** @throws RangeError ERR_CONV1D_STREAM  when the row has ended */
  requireGoing(row: number): void {
    if (!this.hasEnded(row)) return;
    throw rangeError(
      'ERR_CONV1D_STREAM',
      `row ${row} has ended with flush(); reset([${row}]) begins another signal, close(${row}) gives it back`,
    );
  }

  /** Open rows that a caller lists, each once. */
  read(rows: unknown): number[] {
    if (!isArray(rows)) {
      throw typeError('ERR_CONV1D_TYPE', `rows must be an array of numbers, but got ${describe(rows)}`);
    }
    const count = integer(rows.length, 'the length of rows');
    if (count > this.capacity) {
      throw rangeError('ERR_CONV1D_VALUE', `there are ${this.capacity} rows, but got ${count} of them; give each once`);
    }
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const row = integer(rows[i], `rows[${i}]`);
      this.require(row, `rows[${i}]`);
      if (seen.has(row)) throw rangeError('ERR_CONV1D_VALUE', `row ${row} is given twice; join its chunks`);
      seen.add(row);
    }
    return [...seen];
  }
}
