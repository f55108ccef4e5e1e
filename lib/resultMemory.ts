import { setTimeout } from 'node:timers';
import { addon } from './addon.ts';
import { allocate } from './tensor/allocate.ts';
import type { Dtype, FloatArray } from './tensor/dtype.ts';

const KINDS = { float32: Float32Array, float64: Float64Array } as const;

/** Below this, clearing costs next to nothing. */
const SMALL_BYTES = 4096;

/** From here on the native side asks for huge pages. */
const LARGE_BYTES = 512 * 2 ** 10;

/**
 * Memory for a result of which every element is about to be written: what it holds is undefined, and nobody may see it
 * before. It is V8's own and belongs to its ArrayBuffer alone.
 *
 * @throws RangeError ERR_CONV1D_MEMORY  when the engine or the system refuses
 */
export function allocateResult(dtype: Dtype, length: number): FloatArray {
  const Kind = KINDS[dtype];
  const bytes = length * Kind.BYTES_PER_ELEMENT;
  if (bytes < SMALL_BYTES) return allocate(dtype, length);
  giveBackWhenIdle(bytes);
  if (bytes >= LARGE_BYTES) return addon.allocateResult(dtype, length);
  try {
    return new Kind(Buffer.allocUnsafeSlow(bytes).buffer);
  } catch {
    return allocate(dtype, length);
  }
}

const IDLE_MS = 2000;
let isWatching = false;
let madeSince = false;

/** What the C library keeps of large results goes back to the system after a while without any. To be called for every one. */
export function giveBackWhenIdle(bytes: number): void {
  if (bytes < LARGE_BYTES) return;
  madeSince = true;
  if (!isWatching) watch();
}

function watch(): void {
  isWatching = madeSince;
  if (!isWatching) addon.giveBackMemory();
  else setTimeout(watch, IDLE_MS).unref();
  madeSince = false;
}
