import type { Elements, FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** What reduces a dimension to one element, in the order of native/core/reduce/reduce.h. */
const REDUCTIONS = ['sum', 'mean', 'product', 'maximum', 'minimum', 'variance', 'norm', 'any', 'all'] as const;

export type Reduction = (typeof REDUCTIONS)[number];

const REDUCTION_INDEX = new Map<Reduction, number>(REDUCTIONS.map((name, index) => [name, index]));

/** The number of a reduction, as the addon takes it. */
export function reductionIndex(name: Reduction): number {
  return REDUCTION_INDEX.get(name)!;
}

/** A tensor seen from one dimension: what lies before it, it itself, what lies behind it. */
export interface Around {
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

/** Reduces x (outer, count, inner) to out (outer, inner); `correction` is the variance's. */
export function reduce(name: Reduction, around: Around, x: Elements, out: Elements, correction = 0): void {
  const { outer, count, inner } = around;
  loadAddon().reduce(REDUCTION_INDEX.get(name)!, outer, count, inner, correction, x, out);
}

/** Where the largest or smallest elements of x (outer, count, inner) lie, the first of equal ones. NaN counts as both. */
export function findExtreme(which: 'largest' | 'smallest', around: Around, x: Elements, out: BigInt64Array): void {
  loadAddon().findExtreme(which === 'largest', around.outer, around.count, around.inner, x, out);
}

/** Softmax of each row of x (rows, count). */
export function softmax(rows: number, count: number, x: FloatArray, out: FloatArray): void {
  loadAddon().softmax(false, rows, count, x, out);
}

/** The logarithm of softmax. */
export function logSoftmax(rows: number, count: number, x: FloatArray, out: FloatArray): void {
  loadAddon().softmax(true, rows, count, x, out);
}
