import { rangeError, typeError } from '../../check/errors.ts';
import { MOST_LISTED, readFew, readList } from '../../check/list.ts';
import { describe, integer, isArray } from '../../check/validate.ts';
import { readDimension, readDimensions } from '../dimensions.ts';
import { apply, applyMany, ownView } from '../dispatch.ts';
import { type Dtype, readDtype } from '../dtype.ts';
import { isRecorded, NONE_LEARNED } from '../history.ts';
import { runOperation } from '../operation.ts';
import { at, type Index } from '../ops/at.ts';
import { convert } from '../ops/convert.ts';
import { flip } from '../ops/flip.ts';
import { reshape } from '../ops/reshape.ts';
import { split } from '../ops/split.ts';
import { expand, narrow, permute, squeeze, unsqueeze } from '../ops/views.ts';
import { formatShape, MAX_DIMENSIONS } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { RankAfter } from '../types.ts';
import type { View } from '../view.ts';

/** The same elements in other places. What is said to be a view shares memory with its tensor. */
export interface ShapeMethods<D extends Dtype, R extends number> {
  /**
   * Picks elements: a number drops its dimension, `[start, stop]` keeps it; dimensions left out are kept whole. Negative
   * positions count from the end, as in Python. The result is a view, whatever is picked.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when an index is out of range or there are too many
   * @throws TypeError ERR_CONV1D_TYPE    when an index is neither an integer nor two of them
   * @example
   * rand(4, 2, 6).at(0, 0, [0, 5]).shape;   // [5]
   */
  at<const I extends readonly Index[]>(...indices: I): Tensor<D, RankAfter<R, I>>;

  /**
   * The same elements in another shape; shares memory when the tensor is contiguous. One size may be -1 and is worked out.
   *
   * @throws TypeError ERR_CONV1D_TYPE    when a size is not a number
   * @throws RangeError ERR_CONV1D_SHAPE  when the element counts differ, a size is no integer from -1 on, or there are more than 64
   * @example
   * rand(4, 2, 6).reshape(-1, 6).shape;   // [8, 6]
   */
  reshape<const S extends readonly number[]>(...sizes: S): Tensor<D, S['length']>;

  /**
   * The dimensions in another order, as a view: dimension i of the result is dimension `dims[i]`.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  unless each dimension is named once
   * @example
   * rand(4, 2, 6).permute(2, 0, 1).shape;   // [6, 4, 2]
   */
  permute(...dims: number[]): Tensor<D, R>;

  /**
   * Two dimensions exchanged, as a view.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
   * @example
   * rand(4, 2, 6).transpose(1, 2).shape;   // [4, 6, 2]
   */
  transpose(dim0: number, dim1: number): Tensor<D, R>;

  /**
   * Neighbouring dimensions as one; a view of a contiguous tensor.
   *
   * @param startDim  the first of them, 0 by default
   * @param endDim    the last of them, -1 by default
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension, or the last one comes before the first
   * @example
   * rand(4, 2, 6).flatten(1).shape;   // [4, 12]
   */
  flatten(startDim?: number, endDim?: number): Tensor<D>;

  /**
   * Without dimensions of size 1, as a view: without all of them, or without `dim` if it has size 1.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
   * @example
   * rand(1, 2, 1).squeeze(0).shape;   // [2, 1]
   */
  squeeze(dim?: number): Tensor<D>;

  /**
   * With one more dimension of size 1 before position `dim`, as a view.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such position
   * @example
   * rand(2, 6).unsqueeze(0).shape;   // [1, 2, 6]
   */
  unsqueeze(dim: number): Tensor<D>;

  /**
   * Dimensions of size 1 repeated, and new ones in front, as a view that takes no memory. A size of -1 leaves that of the tensor.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when a dimension with another size than 1 would change
   * @example
   * rand(2, 1).expand(4, 2, 3).shape;   // [4, 2, 3]
   */
  expand<const S extends readonly number[]>(...sizes: S): Tensor<D, S['length']>;

  /**
   * Every position of a dimension several times in a row.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
   * @throws RangeError ERR_CONV1D_VALUE  when `repeats` is negative
   * @example
   * tensor([1, 2]).repeatInterleave(2, 0);   // tensor([1., 1., 2., 2.])
   */
  repeatInterleave(repeats: number, dim: number): Tensor<D, R>;

  /**
   * A stretch of a dimension, as a view.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when it reaches beyond the dimension
   * @example
   * rand(4, 6).narrow(1, 2, 3).shape;   // [4, 3]
   */
  narrow(dim: number, start: number, length: number): Tensor<D, R>;

  /**
   * A dimension cut into pieces, as views: of `size` positions each, the last one of what is left; or of the given sizes.
   *
   * @param sizes  one size, or all of them
   * @param dim    0 by default
   * @throws RangeError ERR_CONV1D_SHAPE  when the sizes do not add up to the dimension, or a size is negative
   * @throws RangeError ERR_CONV1D_VALUE  when there would be more than 2^20 pieces
   * @example
   * rand(2, 5).split(2, 1).map(({ shape }) => shape);   // [[2, 2], [2, 2], [2, 1]]
   */
  split(sizes: number | readonly number[], dim?: number): Tensor<D, R>[];

