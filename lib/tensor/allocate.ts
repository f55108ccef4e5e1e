import { rangeError } from '../check/errors.ts';
import type { Dtype, FloatArray } from './dtype.ts';

const BYTES = { float32: 4, float64: 8 } as const;

/**
 * Zeroed memory for `length` elements (a checked element count: an integer from 0 to `MAX_NUMEL`).
 *
 * @throws RangeError ERR_CONV1D_MEMORY  when the engine or the system refuses
 */
export function allocate(dtype: Dtype, length: number): FloatArray {
  try {
    return dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);
  } catch {
    throw rangeError(
      'ERR_CONV1D_MEMORY',
      `can't allocate memory: you tried to allocate ${length * BYTES[dtype]} bytes (${length} elements of ${dtype}); use smaller sizes or release other tensors`,
    );
  }
}
