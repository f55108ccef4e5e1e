import { rangeError, typeError } from '../../check/errors.ts';
import { describe, isArray } from '../../check/validate.ts';
import type { Operation } from '../operation.ts';
import { slabOver, stridesOfSlab } from '../slab.ts';
import { makeView, stridesOf } from '../view.ts';

/**
 * One index of {@link Tensor.at}: a position drops the dimension, `[start, stop]` keeps it.
 *
 * @category Tensors
 */
export type Index = number | readonly [start: number, stop: number];

/** What the indices pick, over the same memory. */
export const at: Operation<{ readonly indices: readonly Index[] }> = {
  name: 'at',
  infer: ([x], { indices }) => ({
    dtype: x!.dtype,
    shape: resolve(x!.shape, indices).flatMap(({ length }) => (length === undefined ? [] : [length])),
  }),
  run: ([x], { indices }, { shape }) => {
    const strides = stridesOf(x!);
    const picks = resolve(x!.shape, indices);
    const offset = picks.reduce((sum, { start }, dim) => sum + start * strides[dim]!, x!.offset);
    return makeView(
      x!.storage,
      shape,
      offset,
      strides.filter((_, dim) => picks[dim]!.length !== undefined),
    );
  },
  lower: (_, [x], { indices }, [{ shape }]) => {
    const strides = stridesOfSlab(x!);
    const picks = resolve(x!.shape, indices);
    const skipped = picks.reduce((sum, { start }, dim) => sum + start * strides[dim]!, 0);
    return [
      slabOver(
        x!,
        shape,
        strides.filter((_, dim) => picks[dim]!.length !== undefined),
        skipped,
      ),
    ];
  },
};

/** What is picked of a dimension: a stretch of it, or with no length, one position. */
interface Pick {
  readonly start: number;
  readonly length: number | undefined;
}

function resolve(shape: readonly number[], indices: readonly Index[]): Pick[] {
  const ndim = shape.length;
  if (indices.length > ndim) {
    throw rangeError('ERR_CONV1D_SHAPE', `too many indices for tensor of dimension ${ndim}`);
  }
  return shape.map((size, dim) => {
    const index = indices[dim];
    if (typeof index === 'number') return { start: position(index, size, dim), length: undefined };
    const [start, stop] = index === undefined ? [0, size] : range(index, size);
    return { start, length: stop - start };
  });
}

/** A checked position, counted from the front. */
function position(index: number, size: number, dim: number): number {
  if (!Number.isInteger(index)) {
    throw typeError('ERR_CONV1D_TYPE', `an index must be an integer or [start, stop], but got ${index}`);
  }
  if (index < -size || index >= size) {
    throw rangeError('ERR_CONV1D_SHAPE', `index ${index} is out of bounds for dimension ${dim} with size ${size}`);
  }
  return index < 0 ? index + size : index;
}

/** `[start, stop]` as Python slices: negative counts from the end, beyond the end is clamped, an empty range is empty. */
function range(index: readonly [number, number], size: number): [start: number, stop: number] {
  const [start, stop]: unknown[] = isArray(index) && index.length === 2 ? [index[0], index[1]] : [];
  if (!isBound(start) || !isBound(stop)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `an index must be an integer or [start, stop] of two integers, but got ${describe(index)}`,
    );
  }
  const clamp = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size);
  const first = clamp(start);
  return [first, Math.max(first, clamp(stop))];
}

/** Infinity is welcome as "to the end". */
function isBound(value: unknown): value is number {
  return Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
}
