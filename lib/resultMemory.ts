import { addon } from './addon.ts';
import { allocate } from './tensor/allocate.ts';
import type { Dtype, FloatArray } from './tensor/dtype.ts';

const KINDS = { float32: Float32Array, float64: Float64Array } as const;

/** Below this, clearing costs next to nothing. */
const SMALL_BYTES = 4096;

/** From here on the native side recycles buffers (native/runtime/buffer_pool.h). */
const LARGE_BYTES = 16 * 2 ** 20;

/**
 * Memory for a result of which every element is about to be written: what it holds is undefined, and nobody may see it
 * before. Neither cleared nor, where that can be helped, mapped anew: the page faults of a fresh 38 MB take longer than most
 * convolutions.
 *
 * @throws RangeError ERR_CONV1D_MEMORY  when the engine or the system refuses
 */
export function allocateResult(dtype: Dtype, length: number): FloatArray {
  const Kind = KINDS[dtype];
  const bytes = length * Kind.BYTES_PER_ELEMENT;
  if (bytes < SMALL_BYTES) return allocate(dtype, length);
  const pooled = bytes < LARGE_BYTES ? null : addon.pooledBuffer(bytes);
  if (pooled !== null) return new Kind(pooled);
  try {
    return new Kind(Buffer.allocUnsafeSlow(bytes).buffer);
  } catch {
    return allocate(dtype, length);
  }
}
