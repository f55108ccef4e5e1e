import type { Elements } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';
import type { Around } from './reductions.ts';

/** Running sums along the middle dimension: `out` is of x's kind for floats, else a BigInt64Array. */
export function cumsum(around: Around, x: Elements, out: Elements): void {
  loadAddon().cumsum(around.outer, around.count, around.inner, x, out);
}

/** Each row of x (rows, count) in order, stable, NaN as the largest, and where its elements came from. */
export function sort(
  order: 'ascending' | 'descending',
  rows: number,
  count: number,
  x: Elements,
  values: Elements,
  indices: BigInt64Array,
): void {
  loadAddon().sort(order === 'descending', rows, count, x, values, indices);
}

/** The first k of each row, the largest or smallest first, of equal ones the first. */
export function topk(
  k: number,
  which: 'largest' | 'smallest',
  rows: number,
  count: number,
  x: Elements,
  values: Elements,
  indices: BigInt64Array,
): void {
  loadAddon().topk(k, which === 'largest', rows, count, x, values, indices);
}
