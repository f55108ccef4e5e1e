import { rangeError } from '../check/errors.ts';
import type { FloatArray } from '../tensor/dtype.ts';

/**
 * Refuses an `out` that shares memory with what the call reads.
 *
 * @throws RangeError ERR_CONV1D_OVERLAP
 */
export function refuseOverlap(out: FloatArray, read: FloatArray, name: string): void {
  if (out.buffer !== read.buffer) return;
  if (out.byteOffset < endOf(read) && read.byteOffset < endOf(out)) throw overlap('out', `the ${name}`);
}

/** Memory that a call uses, by the name that its caller gave it. */
export interface Used {
  readonly array: FloatArray;
  readonly name: () => string;
  readonly isWritten: boolean;
}

/**
 * Refuses memory that is written and also used otherwise. What is only read may overlap.
 *
 * @throws RangeError ERR_CONV1D_OVERLAP
 */
export function refuseOverlaps(used: Iterable<Used>): void {
  for (const stretches of byBuffer(used).values()) {
    stretches.sort((a, b) => a.array.byteOffset - b.array.byteOffset);
    // Of those so far, the one that reaches furthest, and of those that are written.
    let furthest: Used | undefined;
    let furthestWritten: Used | undefined;
    for (const each of stretches) {
      const before = each.isWritten ? furthest : furthestWritten;
      if (before !== undefined && endOf(before.array) > each.array.byteOffset) {
        const [written, other] = each.isWritten ? [each, before] : [before, each];
        throw overlap(written.name(), other.name());
      }
      if (furthest === undefined || endOf(each.array) > endOf(furthest.array)) furthest = each;
      if (each.isWritten) furthestWritten = each;
    }
  }
}

function byBuffer(used: Iterable<Used>): Map<ArrayBufferLike, Used[]> {
  const buffers = new Map<ArrayBufferLike, Used[]>();
  for (const each of used) {
    const { buffer, byteLength } = each.array;
    if (byteLength === 0) continue;
    const others = buffers.get(buffer);
    if (others === undefined) buffers.set(buffer, [each]);
    else others.push(each);
  }
  return buffers;
}

function endOf({ byteOffset, byteLength }: FloatArray): number {
  return byteOffset + byteLength;
}

function overlap(written: string, other: string): RangeError {
  return rangeError('ERR_CONV1D_OVERLAP', `${written} shares memory with ${other}; give it memory of its own`);
}
