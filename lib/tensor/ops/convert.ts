import { convert as compute } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { Dtype } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { elementsOfView, type View, viewOfAll } from '../view.ts';

/** The elements as another dtype: floats lose their fraction, of bools all but zero are true. Those of the dtype are not copied. */
export const convert: Operation<{ readonly dtype: Dtype }> = {
  name: 'to',
  infer: ([x], { dtype }) => ({ dtype, shape: x!.shape }),
  run: ([x], { dtype }) => converted(x!, dtype),
  lower: (_, [x]) => [x!], // values of another dtype are refused before
};

/** A view of this dtype: the same one where it has it. */
export function converted(view: View, dtype: Dtype): View {
  if (view.dtype === dtype) return view;
  const out = allocateResult(dtype, view.numel);
  compute(elementsOfView(view), out);
  return viewOfAll(out, dtype, view.shape);
}
