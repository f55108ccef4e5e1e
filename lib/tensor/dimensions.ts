import { rangeError } from '../check/errors.ts';
import { readFew } from '../check/list.ts';
import { integer, isArray } from '../check/validate.ts';
import { MAX_DIMENSIONS } from './shape.ts';

/**
 * A dimension counted from the front; of a tensor without dimensions there is one to name, as in torch.
 *
 * @param what  how the message names it, e.g. `sum(): dim`
 * @throws TypeError ERR_CONV1D_TYPE    unless it is a number
 * @throws RangeError ERR_CONV1D_VALUE  when it is no integer
 * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
 */
export function readDimension(dim: unknown, ndim: number, what: string): number {
  const given = Number.isSafeInteger(dim) ? (dim as number) + 0 : integer(dim, what);
  const count = Math.max(ndim, 1);
  if (given < -count || given >= count) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Dimension out of range (expected to be in range of [${-count}, ${count - 1}], but got ${given})`,
    );
  }
  return given < 0 ? given + count : given;
}

/** Dimensions, one or several, in ascending order; all of them when none is given, as in torch. Errors as for {@link readDimension}. */
export function readDimensions(dims: unknown, ndim: number, what: string): number[] {
  const given = isArray(dims) ? readFew(dims, MAX_DIMENSIONS, what) : dims === undefined || dims === null ? [] : [dims];
  if (given.length === 0) return Array.from({ length: ndim }, (_, dim) => dim);
  const read = given.map((dim) => readDimension(dim, ndim, what));
  const sorted = [...read].sort((a, b) => a - b);
  const twice = sorted.find((dim, i) => dim === sorted[i + 1]);
  if (twice !== undefined) {
    throw rangeError('ERR_CONV1D_SHAPE', `dim ${twice} appears multiple times in the list of dims`);
  }
  // Of a tensor without dimensions, what was named is not there.
  return sorted.filter((dim) => dim < ndim);
}

/** The shape without some dimensions, or with 1 in their places. */
export function reducedShape(shape: readonly number[], dims: readonly number[], keepdim: boolean): readonly number[] {
  return Object.freeze(
    keepdim ? shape.map((size, dim) => (dims.includes(dim) ? 1 : size)) : shape.filter((_, dim) => !dims.includes(dim)),
  );
}
