import type { Elements, FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';
import type { Around } from './reductions.ts';

export type IndexArray = BigInt64Array | Int32Array;

/** The rows of x (rows, width) with these indices; ERR_CONV1D_VALUE for one that is not in [0, rows), before anything is written. */
export function takeRows(rows: number, width: number, x: Elements, indices: IndexArray, out: Elements): void {
  loadAddon().takeRows(rows, width, x, indices, out);
}

/**
 * `out[o][i][c] = x[o][indices[o][i][c]][c]`: x is (outer, count, inner), indices and out are (outer, outCount, inner). torch.gather takes
 * indices that are smaller than x in the other dimensions: narrow x to their sizes first.
 */
export function gatherAlong(around: Around, outCount: number, x: Elements, indices: IndexArray, out: Elements): void {
  loadAddon().gatherAlong(around.outer, around.count, around.inner, outCount, x, indices, out);
}

/** The reverse of {@link takeRows}: each row of x (indices, width) added to the row of `out` (rows, width) that its index names, in their order. */
export function addRows(rows: number, width: number, x: FloatArray, indices: IndexArray, out: FloatArray): void {
  loadAddon().addRows(rows, width, x, indices, out);
}

/** The reverse of {@link gatherAlong}: `out[o][indices[o][i][c]][c] += x[o][i][c]` in the order of i; out is (outer, count, inner). */
export function scatterAdd(
  around: Around,
  outCount: number,
  x: FloatArray,
  indices: IndexArray,
  out: FloatArray,
): void {
  loadAddon().scatterAdd(around.outer, around.count, around.inner, outCount, x, indices, out);
}
