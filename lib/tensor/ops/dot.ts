import { rangeError, typeError } from '../../check/errors.ts';
import { allocate } from '../allocate.ts';
import type { Operation } from '../operation.ts';
import { floatsOfView, makeView } from '../view.ts';

/** The dot product of two vectors, summed in the order of the elements. */
export const dot: Operation = {
  name: 'dot',
  infer: ([a, b]) => {
    if (a!.dtype !== b!.dtype) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `dot() expected both tensors to have the same dtype, but got ${a!.dtype} and ${b!.dtype}`,
      );
    }
    if (a!.dtype !== 'float32' && a!.dtype !== 'float64') {
      throw typeError('ERR_CONV1D_DTYPE', `dot() is for floats, but got ${a!.dtype}; multiply and sum() integers`);
    }
    if (a!.shape.length !== 1 || b!.shape.length !== 1) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `1D tensors expected, but got ${a!.shape.length}D and ${b!.shape.length}D tensors`,
      );
    }
    const [size, other] = [a!.shape[0]!, b!.shape[0]!];
    if (size !== other) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `inconsistent tensor size, expected tensor [${size}] and src [${other}] to have the same number of elements, but got ${size} and ${other} elements respectively`,
      );
    }
    return { dtype: a!.dtype, shape: [] };
  },
  run: ([a, b], _, { dtype, shape }) => {
    const left = floatsOfView(a!);
    const right = floatsOfView(b!);
    let sum = 0;
    for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
    const out = allocate(dtype as 'float32' | 'float64', 1);
    return makeView(out.fill(sum), shape);
  },
};
