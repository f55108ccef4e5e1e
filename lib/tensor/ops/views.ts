import { rangeError } from '../../check/errors.ts';
import type { Operation } from '../operation.ts';
import { formatShape } from '../shape.ts';
import { broadcastSlab, slabOver, stridesOfSlab } from '../slab.ts';
import { broadcastTo, makeView, stridesOf, type View } from '../view.ts';

// Operations that give the same elements under other indices: views over the memory of their input.

/** How dimensions are put in another order. */
export interface PermuteAttributes {
  readonly dims: readonly number[];
  /** Whether transpose() was called: torch has a gradient function for it. */
  readonly isTransposed?: boolean;
}

/** The dimensions in another order: dimension i of the result is dims[i] of the input. */
export const permute: Operation<PermuteAttributes> = {
  name: 'permute',
  infer: ([x], { dims }) => ({ dtype: x!.dtype, shape: dims.map((dim) => x!.shape[dim]!) }),
  run: ([x], { dims }, { shape }) => {
    const strides = stridesOf(x!);
    return makeView(
      x!.storage,
      shape,
      x!.offset,
      dims.map((dim) => strides[dim]!),
    );
  },
  lower: (_, [x], { dims }, [{ shape }]) => {
    const strides = stridesOfSlab(x!);
    return [
      slabOver(
        x!,
        shape,
        dims.map((dim) => strides[dim]!),
      ),
    ];
  },
};

/** `length` positions of a dimension, from `start` on. */
export const narrow: Operation<{ readonly dim: number; readonly start: number; readonly length: number }> = {
  name: 'narrow',
  infer: ([x], { dim, start, length }) => {
    const size = x!.shape[dim]!;
    if (length < 0) throw rangeError('ERR_CONV1D_SHAPE', 'narrow(): length must be non-negative.');
    if (start < 0 || start + length > size) {
      throw rangeError('ERR_CONV1D_SHAPE', `start (${start}) + length (${length}) exceeds dimension size (${size}).`);
    }
    return { dtype: x!.dtype, shape: x!.shape.with(dim, length) };
  },
  run: ([x], { dim, start }, { shape }) => {
    const strides = stridesOf(x!);
    return makeView(x!.storage, shape, x!.offset + start * strides[dim]!, strides);
  },
  lower: (_, [x], { dim, start }, [{ shape }]) => {
    const strides = stridesOfSlab(x!);
    return [slabOver(x!, shape, strides, start * strides[dim]!)];
  },
};

/** Which dimensions are left out. */
export interface SqueezeAttributes {
  readonly dims: readonly number[];
  /** Whether squeeze() was called without a dimension: torch has a gradient function for it. */
  readonly areAll?: boolean;
}

/** Without these dimensions, which have size 1. */
export const squeeze: Operation<SqueezeAttributes> = {
  name: 'squeeze',
  infer: ([x], { dims }) => {
    const other = dims.find((dim) => x!.shape[dim] !== 1);
    if (other !== undefined) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `squeeze(): dimension ${other} must have size 1, but it has ${x!.shape[other]}`,
      );
    }
    return { dtype: x!.dtype, shape: x!.shape.filter((_, dim) => !dims.includes(dim)) };
  },
  run: ([x], { dims }, { shape }) =>
    makeView(
      x!.storage,
      shape,
      x!.offset,
      stridesOf(x!).filter((_, dim) => !dims.includes(dim)),
    ),
  lower: (_, [x], { dims }, [{ shape }]) => [
    slabOver(
      x!,
      shape,
      stridesOfSlab(x!).filter((_, dim) => !dims.includes(dim)),
    ),
  ],
};

/** With one more dimension, of size 1. */
export const unsqueeze: Operation<{ readonly dim: number }> = {
  name: 'unsqueeze',
  infer: ([x], { dim }) => ({ dtype: x!.dtype, shape: x!.shape.toSpliced(dim, 0, 1) }),
  run: ([x], { dim }, { shape }) => makeView(x!.storage, shape, x!.offset, stridesOf(x!).toSpliced(dim, 0, 1)),
  lower: (_, [x], { dim }, [{ shape }]) => [slabOver(x!, shape, stridesOfSlab(x!).toSpliced(dim, 0, 1))],
};

/** Dimensions of size 1 repeated, and new ones in front. A size of -1 leaves that of the input. */
export const expand: Operation<{ readonly sizes: readonly number[] }> = {
  name: 'expand',
  infer: ([x], { sizes }) => ({ dtype: x!.dtype, shape: expandedShape(x!.shape, sizes) }),
  run: ([x], _, { shape }): View => broadcastTo(x!, shape),
  lower: (_, [x], __, [{ shape }]) => [broadcastSlab(x!, shape)],
};

function expandedShape(shape: readonly number[], sizes: readonly number[]): number[] {
  const added = sizes.length - shape.length;
  if (added < 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `expand(${formatShape(sizes)}): the number of sizes provided (${sizes.length}) must be greater or equal to the number of dimensions in the tensor (${shape.length})`,
    );
  }
  return sizes.map((size, dim) => {
    const own = shape[dim - added];
    if (size === -1) {
      if (own !== undefined) return own;
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension ${dim}`,
      );
    }
    if (own === undefined || own === 1 || own === size) return size;
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `The expanded size of the tensor (${size}) must match the existing size (${own}) at non-singleton dimension ${dim}.  Target sizes: ${formatShape(sizes)}.  Tensor sizes: ${formatShape(shape)}`,
    );
  });
}
