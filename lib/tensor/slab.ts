import { contiguousStrides, numelOf, sameShape } from './shape.ts';
import type { Slab } from './steps.ts';

// What view.ts does for arrays, for planned memory.

/** The strides, spelt out. */
export function stridesOfSlab({ shape, strides }: Slab): readonly number[] {
  return strides ?? contiguousStrides(shape);
}

/** Other indices for the same memory; strides that only say that the elements lie one after the other are dropped. */
export function slabOver(
  { region, offset }: Slab,
  shape: readonly number[],
  strides: readonly number[] | null,
  skipped = 0,
): Slab {
  const gaps = strides === null || liesInOrder(shape, strides) ? null : strides;
  return { region, offset: offset + skipped, shape, strides: gaps };
}

/** A slab of a larger shape in which repeated dimensions have stride 0. */
export function broadcastSlab(slab: Slab, shape: readonly number[]): Slab {
  if (sameShape(slab.shape, shape)) return slab;
  const missing = shape.length - slab.shape.length;
  const own = stridesOfSlab(slab);
  const strides = shape.map((_, dim) => (dim < missing || slab.shape[dim - missing] === 1 ? 0 : own[dim - missing]!));
  return slabOver(slab, shape, strides);
}

/** One element behind the last one of a slab, counted from its offset. */
export function extentOf(slab: Slab): number {
  const numel = numelOf(slab.shape);
  if (slab.strides === null || numel === 0) return numel;
  return slab.shape.reduce((end, size, dim) => end + (size - 1) * Math.max(slab.strides![dim]!, 0), 1);
}

function liesInOrder(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    if (shape[dim] !== 1 && strides[dim] !== expected) return false;
    expected *= shape[dim]!;
  }
  return true;
}
