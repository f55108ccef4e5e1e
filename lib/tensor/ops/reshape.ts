import { rangeError, typeError } from '../../check/errors.ts';
import { describe } from '../../check/validate.ts';
import type { Operation } from '../operation.ts';
import { formatShape, numelOf } from '../shape.ts';
import { slabOver } from '../slab.ts';
import { elementsOfView, makeView } from '../view.ts';

/** The same elements in another shape, over the same memory where they lie one after the other. */
export const reshape: Operation<{ readonly sizes: readonly number[] }> = {
  name: 'reshape',
  infer: ([x], { sizes }) => ({ dtype: x!.dtype, shape: inferSizes(sizes, numelOf(x!.shape)) }),
  run: ([x], _, { shape }) =>
    x!.strides === null ? makeView(x!.storage, shape, x!.offset) : makeView(elementsOfView(x!), shape),
  lower: (steps, [x], _, [result]) => [slabOver(steps.contiguous(x!), result!.shape, null)],
};

/** The shape meant by sizes of which one may be -1. */
function inferSizes(sizes: readonly number[], numel: number): number[] {
  let known = 1;
  let inferred = -1;
  for (const [dim, size] of sizes.entries()) {
    if (typeof size !== 'number') {
      throw typeError('ERR_CONV1D_TYPE', `reshape(): size ${dim} must be a number, but got ${describe(size)}`);
    }
    if (!Number.isSafeInteger(size) || size < -1) {
      throw rangeError('ERR_CONV1D_SHAPE', `invalid shape dimension ${size}; a size is an integer, or one of them -1`);
    }
    if (size !== -1) {
      known *= size;
    } else if (inferred !== -1) {
      throw rangeError('ERR_CONV1D_SHAPE', 'only one dimension can be inferred');
    } else {
      inferred = dim;
    }
  }
  if (inferred !== -1 && known === 0 && numel === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `cannot reshape tensor of 0 elements into shape ${formatShape(sizes)} because the unspecified dimension size -1 can be any value and is ambiguous`,
    );
  }
  const shape = sizes.map((size, dim) => (dim === inferred ? numel / known : size + 0)); // -0 becomes 0
  if (inferred === -1 ? known !== numel : !Number.isInteger(numel / known)) {
    throw rangeError('ERR_CONV1D_SHAPE', `shape '${formatShape(sizes)}' is invalid for input of size ${numel}`);
  }
  return shape;
}
