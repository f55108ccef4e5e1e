import { rangeError, typeError } from '../check/errors.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { describe, integer, isArray } from '../check/validate.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The options of `conv.stream`.
 *
 * @category Layer
 */
export interface StreamOptions {
  /** How many signals the stream takes side by side, in chunks of the same length. Default 1. */
  batch?: number | undefined;
}

/**
 * The options of `push` and `flush`.
 *
 * @category Layer
 */
export interface PushOptions {
  /** Where the result goes: contiguous, of the result's shape and dtype, sharing no memory with what is read. */
  out?: Tensor | undefined;
}

const STREAM_OPTIONS = ['batch'] as const;
const PUSH_OPTIONS = ['out'] as const;

/** The batch of a new stream. */
export function readBatch(options: StreamOptions | undefined): number {
  if (options === undefined) return 1;
  refuseUnknownOptions(options, STREAM_OPTIONS, 'stream');
  const given = options.batch;
  const batch = given === undefined ? 1 : integer(given, 'batch');
  if (batch < 1) throw rangeError('ERR_CONV1D_VALUE', `batch must be 1 or more, but got ${batch}`);
  return batch;
}

/** The option `out` of `push` or `flush`. */
export function readOut(options: PushOptions, what: string): Tensor | undefined {
  refuseUnknownOptions(options, PUSH_OPTIONS, what);
  return options.out;
}

/** The rows of `reset`, each read once. */
export function readRows(rows: unknown, batch: number): Set<number> {
  if (!isArray(rows)) {
    throw typeError('ERR_CONV1D_TYPE', `reset(): rows must be an array of positions, but got ${describe(rows)}`);
  }
  const chosen = new Set<number>();
  const count = integer(rows.length, 'reset(): the length of rows');
  if (count > batch) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `reset(): the stream has ${batch} rows, but got ${count} of them; give each once`,
    );
  }
  for (let i = 0; i < count; i++) {
    const row = integer(rows[i], `reset(): rows[${i}]`);
    if (row < 0 || row >= batch) {
      throw rangeError('ERR_CONV1D_VALUE', `reset(): rows[${i}] must be from 0 to ${batch - 1}, but got ${row}`);
    }
    chosen.add(row);
  }
  return chosen;
}
