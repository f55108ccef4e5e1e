import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';
import type { NormShape } from './norms.ts';
import type { Around } from './reductions.ts';

/** Where the gradients of a norm go; null where none is asked for. */
export interface NormGradients {
  readonly x: FloatArray | null;
  readonly weight: FloatArray | null;
  readonly bias: FloatArray | null;
}

/** The gradients of a norm over groups, from the statistics that `normaliseGroups` has written. */
export function groupGradients(
  shape: NormShape,
  gradient: FloatArray,
  x: FloatArray,
  statistics: FloatArray,
  weight: FloatArray | null,
  out: NormGradients,
): void {
  const { batch, groups, channels, length } = shape;
  const { x: ofX, weight: ofWeight, bias: ofBias } = out;
  loadAddon().normGradients(
    batch,
    groups,
    channels,
    length,
    gradient,
    x,
    statistics,
    weight,
    false,
    ofX,
    ofWeight,
    ofBias,
  );
}

/** The gradients of a layer norm, from the statistics that `normaliseRows` has written. */
export function rowGradients(
  rows: number,
  count: number,
  gradient: FloatArray,
  x: FloatArray,
  statistics: FloatArray,
  weight: FloatArray | null,
  out: NormGradients,
): void {
  loadAddon().normGradients(rows, 1, 1, count, gradient, x, statistics, weight, true, out.x, out.weight, out.bias);
}

/** What is known of the channels that a norm has made a x + b of: their means, one over their deviations, and a. */
export interface ChannelStatistics {
  readonly mean: FloatArray;
  readonly rstd: FloatArray;
  readonly scale: FloatArray;
  /** Whether means and deviations change with x. */
  readonly areOfInput: boolean;
}

/** The gradients of a batch norm over x (batch, channels, length). */
export function batchGradients(
  batch: number,
  channels: number,
  length: number,
  gradient: FloatArray,
  x: FloatArray,
  statistics: ChannelStatistics,
  out: NormGradients,
): void {
  const { mean, rstd, scale, areOfInput } = statistics;
  loadAddon().batchNormGradients(
    batch,
    channels,
    length,
    areOfInput,
    gradient,
    x,
    mean,
    rstd,
    scale,
    out.x,
    out.weight,
    out.bias,
  );
}

/** The gradients of weight norm; v is seen from the dimension that has a norm for each of its positions, as `g` has. */
export function weightNormGradients(
  { outer, count, inner }: Around,
  gradient: FloatArray,
  g: FloatArray,
  v: FloatArray,
  out: { readonly g: FloatArray | null; readonly v: FloatArray | null },
): void {
  loadAddon().weightNormGradients(outer, count, inner, gradient, g, v, out.g, out.v);
}

/** The functions with parameters of a channel that are learned, in the order of native/kernels/kernel_table.h. */
const LEARNED = ['snake', 'leakyRelu'] as const;

export type LearnedFunction = (typeof LEARNED)[number];

/** The gradients of such a function with respect to x (rows, length), row i of channel i % channels, and to `a`. */
export function functionGradients(
  name: LearnedFunction,
  rows: number,
  channels: number,
  length: number,
  gradient: FloatArray,
  x: FloatArray,
  a: FloatArray,
  b: FloatArray | null,
  out: { readonly x: FloatArray | null; readonly a: FloatArray | null },
): void {
  loadAddon().channelGradients(LEARNED.indexOf(name), rows, channels, length, gradient, x, a, b, out.x, out.a);
}
