import { unary as compute, type UnaryFunction } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { elementsOfView, type View, viewOfAll } from '../view.ts';

/** A function of each element; `a` and `b` are its parameters. */
export function unary(view: View, name: UnaryFunction, a = 0, b = 0): View {
  const x = elementsOfView(view);
  // What was gathered from a view with gaps is a copy already.
  const out = view.strides === null ? allocateResult(view.dtype, view.numel) : x;
  compute(name, x, a, b, out);
  return viewOfAll(out, view.dtype, view.shape);
}
