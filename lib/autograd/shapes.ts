import { type Meta, runOperation } from '../tensor/operation.ts';
import { converted } from '../tensor/ops/convert.ts';
import { sum } from '../tensor/ops/reduce.ts';
import { reshape } from '../tensor/ops/reshape.ts';
import { expand, unsqueeze } from '../tensor/ops/views.ts';
import { sameShape } from '../tensor/shape.ts';
import type { View } from '../tensor/view.ts';

/** The gradient of an input that was broadcast and promoted: summed over what was repeated, of the input's dtype. */
export function sumTo(gradient: View, { dtype, shape }: Meta): View {
  if (sameShape(gradient.shape, shape)) return converted(gradient, dtype);
  const added = gradient.shape.length - shape.length;
  const dims = gradient.shape.flatMap((size, dim) =>
    dim < added || (shape[dim - added] === 1 && size !== 1) ? [dim] : [],
  );
  const summed = runOperation(sum, [gradient], { dims, keepdim: false });
  return converted(reshaped(summed, shape), dtype);
}

/** The same elements in another shape. */
export function reshaped(view: View, shape: readonly number[]): View {
  return sameShape(view.shape, shape) ? view : runOperation(reshape, [view], { sizes: shape });
}

/** A gradient of what some dimensions were reduced to, repeated over them. */
export function spread(gradient: View, shape: readonly number[], dims: readonly number[], keepdim: boolean): View {
  const kept = keepdim ? gradient : dims.reduce((view, dim) => runOperation(unsqueeze, [view], { dim }), gradient);
  return runOperation(expand, [kept], { sizes: shape });
}
