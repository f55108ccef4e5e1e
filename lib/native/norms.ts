import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';
import type { Around } from './reductions.ts';

/** x is (batch, groups, channels, length), its statistics over the channels and lengths of each group. */
export interface NormShape {
  readonly batch: number;
  readonly groups: number;
  /** Of each group. */
  readonly channels: number;
  readonly length: number;
}

/**
 * Group and instance norms: weight and bias have an element for each channel of all groups.
 *
 * @param statistics  two elements for each group of each item: what the gradient needs is written there; null where there is none
 */
export function normaliseGroups(
  shape: NormShape,
  eps: number,
  x: FloatArray,
  weight: FloatArray | null,
  bias: FloatArray | null,
  out: FloatArray,
  statistics: FloatArray | null,
): void {
  const { batch, groups, channels, length } = shape;
  loadAddon().normalise(batch, groups, channels, length, eps, x, weight, bias, false, out, statistics);
}

/** The layer norm of x (rows, count): weight and bias have an element for each of a row; `statistics` two for each row. */
export function normaliseRows(
  rows: number,
  count: number,
  eps: number,
  x: FloatArray,
  weight: FloatArray | null,
  bias: FloatArray | null,
  out: FloatArray,
  statistics: FloatArray | null,
): void {
  loadAddon().normalise(rows, 1, 1, count, eps, x, weight, bias, true, out, statistics);
}

/** Writes the weight under weight norm, g * v / ||v||; v is seen from the dimension that has a norm for each position. Says whether that changed it. */
export function foldWeightNorm(
  { outer, count, inner }: Around,
  g: Float64Array,
  v: FloatArray,
  weight: FloatArray,
): boolean {
  return loadAddon().foldWeightNorm(outer, count, inner, g, v, weight);
}

/** Mean and biased variance of each channel of x (batch, channels, length). */
export function batchStatistics(
  batch: number,
  channels: number,
  length: number,
  x: FloatArray,
  means: FloatArray,
  variances: FloatArray,
): void {
  loadAddon().batchStatistics(batch, channels, length, x, means, variances);
}
