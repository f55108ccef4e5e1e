import { typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { type FloatArray, isFloatArray } from './dtype.ts';
import { tensorAdvice } from './record.ts';
import { Tensor } from './tensor.ts';

/**
 * The value as a tensor that really is one: an object that only inherits from Tensor's prototype is refused.
 *
 * @param what  how the message names it, e.g. `conv1d(): argument 'input' (position 1)`
 * @throws TypeError ERR_CONV1D_TYPE  for anything else
 */
export function tensorArgument(value: unknown, what: string): Tensor {
  if (Tensor.isTensor(value)) return value;
  throw typeError('ERR_CONV1D_TYPE', `${what} must be Tensor, not ${describe(value)}; ${tensorAdvice(value)}`);
}

/**
 * A tensor's elements in row-major order: its memory where it is contiguous, a copy otherwise.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory is gone
 */
export function elementsOf(tensor: Tensor, what: string): FloatArray {
  const elements = tensor.data;
  // A subclass may answer with anything; the native side compares kinds and lengths again.
  if (!isFloatArray(elements)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `the data of ${what} must be a Float32Array or a Float64Array, but got ${describe(elements)}`,
    );
  }
  return elements;
}
