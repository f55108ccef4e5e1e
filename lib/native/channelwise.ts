import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';
import { binary, copy, type UnaryFunction, unary } from './pointwise.ts';

/** The functions whose parameters belong to a channel, in the order of native/kernels/kernel_table.h. */
const CHANNELWISE = ['affine', 'snake', 'leakyRelu'] as const;

export type ChannelFunction = (typeof CHANNELWISE)[number];

/** The number of a function, as the addon takes it. */
export function channelwiseIndex(name: ChannelFunction): number {
  return CHANNELWISE.indexOf(name);
}

/**
 * `out = name(x)` in `rows` rows of `length` elements, where row i has the parameters `a[i % channels]` and `b[i % channels]`:
 * `affine` is a x + b, `snake` x + b sin(a x)^2, `leakyRelu` a x below zero and has no `b`.
 */
export function channelwise(
  name: ChannelFunction,
  rows: number,
  channels: number,
  length: number,
  x: FloatArray,
  a: FloatArray,
  b: FloatArray | null,
  out: FloatArray,
): void {
  loadAddon().channelwise(CHANNELWISE.indexOf(name), rows, channels, length, x, a, b, out);
}

/** `x` is (outer, 2 * half, inner), and `out` its first halves times the sigmoid of its second ones. */
export function glu(outer: number, half: number, inner: number, x: FloatArray, out: FloatArray): void {
  const size = half * inner;
  if (size === 1) {
    // The kernels take neighbours only, and halves of one element are none: first all of the first halves, then all of the others.
    const columns = x.slice();
    copy([2, outer], { storage: x, offset: 0, strides: [1, 2] }, { storage: columns, offset: 0, strides: [outer, 1] });
    binary('gate', [outer], side(columns, 0, [1]), side(columns, outer, [1]), out);
  } else {
    const strides = [2 * size, 1];
    binary('gate', [outer, size], side(x, 0, strides), side(x, size, strides), out);
  }
}

function side(storage: FloatArray, offset: number, strides: readonly number[]) {
  return { storage, offset, strides };
}

const POWERS = new Map<number, UnaryFunction>([
  [0.5, 'sqrt'],
  [-0.5, 'rsqrt'],
  [-1, 'reciprocal'],
  [2, 'square'],
  [3, 'cube'],
]);

/** The function of one element that a power is, where there is one. */
export function powerFunction(exponent: number): UnaryFunction | undefined {
  return POWERS.get(exponent);
}

/** `out = x^exponent`, by roots, products and quotients where PyTorch takes these. */
export function powScalar(x: FloatArray, exponent: number, out: FloatArray): void {
  const name = POWERS.get(exponent);
  if (name !== undefined) {
    unary(name, x, 0, 0, out);
    return;
  }
  const y =
    x.BYTES_PER_ELEMENT === Float32Array.BYTES_PER_ELEMENT ? Float32Array.of(exponent) : Float64Array.of(exponent);
  const one = { storage: y, offset: 0, strides: [0] };
  binary('pow', [x.length], { storage: x, offset: 0, strides: [1] }, one, out);
}
