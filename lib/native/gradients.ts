import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';
import type { PoolShape } from './pool.ts';
import type { Around } from './reductions.ts';
import type { UpsampleShape } from './upsample.ts';

/** The functions of one element that have a gradient, in the order of native/kernels/kernel_table.h. */
const ELEMENT_GRADIENTS = [
  'abs',
  'sqrt',
  'sin',
  'cos',
  'tanh',
  'sigmoid',
  'erf',
  'relu',
  'leakyRelu',
  'elu',
  'silu',
  'gelu',
  'geluTanh',
  'softplus',
  'hardtanh',
  'clamp',
  'square',
  'reciprocal',
  'rsqrt',
  'expm1',
  'log1p',
] as const;

export type ElementGradient = (typeof ELEMENT_GRADIENTS)[number];

const ELEMENT_GRADIENT_INDEX = new Map<ElementGradient, number>(ELEMENT_GRADIENTS.map((name, index) => [name, index]));

/** Of what was saved (what the function was given, or what it gave, as each gradient has it) and of the gradient of what it gave. */
export function elementGradient(
  name: ElementGradient,
  saved: FloatArray,
  gradient: FloatArray,
  a: number,
  b: number,
  out: FloatArray,
): void {
  loadAddon().elementGradient(ELEMENT_GRADIENT_INDEX.get(name)!, saved, gradient, a, b, out);
}

/** Of the first halves of x (outer, 2, size) times the sigmoid of its second ones. */
export function gateGradient(outer: number, size: number, x: FloatArray, gradient: FloatArray, out: FloatArray): void {
  loadAddon().gateGradient(outer, size, x, gradient, out);
}

/** Of softmax, or of its logarithm, over the middle dimension of y (outer, count, inner), which is what it gave. */
export function softmaxGradient(
  isLog: boolean,
  { outer, count, inner }: Around,
  y: FloatArray,
  gradient: FloatArray,
  out: FloatArray,
): void {
  loadAddon().softmaxGradient(isLog, outer, count, inner, y, gradient, out);
}

/** Of the largest of each window. */
export function maxPoolGradient(
  shape: PoolShape,
  dilation: number,
  x: FloatArray,
  gradient: FloatArray,
  out: FloatArray,
): void {
  const { rows, length, kernelSize, stride, padding, outLength } = shape;
  loadAddon().maxPoolGradient(rows, length, kernelSize, stride, padding, dilation, outLength, x, gradient, out);
}

/** Of the mean of each window. */
export function avgPoolGradient(
  shape: PoolShape,
  countIncludePad: boolean,
  gradient: FloatArray,
  out: FloatArray,
): void {
  const { rows, length, kernelSize, stride, padding, outLength } = shape;
  loadAddon().avgPoolGradient(rows, length, kernelSize, stride, padding, outLength, countIncludePad, gradient, out);
}

/** Of the largest of each of `outLength` windows. */
export function adaptiveMaxPoolGradient(
  rows: number,
  length: number,
  outLength: number,
  x: FloatArray,
  gradient: FloatArray,
  out: FloatArray,
): void {
  loadAddon().adaptiveMaxPoolGradient(rows, length, outLength, x, gradient, out);
}

/** Of the mean of each of `outLength` windows. */
export function adaptiveAvgPoolGradient(
  rows: number,
  length: number,
  outLength: number,
  gradient: FloatArray,
  out: FloatArray,
): void {
  loadAddon().adaptiveAvgPoolGradient(rows, length, outLength, gradient, out);
}

/** Of rows of another length, which are copies. */
export function upsampleNearestGradient(shape: UpsampleShape, gradient: FloatArray, out: FloatArray): void {
  const { rows, length, outLength, scale } = shape;
  loadAddon().upsampleNearestGradient(rows, length, outLength, scale, gradient, out);
}

/** Of rows of another length, which lie on lines between elements. */
export function upsampleLinearGradient(
  shape: UpsampleShape,
  alignCorners: boolean,
  gradient: FloatArray,
  out: FloatArray,
): void {
  const { rows, length, outLength, scale } = shape;
  loadAddon().upsampleLinearGradient(rows, length, outLength, alignCorners, scale, gradient, out);
}
