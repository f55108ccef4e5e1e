import { rangeError } from '../check/errors.ts';
import { bytesPerElement } from './dtype.ts';
import type { Meta } from './operation.ts';
import { numelOf } from './shape.ts';

/** How many bytes of results may still be made; null while nobody counts. */
let left: number | null = null;

/** Refuses results beyond so many bytes while `compute` runs: of what a file asks for, before anything of that size is allocated. */
export function withinBytes<R>(bytes: number, compute: () => R): R {
  const before = left;
  left = bytes;
  try {
    return compute();
  } finally {
    left = before;
  }
}

/** Counts results that are about to be computed. */
export function spend(results: readonly Meta[]): void {
  if (left === null) return;
  for (const { dtype, shape } of results) left -= numelOf(shape) * bytesPerElement(dtype);
  if (left < 0) {
    throw rangeError(
      'ERR_CONV1D_MEMORY',
      `a tensor of [${results[0]!.shape.join(', ')}] is larger than what may be computed here`,
    );
  }
}
