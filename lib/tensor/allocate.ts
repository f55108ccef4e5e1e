import { Buffer } from 'node:buffer';
import { rangeError } from '../check/errors.ts';
import { arrayKind, bytesPerElement, type DataOf, type Dtype } from './dtype.ts';

/**
 * Zeroed memory for `length` elements (a checked element count: an integer from 0 to `MAX_NUMEL`).
 *
 * @throws RangeError ERR_CONV1D_MEMORY  when the engine or the system refuses
 */
export function allocate<D extends Dtype>(dtype: D, length: number): DataOf<D> {
  try {
    return new (arrayKind(dtype))(length);
  } catch {
    throw noMemory(dtype, length);
  }
}

/**
 * The same, but what it holds is undefined: every element is about to be written, and nobody may see it before. The memory is V8's own and
 * belongs to its ArrayBuffer alone: Node takes no buffer of `allocUnsafeSlow` from its pool.
 *
 * @throws RangeError ERR_CONV1D_MEMORY  when the engine or the system refuses
 */
export function allocateUncleared<D extends Dtype>(dtype: D, length: number): DataOf<D> {
  try {
    return new (arrayKind(dtype))(Buffer.allocUnsafeSlow(length * bytesPerElement(dtype)).buffer);
  } catch {
    throw noMemory(dtype, length);
  }
}

function noMemory(dtype: Dtype, length: number): RangeError {
  return rangeError(
    'ERR_CONV1D_MEMORY',
    `can't allocate memory: you tried to allocate ${length * bytesPerElement(dtype)} bytes (${length} elements of ${dtype}); use smaller sizes or release other tensors`,
  );
}
