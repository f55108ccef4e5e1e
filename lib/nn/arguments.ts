import { rangeError, typeError } from '../check/errors.ts';
import { describe, integer } from '../check/validate.ts';
import { floatDtypeOf, viewArgument } from '../tensor/arguments.ts';
import type { Dtype, FloatArray } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import { type Tensor, tensorOf } from '../tensor/tensor.ts';
import { floatsOfView, type View } from '../tensor/view.ts';

// What functions and layers read of their arguments, each once.

/** The first argument of a function: a tensor of floats. */
export function inputArgument(value: unknown, what: string): View {
  const view = viewArgument(value, `${what}(): argument 'input' (position 1)`);
  floatDtypeOf(view.dtype, what, 'the input');
  return view;
}

/** The input of a layer, as a tensor whose methods are those of this library, whatever its owner put in their places. */
export function tensorArgument(value: unknown, layer: string): Tensor<Dtype> {
  return tensorOf(viewArgument(value, `${layer}: the input`));
}

/** A number; TypeError ERR_CONV1D_TYPE for anything else. */
export function numberArgument(value: unknown, what: string): number {
  if (typeof value === 'number') return value;
  throw typeError('ERR_CONV1D_TYPE', `${what} must be a number, but got ${describe(value)}`);
}

/** A size: an integer from `least` on; below, RangeError ERR_CONV1D_VALUE with a sentence of torch's if it has one. */
export function sizeArgument(value: unknown, what: string, least = 1, sentence?: (given: number) => string): number {
  const given = integer(value, what);
  if (given >= least) return given;
  throw rangeError('ERR_CONV1D_VALUE', sentence?.(given) ?? `${what} must be ${least} or more, but got ${given}`);
}

/**
 * A vector beside an input, or null for none: its elements.
 *
 * @param like   the input, whose dtype it has
 * @param count  its size
 */
export function vectorArgument(
  value: unknown,
  what: string,
  like: View,
  count: number,
  wrongSize: (given: number) => string,
): FloatArray | null {
  if (value === undefined || value === null) return null;
  const view = viewArgument(value, what);
  if (view.numel !== count) throw rangeError('ERR_CONV1D_SHAPE', wrongSize(view.numel));
  requireSameDtype(view, like, what);
  return floatsOfView(view);
}

/** TypeError ERR_CONV1D_DTYPE unless both have one dtype. */
export function requireSameDtype(view: View, like: View, what: string): void {
  if (view.dtype === like.dtype) return;
  throw typeError('ERR_CONV1D_DTYPE', `${what} must have the dtype of the input, ${like.dtype}, but has ${view.dtype}`);
}

/** RangeError ERR_CONV1D_SHAPE unless a view has one of some numbers of dimensions. */
export function requireDimensions(
  { shape }: View,
  allowed: readonly number[],
  sentence: (ndim: number) => string,
): void {
  if (allowed.includes(shape.length)) return;
  throw rangeError('ERR_CONV1D_SHAPE', sentence(shape.length));
}

/** `torch.Size([2, 3])` */
export function torchSize(shape: readonly number[]): string {
  return `torch.Size(${formatShape(shape)})`;
}
