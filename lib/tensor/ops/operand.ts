import type { Operand } from '../../native/pointwise.ts';
import { type Dtype, isFloatDtype } from '../dtype.ts';
import { broadcastTo, elementsOfView, requireElements, stridesOf, type View, viewOfAll } from '../view.ts';
import { converted } from './convert.ts';

/**
 * A view as the native functions of several elements take it: of a dtype, broadcast to a shape. Where neighbours in the last
 * dimension of floats lie apart, a copy.
 */
export function operand(view: View, dtype: Dtype, shape: readonly number[]): Operand {
  const x = converted(view, dtype);
  const strides = stridesOf(broadcastTo(x, shape));
  const last = shape.findLastIndex((size) => size > 1);
  if (isFloatDtype(dtype) && last >= 0 && strides[last]! > 1) {
    const copy = viewOfAll(elementsOfView(x), dtype, x.shape);
    return { storage: copy.storage, offset: 0, strides: stridesOf(broadcastTo(copy, shape)) };
  }
  requireElements(x);
  return { storage: x.storage, offset: x.offset, strides };
}