  /**
   * A dimension cut into at most `chunks` pieces of one size, the last one of what is left, as views.
   *
   * @param dim  0 by default
   * @throws RangeError ERR_CONV1D_VALUE  when `chunks` is below 1, or there would be more than 2^20
   * @example
   * rand(2, 6).chunk(2, 1).map(({ shape }) => shape);   // [[2, 3], [2, 3]]
   */
  chunk(chunks: number, dim?: number): Tensor<D, R>[];

  /**
   * Some dimensions from last to first; a copy.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
   * @example
   * tensor([1, 2, 3]).flip(0);   // tensor([3., 2., 1.])
   */
  flip(...dims: number[]): Tensor<D, R>;

  /**
   * The elements as another dtype: floats lose their fraction, of bools all but zero are true. The tensor itself where it has that dtype.
   *
   * @throws RangeError ERR_CONV1D_VALUE  when there is no such dtype
   * @example
   * tensor([1.5, 0]).to('int64');   // tensor([1, 0])
   */
  to<E extends Dtype>(dtype: E): Tensor<E, R>;
}

function dimension(self: View, dim: unknown, method: string, name = 'dim'): number {
  return readDimension(dim, self.shape.length, `${method}(): ${name}`);
}

/** The method's arguments one by one, or as one array, as torch takes them. */
function oneByOne(args: readonly unknown[]): readonly unknown[] {
  return args.length === 1 && isArray(args[0])
    ? readFew(args[0], MAX_DIMENSIONS, 'an array of dimensions or sizes')
    : args;
}

function narrowed(self: View, dim: number, start: number, length: number): object {
  return apply(narrow, [self], { dim, start, length });
}

function pieces(self: View, dim: number, sizes: readonly number[], areGiven: boolean): object[] {
  // The gradient of all pieces is put together once; compiled networks follow each piece.
  if (isRecorded([self], NONE_LEARNED)) return applyMany(split, [self], { dim, sizes, areGiven });
  let start = 0;
  return sizes.map((size) => {
    start += size;
    return narrowed(self, dim, start - size, size);
  });
}

/** How a length is cut into pieces of a size. */
function piecesOf(length: number, size: number, method: string): number[] {
  const count = Math.max(1, Math.ceil(length / size));
  requireFew(count, method);
  return Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
}

/** Without a bound, pieces of a tensor without elements could fill the memory. */
function requireFew(count: number, method: string): void {
  if (count <= MOST_LISTED) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `${method}() makes at most ${MOST_LISTED} tensors, but got ${count}; take larger pieces`,
  );
}

