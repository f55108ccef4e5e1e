import type { Elements } from './dtype.ts';

/** How often this library has written to memory that a tensor may own; absent where never. */
const versions = new WeakMap<ArrayBufferLike, number>();

let writes = 0;

/** To be called by whoever writes to elements of a tensor in place: a gradient that needs what was there would be wrong. */
export function wrote({ buffer }: Elements): void {
  versions.set(buffer, (versions.get(buffer) ?? 0) + 1);
  writes++;
}

/** How often this library has written to any memory: where it is the same, so are all versions. */
export function writeCount(): number {
  return writes;
}

/** Which state of some memory it is in. */
export function versionOf({ buffer }: Elements): number {
  return versions.get(buffer) ?? 0;
}
