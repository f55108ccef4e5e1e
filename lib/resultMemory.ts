import * as workerThreads from 'node:worker_threads';
import { addon } from './addon.ts';
import { allocate } from './tensor/allocate.ts';
import type { Dtype, FloatArray } from './tensor/dtype.ts';

const KINDS = { float32: Float32Array, float64: Float64Array } as const;

/** Below this, clearing costs next to nothing. */
const SMALL_BYTES = 4096;

/**
 * From here on a single result is one of the native side's recycled buffers (native/runtime/buffer_pool.h), which cannot be
 * transferred to a worker; below, the C library recycles as well.
 */
const LARGE_BYTES = 16 * 2 ** 20;

/** From here on results that are made together lie in one recycled buffer. */
const TOGETHER_BYTES = 2 * 2 ** 20;

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
  const pooled = bytes < LARGE_BYTES ? null : pooledBuffer(bytes);
  if (pooled !== null) return new Kind(pooled);
  try {
    return new Kind(Buffer.allocUnsafeSlow(bytes).buffer);
  } catch {
    return allocate(dtype, length);
  }
}

/**
 * Memory for many results, as {@link allocateResult}. They may share one buffer: being external memory it cannot be transferred, so
 * that none of them is detached from under the others.
 */
export function allocateResults(dtype: Dtype, lengths: readonly number[]): FloatArray[] {
  const Kind = KINDS[dtype];
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const bytes = total * Kind.BYTES_PER_ELEMENT;
  const buffer = bytes < TOGETHER_BYTES || lengths.length === 1 ? null : pooledBuffer(bytes);
  if (buffer === null) return lengths.map((length) => allocateResult(dtype, length));
  let begin = 0;
  return lengths.map((length) => {
    const result = new Kind(buffer, begin, length);
    begin += result.byteLength;
    return result;
  });
}

/** A recycled buffer, if there is one to be had. It goes back to its pool and so must stay in this thread. */
function pooledBuffer(bytes: number): ArrayBuffer | null {
  const buffer = addon.pooledBuffer(bytes);
  // Other runtimes lack it.
  if (buffer !== null) workerThreads.markAsUntransferable?.(buffer);
  return buffer;
}
