import { rangeError } from '../check/errors.ts';
import { integer, oneOf } from '../check/validate.ts';

/**
 * Which algorithms may compute a convolution.
 *
 * - `'direct'`: those that take the sum of every output in one order, see docs/accuracy.md
 * - `'fast'`: also those that need fewer multiplications and sum in another order, wherever they are estimated to be faster.
 *   The results differ by rounding, and are again the same bits for any batch, threads and machine
 *
 * @category Layer
 */
export type Algorithm = 'direct' | 'fast';

export const ALGORITHMS = ['direct', 'fast'] as const satisfies readonly Algorithm[];

/** What the transformed weights of a fast algorithm may take up where nothing else is said: 256 MiB. */
export const DEFAULT_MAX_WEIGHT_BYTES = 2 ** 28;

/** An algorithm that a caller gave. */
export function readAlgorithm(value: unknown): Algorithm {
  return oneOf(value, ALGORITHMS, 'algorithm');
}

/** A bound that a caller gave, in bytes; 0 leaves only algorithms that transform no weights. */
export function readMaxWeightBytes(value: unknown): number {
  const bytes = integer(value, 'maxWeightBytes');
  if (bytes < 0) throw rangeError('ERR_CONV1D_VALUE', `maxWeightBytes must be 0 or more, but got ${bytes}`);
  return bytes;
}
