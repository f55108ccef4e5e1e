import { addRows, type IndexArray, scatterAdd } from '../native/indexing.ts';
import { allocateResult } from '../native/resultMemory.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import { type Meta, runOperation } from '../tensor/operation.ts';
import { around } from '../tensor/ops/around.ts';
import { pad } from '../tensor/ops/pad.ts';
import { unsqueeze } from '../tensor/ops/views.ts';
import { numelOf, sameShape } from '../tensor/shape.ts';
import { elementsOfView, floatsOfView, type View, viewOfAll } from '../tensor/view.ts';

/**
 * The gradient of a tensor of which elements were gathered along a dimension: each of theirs, added where its index says, in their order;
 * zero elsewhere. Index and gradient have one shape, which in other dimensions may be smaller than the tensor's.
 */
export function scatteredAlong(gradient: View, index: View, { dtype, shape }: Meta, dim: number): View {
  const part = Object.freeze(shape.map((size, each) => (each === dim ? size : index.shape[each]!)));
  const out = allocateResult(dtype as FloatDtype, numelOf(part));
  const sizes = around(part, dim);
  const count = index.shape[dim] ?? index.numel;
  scatterAdd(sizes, count, floatsOfView(gradient), elementsOfView(index) as IndexArray, out);
  const sum = viewOfAll(out, dtype, part);
  if (sameShape(part, shape)) return sum;
  const ends = shape.map((size, each) => [0, size - part[each]!] as const);
  return runOperation(pad, [sum], { ends, mode: 'constant', value: 0 });
}

/** The same of one element that was picked along a dimension, which is gone without `keepdim`. */
export function scatteredOne(gradient: View, index: View, x: Meta, dim: number, keepdim: boolean): View {
  if (keepdim || x.shape.length === 0) return scatteredAlong(gradient, index, x, dim);
  const [kept, at] = [gradient, index].map((view) => runOperation(unsqueeze, [view], { dim }));
  return scatteredAlong(kept!, at!, x, dim);
}

/** The gradient of rows that were taken by their indices: each of theirs, added where its index says, in their order. */
export function scatteredRows(gradient: View, index: View, { dtype, shape }: Meta): View {
  const out = allocateResult(dtype as FloatDtype, numelOf(shape));
  const [rows, width] = [shape[0]!, numelOf(shape.slice(1))];
  addRows(rows, width, floatsOfView(gradient), elementsOfView(index) as IndexArray, out);
  return viewOfAll(out, dtype, shape);
}
