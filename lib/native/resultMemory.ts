import { setTimeout } from 'node:timers';
import { allocate } from '../tensor/allocate.ts';
import { arrayKind, bytesPerElement, type Dtype, type FloatArray } from '../tensor/dtype.ts';
import { addon } from './addon.ts';

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
  const bytes = length * bytesPerElement(dtype);
  if (bytes < SMALL_BYTES) return allocate(dtype, length);
  giveBackWhenIdle(bytes);
  if (bytes >= LARGE_BYTES) return addon.allocateResult(dtype, length);
  try {
    return new (arrayKind(dtype))(Buffer.allocUnsafeSlow(bytes).buffer);
  } catch {
    return allocate(dtype, length);
  }
}

const IDLE_MS = 2000;
let isWatching = false;
let madeSince = false;

/** What the C library keeps of large results goes back to the system after a while without any. Call it for every one. */
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
