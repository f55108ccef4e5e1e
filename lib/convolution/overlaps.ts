import { rangeError } from '../check/errors.ts';
import type { FloatArray } from '../tensor/dtype.ts';

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
      if (before !== undefined && endOf(before) > each.array.byteOffset) throw overlap(before, each);
      if (furthest === undefined || endOf(each) > endOf(furthest)) furthest = each;
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

function endOf({ array }: Used): number {
  return array.byteOffset + array.byteLength;
}

function overlap(a: Used, b: Used): RangeError {
  const [written, other] = b.isWritten ? [b, a] : [a, b];
  return rangeError(
    'ERR_CONV1D_OVERLAP',
    `${written.name()} shares memory with ${other.name()}; give it memory of its own`,
  );
}
