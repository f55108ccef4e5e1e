import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { copy } from '../native/pointwise.ts';
import { type FloatArray, isFloatDtype } from '../tensor/dtype.ts';
import { gradOf, setGrad } from '../tensor/grad.ts';
import { tensorAdvice } from '../tensor/record.ts';
import { contiguousStrides } from '../tensor/shape.ts';
import { tensorOf, viewOf } from '../tensor/tensor.ts';
import { wrote } from '../tensor/versions.ts';
import { floatsOfView, makeView, type View } from '../tensor/view.ts';

/** The view of a tensor that an optimiser is to change. */
export function parameterView(value: unknown): View {
  const view = viewOf(value);
  if (view === undefined) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `optimizer can only optimize Tensors, but one of the params is ${describe(value)}; ${tensorAdvice(value)}`,
    );
  }
  if (view.history?.gradFn) throw rangeError('ERR_CONV1D_VALUE', "can't optimize a non-leaf Tensor");
  if (!isFloatDtype(view.dtype)) {
    throw typeError(
      'ERR_CONV1D_DTYPE',
      `optimizer can only optimize Tensors of floating point dtype, but one of the params has ${view.dtype}`,
    );
  }
  if (isRepeated(view)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      'unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.',
    );
  }
  return view;
}

/** The gradient of a tensor; null where it has none. */
export function gradientOf(view: View): View | null {
  const grad = gradOf(view);
  return grad === null ? null : viewOf(grad)!;
}

/** The elements of a gradient, in other memory than what is written. */
export function gradientApart(gradient: View, written: readonly FloatArray[]): FloatArray {
  const elements = floatsOfView(gradient);
  return written.some(({ buffer }) => buffer === elements.buffer) ? elements.slice() : elements;
}

/** Has a tensor's gradient be these elements, which were read from it: in its own memory. */
export function writeGradient(view: View, gradient: View, elements: FloatArray): void {
  if (isRepeated(gradient)) setGrad(view, tensorOf(makeView(elements, gradient.shape)));
  else writeBack(gradient, elements);
}

/** Whether elements of a view lie at one place, as those of an expanded tensor. */
function isRepeated({ shape, strides, numel }: View): boolean {
  return numel > 0 && strides !== null && strides.some((stride, dim) => stride === 0 && shape[dim]! > 1);
}

/** Has what was written to the elements of a view be in the view: they are a copy where it has gaps. */
export function writeBack(view: View, elements: FloatArray): void {
  const { storage, shape, offset, strides, numel } = view;
  if (strides !== null && numel > 0) {
    const packed = { storage: elements, offset: 0, strides: contiguousStrides(shape) };
    copy(shape, packed, { storage, offset, strides });
  }
  wrote(storage);
}
