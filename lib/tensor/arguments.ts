import { typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { type Dtype, type FloatArray, type FloatDtype, isFloatDtype, torchName } from './dtype.ts';
import { tensorAdvice } from './record.ts';
import { type Tensor, viewOf } from './tensor.ts';
import { floatsOfView, type View } from './view.ts';

/**
 * What a tensor that a caller gave is made of. An object that only inherits from Tensor's prototype is refused, and what a
 * subclass or an own property answers is not asked for.
 *
 * @param what  how the message names it, e.g. `conv1d(): argument 'input' (position 1)`
 * @throws TypeError ERR_CONV1D_TYPE  for anything else
 */
export function viewArgument(value: unknown, what: string): View {
  const view = viewOf(value);
  if (view !== undefined) return view;
  throw typeError('ERR_CONV1D_TYPE', `${what} must be Tensor, not ${describe(value)}; ${tensorAdvice(value)}`);
}

/**
 * The elements of a tensor of floats in row-major order: its memory where it is contiguous, a copy otherwise.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory is gone
 */
export function elementsOf(tensor: Tensor<FloatDtype>): FloatArray {
  return floatsOfView(viewArgument(tensor, 'the argument'));
}

/**
 * The dtype of an argument that must have floats.
 *
 * @throws TypeError ERR_CONV1D_DTYPE  when it has integers or bools
 */
export function floatDtypeOf(dtype: Dtype, operation: string, name: string): FloatDtype {
  if (isFloatDtype(dtype)) return dtype;
  throw typeError(
    'ERR_CONV1D_DTYPE',
    `"${operation}" not implemented for '${torchName(dtype)}': ${name} must have floats; convert it with to('float32')`,
  );
}