/** The methods of {@link ShapeMethods}. */
export const shapeMethods = {
  at(this: unknown, ...indices: Index[]): object {
    return apply(at, [ownView(this, 'at')], { indices });
  },

  reshape(this: unknown, ...sizes: unknown[]): object {
    return apply(reshape, [ownView(this, 'reshape')], { sizes: oneByOne(sizes) as readonly number[] });
  },

  permute(this: unknown, ...args: unknown[]): object {
    const self = ownView(this, 'permute');
    const given = oneByOne(args);
    const ndim = self.shape.length;
    if (given.length !== ndim) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = ${ndim} is not equal to len(dims) = ${given.length}`,
      );
    }
    const dims = given.map((dim) => dimension(self, dim, 'permute'));
    if (new Set(dims).size !== ndim) {
      throw rangeError('ERR_CONV1D_SHAPE', 'permute(): duplicate dims are not allowed.');
    }
    return apply(permute, [self], { dims });
  },

  transpose(this: unknown, dim0: unknown, dim1: unknown): object {
    const self = ownView(this, 'transpose');
    const [a, b] = [dimension(self, dim0, 'transpose', 'dim0'), dimension(self, dim1, 'transpose', 'dim1')];
    const dims = self.shape.map((_, dim) => (dim === a ? b : dim === b ? a : dim));
    return apply(permute, [self], { dims, isTransposed: true });
  },

  flatten(this: unknown, startDim: unknown = 0, endDim: unknown = -1): object {
    const self = ownView(this, 'flatten');
    const first = dimension(self, startDim, 'flatten', 'startDim');
    const last = dimension(self, endDim, 'flatten', 'endDim');
    if (last < first) {
      throw rangeError('ERR_CONV1D_SHAPE', 'flatten() has invalid args: start_dim cannot come after end_dim');
    }
    const size = self.shape.slice(first, last + 1).reduce((product, each) => product * each, 1);
    return apply(reshape, [self], { sizes: self.shape.toSpliced(first, last + 1 - first, size) });
  },

  squeeze(this: unknown, dim?: unknown): object {
    const self = ownView(this, 'squeeze');
    const areAll = dim === undefined;
    const named = areAll ? self.shape.map((_, each) => each) : [dimension(self, dim, 'squeeze')];
    return apply(squeeze, [self], { dims: named.filter((each) => self.shape[each] === 1), areAll });
  },

  unsqueeze(this: unknown, dim: unknown): object {
    const self = ownView(this, 'unsqueeze');
    return apply(unsqueeze, [self], { dim: readDimension(dim, self.shape.length + 1, 'unsqueeze(): dim') });
  },

  expand(this: unknown, ...args: unknown[]): object {
    const self = ownView(this, 'expand');
    const sizes = oneByOne(args).map((size) => integer(size, 'expand(): a size'));
    const negative = sizes.find((size) => size < -1);
    if (negative !== undefined) {
      throw rangeError('ERR_CONV1D_SHAPE', `expand(): a size is an integer from 0 on, or -1, but got ${negative}`);
    }
    return apply(expand, [self], { sizes });
  },

  repeatInterleave(this: unknown, repeats: unknown, dim: unknown): object {
    const self = ownView(this, 'repeatInterleave');
    const times = integer(repeats, 'repeatInterleave(): repeats');
    if (times < 0) throw rangeError('ERR_CONV1D_VALUE', `repeats can not be negative, but got ${times}`);
    const at = dimension(self, dim, 'repeatInterleave');
    if (self.shape.length === 0) {
      throw rangeError('ERR_CONV1D_SHAPE', `Dimension specified as ${at} but tensor has no dimensions`);
    }
    // (..., size, times, ...) as one dimension.
    const shape = self.shape.toSpliced(at + 1, 0, times);
    const one = runOperation(unsqueeze, [self], { dim: at + 1 });
    const repeated = runOperation(expand, [one], { sizes: shape });
    return apply(reshape, [repeated], { sizes: self.shape.with(at, self.shape[at]! * times) });
  },

  narrow(this: unknown, dim: unknown, start: unknown, length: unknown): object {
    const self = ownView(this, 'narrow');
    const at = dimension(self, dim, 'narrow');
    if (self.shape.length === 0) {
      throw rangeError('ERR_CONV1D_SHAPE', 'narrow() cannot be applied to a 0-dim tensor.');
    }
    const size = self.shape[at]!;
    const count = integer(length, 'narrow(): length');
    const given = integer(start, 'narrow(): start');
    if (given < -size || given > size) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `Dimension out of range (expected to be in range of [${-size}, ${size - 1}], but got ${given})`,
      );
    }
    return narrowed(self, at, given < 0 ? given + size : given, count);
  },

  split(this: unknown, sizes: unknown, dim: unknown = 0): object[] {
    const self = ownView(this, 'split');
    const at = dimension(self, dim, 'split');
    const length = splittable(self, at, 'split');
    if (isArray(sizes)) {
      const all = readList(sizes, 'split(): the sizes', 'sizes').map((size) => integer(size, 'split(): a size'));
      if (all.some((size) => size < 0)) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes=${formatShape(all)}`,
        );
      }
      if (all.reduce((sum, size) => sum + size, 0) !== length) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `split_with_sizes expects split_sizes to sum exactly to ${length} (input tensor's size at dimension ${at}), but got split_sizes=${formatShape(all)}`,
        );
      }
      return pieces(self, at, all, true);
    }
    if (typeof sizes !== 'number') {
      throw typeError('ERR_CONV1D_TYPE', `split(): the size must be a number or an array, but got ${describe(sizes)}`);
    }
    const size = integer(sizes, 'split(): the size');
    if (size < 0) {
      throw rangeError('ERR_CONV1D_SHAPE', `split expects split_size be non-negative, but got split_size=${size}`);
    }
    if (size === 0 && length !== 0) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `split_size can only be 0 if dimension size is 0, but got dimension size of ${length}`,
      );
    }
    return pieces(self, at, piecesOf(length, Math.max(size, 1), 'split'), false);
  },

  chunk(this: unknown, chunks: unknown, dim: unknown = 0): object[] {
    const self = ownView(this, 'chunk');
    const count = integer(chunks, 'chunk(): chunks');
    const at = dimension(self, dim, 'chunk');
    const length = splittable(self, at, 'chunk');
    if (count < 1) {
      throw rangeError('ERR_CONV1D_VALUE', `chunk expects \`chunks\` to be greater than 0, got: ${count}`);
    }
    if (length > 0) return pieces(self, at, piecesOf(length, Math.ceil(length / count), 'chunk'), false);
    requireFew(count, 'chunk');
    return pieces(self, at, new Array<number>(count).fill(0), true);
  },

  flip(this: unknown, ...args: unknown[]): object {
    const self = ownView(this, 'flip');
    const given = oneByOne(args);
    const dims = given.length === 0 ? [] : readDimensions(given, self.shape.length, 'flip(): dim');
    return apply(flip, [self], { dims });
  },

  to(this: unknown, dtype: unknown): unknown {
    const self = ownView(this, 'to');
    const wanted = readDtype(dtype);
    return self.dtype === wanted ? this : apply(convert, [self], { dtype: wanted });
  },
};

function splittable(self: View, dim: number, method: string): number {
  if (self.shape.length > 0) return self.shape[dim]!;
  throw rangeError('ERR_CONV1D_SHAPE', `${method} expects at least a 1-dimensional tensor`);
}
