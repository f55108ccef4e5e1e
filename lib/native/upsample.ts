import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** Rows of `length` elements to rows of `outLength`; `scale` is the factor that was asked for, or 0. */
export interface UpsampleShape {
  readonly rows: number;
  readonly length: number;
  readonly outLength: number;
  readonly scale: number;
}

/** Each output is the element before it. */
export function upsampleNearest(
  { rows, length, outLength, scale }: UpsampleShape,
  x: FloatArray,
  out: FloatArray,
): void {
  loadAddon().upsampleNearest(rows, length, outLength, scale, x, out);
}

/** Each output lies on the line between its neighbours. */
export function upsampleLinear(shape: UpsampleShape, alignCorners: boolean, x: FloatArray, out: FloatArray): void {
  const { rows, length, outLength, scale } = shape;
  loadAddon().upsampleLinear(rows, length, outLength, alignCorners, scale, x, out);
}
