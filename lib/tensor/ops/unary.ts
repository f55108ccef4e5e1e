import { unary as compute, type UnaryFunction } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { elementsOfView, type View, viewOfAll } from '../view.ts';

/** A function of each element; `a` and `b` are its parameters. */
export function unary(view: View, name: UnaryFunction, a = 0, b = 0): View {
  const x = elementsOfView(view);
  const out = allocateResult(view.dtype, view.numel);
  compute(name, x, a, b, out);
  return viewOfAll(out, view.dtype, view.shape);
}
