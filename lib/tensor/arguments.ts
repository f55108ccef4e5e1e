import { typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import type { FloatArray } from './dtype.ts';
import { tensorAdvice } from './record.ts';
import { type Tensor, viewOf } from './tensor.ts';
import { elementsOfView, type View } from './view.ts';

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
 * A tensor's elements in row-major order: its memory where it is contiguous, a copy otherwise.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory is gone
 */
export function elementsOf(tensor: Tensor): FloatArray {
  return elementsOfView(viewArgument(tensor, 'the argument'));
}
