import { rangeError } from '../check/errors.ts';
import { arrayKind, bytesPerElement, type Dtype, type FloatArray } from './dtype.ts';

/**
 * Zeroed memory for `length` elements (a checked element count: an integer from 0 to `MAX_NUMEL`).
 *
 * @throws RangeError ERR_CONV1D_MEMORY  when the engine or the system refuses
 */
export function allocate(dtype: Dtype, length: number): FloatArray {
  try {
    return new (arrayKind(dtype))(length);
  } catch {
    throw rangeError(
      'ERR_CONV1D_MEMORY',
      `can't allocate memory: you tried to allocate ${length * bytesPerElement(dtype)} bytes (${length} elements of ${dtype}); use smaller sizes or release other tensors`,
    );
  }
}
