import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { givenView, isTensor } from './dispatch.ts';
import { formatShape, sameShape } from './shape.ts';
import type { View } from './view.ts';

/** The gradients that tensors have: of their views, which no two tensors share. */
const gradients = new WeakMap<View, object>();

/** The gradient of a tensor, as a tensor; null where there is none. */
export function gradOf(view: View): object | null {
  return gradients.get(view) ?? null;
}

/** Gives a tensor the gradient that somebody assigned. */
export function setGrad(view: View, value: unknown): void {
  if (value === null || value === undefined) {
    gradients.delete(view);
    return;
  }
  if (!isTensor(value)) {
    throw typeError('ERR_CONV1D_TYPE', `assigned grad expected to be a Tensor or null but got ${describe(value)}`);
  }
  const grad = givenView(value, 'grad');
  if (grad === view) throw rangeError('ERR_CONV1D_VALUE', "can't assign Variable as its own grad");
  if (grad.dtype !== view.dtype) {
    throw typeError(
      'ERR_CONV1D_DTYPE',
      `assigned grad has data of a different type: the tensor is ${view.dtype}, the gradient ${grad.dtype}`,
    );
  }
  if (!sameShape(grad.shape, view.shape)) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `assigned grad has data of a different size: the tensor is ${formatShape(view.shape)}, the gradient ${formatShape(grad.shape)}`,
    );
  }
  gradients.set(view, value as object);
}
