import { malformed } from '../malformed.ts';

/** More bytes than any state dict's names and shapes take: a million tensors are 60 MB. */
export const MAX_PICKLE_BYTES = 2 ** 26;
/** As many values that have parts (lists, tuples, dicts, tensors): some 250 bytes each. */
const MAX_CONTAINERS = 2 ** 20;
/** As many values in all: pushed, or put into others. */
const MAX_VALUES = 2 ** 22;
/** As many are kept to be used again, in a Map that takes some 50 bytes for each. */
const MAX_MEMOS = 2 ** 20;

/** What the pickles of one file may make, so that none makes gigabytes of a few bytes. */
export class Budget {
  readonly #source: string;
  #containers = MAX_CONTAINERS;
  #values = MAX_VALUES;
  #memos = MAX_MEMOS;

  constructor(source: string) {
    this.#source = source;
  }

  /** Counts one value with parts. */
  container(): void {
    this.#containers -= 1;
    if (this.#containers < 0) throw this.#exceeded(MAX_CONTAINERS, 'lists, dicts and tensors');
  }

  /** Counts values. */
  values(count: number): void {
    this.#values -= count;
    if (this.#values < 0) throw this.#exceeded(MAX_VALUES, 'values');
  }

  /** Counts one value that is kept to be used again. */
  memo(): void {
    this.#memos -= 1;
    if (this.#memos < 0) throw this.#exceeded(MAX_MEMOS, 'values to be used again');
  }

  #exceeded(most: number, what: string): RangeError {
    return malformed(this.#source, `its pickle makes more than ${most} ${what}; save the state dict alone`);
  }
}
