import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** Windows along rows of `length` elements, `outLength` of them in each. */
export interface PoolShape {
  readonly rows: number;
  readonly length: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly outLength: number;
}

/** The largest of each window, and in `indices` where in its row it lies. */
export function maxPool(
  shape: PoolShape,
  dilation: number,
  x: FloatArray,
  out: FloatArray,
  indices: BigInt64Array | null,
): void {
  const { rows, length, kernelSize, stride, padding, outLength } = shape;
  loadAddon().maxPool(rows, length, kernelSize, stride, padding, dilation, outLength, x, out, indices);
}

/** The mean of each window; with `countIncludePad` the padding counts as zeros. */
export function avgPool(shape: PoolShape, countIncludePad: boolean, x: FloatArray, out: FloatArray): void {
  const { rows, length, kernelSize, stride, padding, outLength } = shape;
  loadAddon().avgPool(rows, length, kernelSize, stride, padding, outLength, countIncludePad, x, out);
}

/** The largest of each of `outLength` windows that cover a row. */
export function adaptiveMaxPool(
  rows: number,
  length: number,
  outLength: number,
  x: FloatArray,
  out: FloatArray,
  indices: BigInt64Array | null,
): void {
  loadAddon().adaptiveMaxPool(rows, length, outLength, x, out, indices);
}

/** The mean of each of `outLength` windows that cover a row. */
export function adaptiveAvgPool(rows: number, length: number, outLength: number, x: FloatArray, out: FloatArray): void {
  loadAddon().adaptiveAvgPool(rows, length, outLength, x, out);
}
