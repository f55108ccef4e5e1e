import { apply, applyMany } from '../../tensor/dispatch.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { MultiOperation, Operation } from '../../tensor/operation.ts';
import { convert } from '../../tensor/ops/convert.ts';
import { type PadMode, pad } from '../../tensor/ops/pad.ts';
import { reshape } from '../../tensor/ops/reshape.ts';
import { narrow, permute } from '../../tensor/ops/views.ts';
import { type Tensor, viewOf } from '../../tensor/tensor.ts';
import type { View } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';

// Helpers with which operators are written.

/** Any tensor. */
export type Any = Tensor<Dtype>;

/** The result of an operation. */
export function run<A>(operation: Operation<A>, inputs: readonly Any[], attributes: A): Any {
  return apply(operation, inputs.map(view), attributes) as Any;
}

/** The results of an operation that has several. */
export function runMany<A>(operation: MultiOperation<A>, inputs: readonly Any[], attributes: A): Any[] {
  return applyMany(operation, inputs.map(view), attributes) as Any[];
}

export function view(tensor: Any): View {
  return viewOf(tensor)!;
}

/** An axis, counted from the front. */
export function axisOf(axis: number, ndim: number): number {
  if (axis < -ndim || axis >= Math.max(ndim, 1)) throw onnxError(`there is no axis ${axis} of ${ndim} dimensions`);
  return axis < 0 ? axis + ndim : axis;
}

/** Axes in ascending order; none twice. */
export function axesOf(axes: readonly number[], ndim: number): number[] {
  const all = axes.map((axis) => axisOf(axis, ndim));
  if (new Set(all).size !== all.length) throw onnxError(`an axis is named twice in ${axes.join(', ')}`);
  return all.sort((a, b) => a - b);
}

export function reshaped(x: Any, sizes: readonly number[]): Any {
  return run(reshape, [x], { sizes });
}

/** The dimensions in another order. */
export function permuted(x: Any, dims: readonly number[]): Any {
  return dims.every((dim, i) => dim === i) ? x : run(permute, [x], { dims });
}

/** A dimension moved to another place. */
export function moved(x: Any, from: number, to: number): Any {
  const dims = [...x.shape.keys()].filter((dim) => dim !== from);
  return permuted(x, dims.toSpliced(to, 0, from));
}

/** `length` positions of a dimension, from `start` on. */
export function narrowed(x: Any, dim: number, start: number, length: number): Any {
  return start === 0 && length === x.shape[dim] ? x : run(narrow, [x], { dim, start, length });
}

/** Every `step`-th of `count` positions from `start` on; `step` is above 0. Where as many lie behind each other as a reshape needs. */
export function strided(call: Call, x: Any, dim: number, start: number, step: number, count: number): Any {
  if (step === 1) return narrowed(x, dim, start, count);
  if (count === 0) return narrowed(x, dim, 0, 0);
  if (call.isOfOneSize && count === 1) return narrowed(x, dim, start, 1);
  // (..., count, step, ...), of which we take the first of each step; padding completes the last step. If sizes may differ, we always pad it, so
  // that all sizes take the same operations.
  const end = call.isOfOneSize ? Math.min(start + count * step, x.shape[dim]!) : start + (count - 1) * step + 1;
  const taken = run(narrow, [x], { dim, start, length: end - start });
  const whole = padded(taken, ends(x.shape.length, dim, 0, start + count * step - end), 'constant', 0);
  const split = reshaped(whole, whole.shape.toSpliced(dim, 1, count, step));
  return reshaped(narrowed(split, dim + 1, 0, 1), whole.shape.with(dim, count));
}

/** Ends for {@link padded} that make one dimension longer. */
export function ends(ndim: number, dim: number, before: number, after: number): [number, number][] {
  return Array.from({ length: ndim }, (_, each): [number, number] => (each === dim ? [before, after] : [0, 0]));
}

/** Elements added at the ends of each dimension. */
export function padded(x: Any, all: readonly (readonly [number, number])[], mode: PadMode, value: number): Any {
  const first = all.findIndex(([before, after]) => before !== 0 || after !== 0);
  return first < 0 ? x : run(pad, [x], { ends: all.slice(first), mode, value });
}

export function converted(x: Any, dtype: Dtype): Any {
  return x.dtype === dtype ? x : run(convert, [x], { dtype });
}

export function sizeOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}
