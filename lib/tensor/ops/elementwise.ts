import { allocate } from '../allocate.ts';
import { dtypeOf } from '../dtype.ts';
import { broadcastShape, sameShape } from '../shape.ts';
import { broadcastTo, elementsOfView, makeView, type View } from '../view.ts';

/** A function of two numbers, applied to all pairs of elements; shapes are broadcast as in PyTorch. */
export function elementwise(a: View, b: View | number, f: (a: number, b: number) => number): View {
  if (typeof b === 'number') {
    const from = elementsOfView(a);
    const out = allocate(dtypeOf(from), from.length);
    for (let i = 0; i < from.length; i++) out[i] = f(from[i]!, b);
    return makeView(out, a.shape);
  }
  const shape = sameShape(a.shape, b.shape) ? a.shape : broadcastShape(a.shape, b.shape);
  const left = elementsOfView(broadcastTo(a, shape));
  const right = elementsOfView(broadcastTo(b, shape));
  const out = allocate(dtypeOf(left), left.length);
  for (let i = 0; i < out.length; i++) out[i] = f(left[i]!, right[i]!);
  return makeView(out, shape);
}
