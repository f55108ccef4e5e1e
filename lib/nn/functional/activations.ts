import { rangeError, typeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { describe } from '../../check/validate.ts';
import { viewArgument } from '../../tensor/arguments.ts';
import { apply } from '../../tensor/dispatch.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { relu as reluOf, sigmoid as sigmoidOf, tanh as tanhOf, type UnaryAttributes } from '../../tensor/ops/unary.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import * as ops from '../ops/activations.ts';

// PyTorch's activations, in its words. They run natively, on all threads when the tensor is large, and give the same bits on every
// machine. Each throws TypeError ERR_CONV1D_TYPE when the input is no tensor or a parameter is no number, and TypeError
// ERR_CONV1D_DETACHED when the memory of the tensor was transferred to another thread.

/**
 * Zero for what is below it: `max(x, 0)`.
 *
 * @param input  of any shape
 * @returns      of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.relu(tensor([1, -2]));   // tensor([1., 0.])
 */
export function relu<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
  return activation(reluOf, input);
}

/**
 * `x` where it is positive, `negativeSlope * x` elsewhere.
 *
 * @param input          of any shape
 * @param negativeSlope  0.01 by default
 * @returns              of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor, or the slope no number
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.leakyRelu(tensor([1, -2]), 0.1);   // tensor([ 1.0000, -0.2000])
 */
export function leakyRelu<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  negativeSlope = 0.01,
): Tensor<D, R> {
  return activation(ops.leakyRelu, input, number(negativeSlope, "leakyRelu(): argument 'negativeSlope'"));
}

/**
 * `x` where it is positive, `alpha * (e^x - 1)` elsewhere.
 *
 * @param input  of any shape
 * @param alpha  1 by default
 * @returns      of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor, or alpha no number
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.elu(tensor([1, -1]));   // tensor([ 1.0000, -0.6321])
 */
export function elu<D extends FloatDtype, R extends number>(input: Tensor<D, R>, alpha = 1): Tensor<D, R> {
  return activation(ops.elu, input, number(alpha, "elu(): argument 'alpha'"));
}

/** The options of `functional.gelu`. */
export interface GeluOptions {
  /** 'none' (default): with the error function; 'tanh': its approximation. */
  readonly approximate?: 'none' | 'tanh' | undefined;
}

/**
 * `x * (1 + erf(x / sqrt(2))) / 2`, or with 'tanh' `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2` (D. Hendrycks and
 * K. Gimpel, "Gaussian Error Linear Units", 2016). Its error is within 4 eps * |x|, as that of PyTorch's.
 *
 * @param input    of any shape
 * @param options  `approximate`: 'none' or 'tanh'
 * @returns        of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor, or the options are of the wrong kind
 * @throws TypeError ERR_CONV1D_OPTION    when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE    when `approximate` is another string
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.gelu(tensor([1, -1]));   // tensor([ 0.8413, -0.1587])
 */
export function gelu<D extends FloatDtype, R extends number>(input: Tensor<D, R>, options?: GeluOptions): Tensor<D, R> {
  let approximate: unknown;
  if (options !== undefined) {
    refuseUnknownOptions(options, ['approximate'], 'functional.gelu');
    approximate = options.approximate;
  }
  const form = readApproximate(approximate);
  return activation(form === 'none' ? ops.gelu : ops.geluTanh, input);
}

/**
 * `x * sigmoid(x)`, also called swish.
 *
 * @param input  of any shape
 * @returns      of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.silu(tensor([1, -1]));   // tensor([ 0.7311, -0.2689])
 */
export function silu<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
  return activation(ops.silu, input);
}

/**
 * `log(1 + e^(beta * x)) / beta`, and `x` itself where `beta * x` is above the threshold.
 *
 * @param input      of any shape
 * @param beta       1 by default
 * @param threshold  20 by default
 * @returns          of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor, or beta or the threshold no number
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.softplus(tensor([0, 30]));   // tensor([ 0.6931, 30.0000])
 */
export function softplus<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  beta = 1,
  threshold = 20,
): Tensor<D, R> {
  const b = number(beta, "softplus(): argument 'beta'");
  return activation(ops.softplus, input, b, number(threshold, "softplus(): argument 'threshold'"));
}

/**
 * `x` between two bounds, the bounds beyond.
 *
 * @param input   of any shape
 * @param minVal  -1 by default
 * @param maxVal  1 by default; not below `minVal`
 * @returns       of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor, or a bound no number
 * @throws RangeError ERR_CONV1D_VALUE    when `maxVal` is below `minVal`
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.hardtanh(tensor([0.5, -2]));   // tensor([ 0.5000, -1.0000])
 */
export function hardtanh<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  minVal = -1,
  maxVal = 1,
): Tensor<D, R> {
  const least = number(minVal, "hardtanh(): argument 'minVal'");
  const most = number(maxVal, "hardtanh(): argument 'maxVal'");
  requireOrder(least, most);
  return activation(ops.hardtanh, input, least, most);
}

/**
 * The hyperbolic tangent, to 2 units in the last place.
 *
 * @param input  of any shape
 * @returns      of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.tanh(tensor([0, 1]));   // tensor([0.0000, 0.7616])
 */
export function tanh<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
  return activation(tanhOf, input);
}

/**
 * `1 / (1 + e^-x)`, to 2 units in the last place.
 *
 * @param input  of any shape
 * @returns      of the same shape and dtype
 * @throws TypeError ERR_CONV1D_TYPE      when the input is no tensor
 * @throws TypeError ERR_CONV1D_DETACHED  when its memory was transferred to another thread
 * @example
 * functional.sigmoid(tensor([0, 1]));   // tensor([0.5000, 0.7311])
 */
export function sigmoid<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
  return activation(sigmoidOf, input);
}

/** The option of GELU, torch's sentence for anything else. */
export function readApproximate(value: unknown): 'none' | 'tanh' {
  const form = value ?? 'none';
  if (form === 'none' || form === 'tanh') return form;
  const sentence = `approximate argument must be either none or tanh., but got ${describe(form)}`;
  throw typeof form === 'string' ? rangeError('ERR_CONV1D_VALUE', sentence) : typeError('ERR_CONV1D_TYPE', sentence);
}

function requireOrder(least: number, most: number): void {
  if (most < least) {
    throw rangeError('ERR_CONV1D_VALUE', `hardtanh(): maxVal must not be below minVal, but got ${most} and ${least}`);
  }
}

function activation<D extends FloatDtype, R extends number>(
  operation: Operation<UnaryAttributes>,
  input: unknown,
  a = 0,
  b = 0,
): Tensor<D, R> {
  const view = viewArgument(input, `${operation.name}(): argument 'input' (position 1)`);
  return apply(operation, [view], { a, b }) as Tensor<D, R>;
}

function number(value: unknown, what: string): number {
  if (typeof value === 'number') return value;
  throw typeError('ERR_CONV1D_TYPE', `${what} must be a number, but got ${describe(value)}`);
}
