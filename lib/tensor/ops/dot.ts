import { rangeError } from '../../check/errors.ts';
import { allocate } from '../allocate.ts';
import { dtypeOf } from '../dtype.ts';
import { elementsOfView, makeView, type View } from '../view.ts';

/** The dot product of two vectors, summed in the order of the elements. */
export function dot(a: View, b: View): View {
  if (a.shape.length !== 1 || b.shape.length !== 1) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `1D tensors expected, but got ${a.shape.length}D and ${b.shape.length}D tensors`,
    );
  }
  if (a.numel !== b.numel) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `inconsistent tensor size, expected tensor [${a.numel}] and src [${b.numel}] to have the same number of elements, but got ${a.numel} and ${b.numel} elements respectively`,
    );
  }
  const left = elementsOfView(a);
  const right = elementsOfView(b);
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += left[i]! * right[i]!;
  return makeView(allocate(dtypeOf(left), 1).fill(sum), []);
}
