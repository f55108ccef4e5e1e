import type { FloatArray } from '../../lib/tensor/dtype.ts';

/** A convolution's parameters, in the words of the public options, and the size of its input. */
export interface Problem {
  readonly dtype: 'float32' | 'float64';
  /** null: an unbatched (C, L) signal. */
  readonly batch: number | null;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly groups: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number | 'same' | 'valid' | 'causal' | readonly [left: number, right: number];
  readonly dilation: number;
  readonly paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular';
  readonly bias: boolean;
  readonly length: number;
}

/** The memory of a problem's tensors: input (N, C, L), weight (O, C / groups, K), bias (O). */
export interface Operands {
  readonly x: FloatArray;
  readonly w: FloatArray;
  readonly b: FloatArray | null;
}

/** The shapes of the input, the weight and the bias. */
export function shapesOf(p: Problem): { x: number[]; w: number[]; b: number[] } {
  return {
    x: [...(p.batch === null ? [] : [p.batch]), p.inChannels, p.length],
    w: [p.outChannels, p.inChannels / p.groups, p.kernelSize],
    b: [p.outChannels],
  };
}

/** Padding on the left and on the right. */
export function padsOf(p: Problem): readonly [left: number, right: number] {
  const reach = p.dilation * (p.kernelSize - 1);
  switch (p.padding) {
    case 'valid':
      return [0, 0];
    case 'same':
      return [Math.floor(reach / 2), Math.ceil(reach / 2)];
    case 'causal':
      return [reach, 0];
    default:
      return typeof p.padding === 'number' ? [p.padding, p.padding] : p.padding;
  }
}

export function outLengthOf(p: Problem): number {
  const [left, right] = padsOf(p);
  return Math.floor((p.length + left + right - p.dilation * (p.kernelSize - 1) - 1) / p.stride) + 1;
}

/** The shape of the output. */
export function outShapeOf(p: Problem): number[] {
  return [...(p.batch === null ? [] : [p.batch]), p.outChannels, outLengthOf(p)];
}

/**
 * The sample that a position (0 is the first sample, negative lies in the left padding) shows, by the padding mode;
 * -1 where the padding is zero.
 */
export function sampleAt(position: number, p: Problem): number {
  const last = p.length - 1;
  if (position >= 0 && position <= last) return position;
  switch (p.paddingMode) {
    case 'zeros':
      return -1;
    case 'reflect':
      return position < 0 ? -position : 2 * last - position;
    case 'replicate':
      return position < 0 ? 0 : last;
    case 'circular':
      return position < 0 ? position + p.length : position - p.length;
  }
}
