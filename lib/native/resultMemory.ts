import { setTimeout } from 'node:timers';
import { allocate, allocateUncleared } from '../tensor/allocate.ts';
import { arrayKind, bytesPerElement, type DataOf, type Dtype } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** Below this, clearing costs next to nothing. */
const SMALL_BYTES = 2048;

/** From here on huge pages pay, and memory that is kept is worth giving back. */
const LARGE_BYTES = 512 * 2 ** 10;

const LOOK_EVERY_MS = 2000;

/**
 * Memory for a result of which every element is about to be written: what it holds is undefined, and nobody may see it
 * before. It is V8's own and belongs to its ArrayBuffer alone.
 *
 * @throws RangeError ERR_CONV1D_MEMORY  when the engine or the system refuses
 */
export function allocateResult<D extends Dtype>(dtype: D, length: number): DataOf<D> {
  const bytes = length * bytesPerElement(dtype);
  if (bytes < SMALL_BYTES) return allocate(dtype, length);
  // Half the time of a call into the addon (250 ns).
  if (bytes < LARGE_BYTES) return allocateUncleared(dtype, length);
  giveBackLater(bytes);
  return new (arrayKind(dtype))(loadAddon().allocateResult(bytes));
}

/** The results of a background job as arrays of this realm: the addon knows only that which loaded it. */
export function resultArrays<D extends Dtype>(dtype: D, memories: readonly ArrayBuffer[]): DataOf<D>[] {
  const Kind = arrayKind(dtype);
  return memories.map((memory) => new Kind(memory));
}

let isWatching = false;

/** To be called with the size of memory that was just used: what the process keeps of it goes back after a while without more. */
export function giveBackLater(bytes: number): void {
  if (bytes < LARGE_BYTES || isWatching) return;
  isWatching = true;
  setTimeout(look, LOOK_EVERY_MS).unref();
}

function look(): void {
  isWatching = !loadAddon().giveBackWhenIdle();
  if (isWatching) setTimeout(look, LOOK_EVERY_MS).unref();
}
