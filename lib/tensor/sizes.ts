import { rangeError } from '../check/errors.ts';
import { arrayLength } from '../check/list.ts';
import { integer } from '../check/validate.ts';
import { formatShape, MAX_DIMENSIONS, numelOf } from './shape.ts';

/**
 * A copy of the sizes that a caller gave, each checked to be an integer and not negative.
 *
 * @param what  the function that was called
 * @throws TypeError ERR_CONV1D_TYPE    when a size is not a number
 * @throws RangeError ERR_CONV1D_VALUE  when a size is not an integer, or the array has no honest length
 * @throws RangeError ERR_CONV1D_SHAPE  when a size is negative, or there are more than 64
 */
export function readSizes(sizes: readonly unknown[], what: string): number[] {
  const ndim = arrayLength(sizes, 'an array of sizes');
  if (ndim > MAX_DIMENSIONS) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${what}(): a tensor has at most ${MAX_DIMENSIONS} dimensions, but got ${ndim}`,
    );
  }
  const shape: number[] = [];
  // Every tensor comes by here: only what is wrong pays for a message.
  for (let dim = 0; dim < ndim; dim++) {
    const size = sizes[dim];
    shape.push(Number.isSafeInteger(size) ? (size as number) + 0 : integer(size, `${what}(): size ${dim}`));
  }
  const negative = shape.find((size) => size < 0);
  if (negative !== undefined) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Trying to create tensor with negative dimension ${negative}: ${formatShape(shape)}`,
    );
  }
  return shape;
}

/** RangeError ERR_CONV1D_SHAPE unless a shape has `length` elements. */
export function requireNumel(shape: readonly number[], length: number): void {
  if (numelOf(shape) === length) return;
  throw rangeError('ERR_CONV1D_SHAPE', `shape '${formatShape(shape)}' is invalid for input of size ${length}`);
}
