import type { IndexArray } from '../native/indexing.ts';
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
  const out = allocateResult(dtype as FloatDtype, numelOf(part)).fill(0);
  if (gradient.numel > 0) {
    const { outer, count, inner } = around(part, dim);
    scatterAdd(outer, count, inner, floatsOfView(gradient), elementsOfView(index) as IndexArray, out);
  }
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

/** The gradient of rows (rows, width) that were taken by their indices: each of theirs, added where its index says, in their order. */
export function scatteredRows(gradient: View, index: View, { dtype, shape }: Meta): View {
  const out = allocateResult(dtype as FloatDtype, numelOf(shape)).fill(0);
  const width = index.numel === 0 ? 0 : gradient.numel / index.numel;
  const [g, indices] = [floatsOfView(gradient), elementsOfView(index) as IndexArray];
  for (let i = 0; i < indices.length; i++) {
    const row = Number(indices[i]!) * width;
    for (let j = 0; j < width; j++) out[row + j]! += g[i * width + j]!;
  }
  return viewOfAll(out, dtype, shape);
}

function scatterAdd(
  outer: number,
  count: number,
  inner: number,
  gradient: ArrayLike<number>,
  indices: IndexArray,
  out: Float32Array | Float64Array,
): void {
  const outCount = gradient.length / (outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < outCount; i++) {
      for (let c = 0; c < inner; c++) {
        const from = (o * outCount + i) * inner + c;
        out[(o * count + Number(indices[from]!)) * inner + c]! += gradient[from]!;
      }
    }
  }
}
