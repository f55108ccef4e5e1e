import { rangeError } from '../../check/errors.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import type { OpenFile } from '../files.ts';
import { keptDtype } from '../integers.ts';
import type { Stored } from '../numbers.ts';

/** Small files may take this much memory whatever they unpack to. */
const ALWAYS_ALLOWED = 2 ** 28;
/** Widening takes 4 bytes for each byte of the file at the most; tensors that share a storage take memory of their own. */
const TIMES_FILE = 8;

/** Counts the bytes that a checkpoint takes in memory, before each is allocated. */
export class Meter {
  readonly #source: string;
  readonly #most: number;
  #taken = 0;

  /** @param most  bytes; undefined: 8 times those of the file, or 256 MiB where that is more */
  constructor({ source, size }: OpenFile, most: number | undefined) {
    this.#source = source;
    this.#most = most ?? Math.max(ALWAYS_ALLOWED, TIMES_FILE * size);
  }

  take(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken <= this.#most) return;
    const advice = 'if you trust the file, give a larger limit as the option maxBytes';
    const limit = `${this.#most} bytes of memory, the limit for a file of this size`;
    throw rangeError('ERR_CONV1D_MEMORY', `${this.#source}: its tensors take more than ${limit}; ${advice}`);
  }

  /** The memory of numbers of a kind, once they are read. */
  takeNumbers(stored: Stored, numel: number): void {
    this.take(numel * bytesPerElement(keptDtype(stored)));
  }
}
