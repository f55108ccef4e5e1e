import { rangeError } from '../../check/errors.ts';
import { viewArgument } from '../../tensor/arguments.ts';
import { readDimension } from '../../tensor/dimensions.ts';
import { apply } from '../../tensor/dispatch.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { logSoftmax as logSoftmaxOf, softmax as softmaxOf } from '../../tensor/ops/softmax.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { floatsOfView } from '../../tensor/view.ts';
import { inputArgument, requireSameDtype } from '../arguments.ts';
import * as channelwise from '../ops/channelwise.ts';
import { glu as gluOf } from '../ops/glu.ts';

/**
 * The first half of a dimension times the sigmoid of the second: PyTorch's `torch.nn.functional.glu`.
 *
 * @param input  of floats
 * @param dim    -1 by default
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when the dimension is not even, or there is no such
 * @example
 * functional.glu(rand(4, 6, 10), 1).shape;   // [4, 3, 10]
 */
export function glu<D extends FloatDtype, R extends number>(input: Tensor<D, R>, dim = -1): Tensor<D, R> {
  const x = inputArgument(input, 'glu');
  if (x.shape.length === 0) {
    throw rangeError('ERR_CONV1D_SHAPE', 'glu does not support scalars because halving size must be even');
  }
  return apply(gluOf, [x], { dim: readDimension(dim, x.shape.length, 'glu(): dim') }) as Tensor<D, R>;
}

/**
 * `x` where it is positive, `weight * x` elsewhere, with a weight for each channel or one for all: PyTorch's `torch.nn.functional.prelu`.
 *
 * @param input   (N, C, ...), or anything with one weight, of floats
 * @param weight  (C), or one element
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when the weights are not as many as the channels
 * @example
 * functional.prelu(tensor([[1, -2]]), tensor([0.5, 0.25])).toArray();   // [[1, -0.5]]
 */
export function prelu<D extends FloatDtype, R extends number>(input: Tensor<D, R>, weight: Tensor): Tensor<D, R> {
  const x = inputArgument(input, 'prelu');
  const w = viewArgument(weight, "prelu(): argument 'weight' (position 2)");
  if (w.shape.length > 1) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `prelu: Expected \`weight\` to be a scalar or 1D tensor, but got ndim = ${w.shape.length}`,
    );
  }
  if (w.numel !== 1) {
    if (x.shape.length === 0) throw rangeError('ERR_CONV1D_SHAPE', 'Not allow zero-dim input tensor.');
    const channels = x.shape.length === 1 ? 1 : x.shape[1]!;
    if (w.numel !== channels) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `Mismatch of parameter numbers and input channel size. Found parameter numbers = ${w.numel} and channel size = ${channels}.`,
      );
    }
  }
  requireSameDtype(w, x, "prelu(): argument 'weight'");
  return apply(channelwise.prelu, [x], { a: floatsOfView(w), b: null, channelDim: 1 }, [w]) as Tensor<D, R>;
}

/**
 * `x + sin(alpha x)^2 / (alpha + 1e-9)`, with an alpha for each channel (L. Ziyin, T. Hartwig and M. Ueda, "Neural Networks Fail to Learn Periodic
 * Functions and How to Fix It", 2020), as SNAC and its like have it; PyTorch has no such function. Its error is within 4 units in the last place
 * of the larger term.
 *
 * @param input  (N, C, L), of floats
 * @param alpha  (1, C, 1) or (C)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when there is not one alpha for each channel
 * @example
 * functional.snake(zeros(1, 2, 3), ones(2)).shape;   // [1, 2, 3]
 */
export function snake<D extends FloatDtype, R extends number>(input: Tensor<D, R>, alpha: Tensor): Tensor<D, R> {
  const x = inputArgument(input, 'snake');
  const view = viewArgument(alpha, "snake(): argument 'alpha' (position 2)");
  requireSameDtype(view, x, "snake(): argument 'alpha'");
  const channels = x.shape[1];
  if (channels === undefined || view.numel !== channels) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `snake(): expected an alpha for each of ${channels ?? 0} channels, but got ${view.numel}`,
    );
  }
  const a = floatsOfView(view);
  const b = a.map((each) => 1 / fround(each + 1e-9, view.dtype)) as typeof a;
  return apply(channelwise.snake, [x], { a, b, channelDim: 1 }, [view]) as Tensor<D, R>;
}

function fround(value: number, dtype: string): number {
  return dtype === 'float32' ? Math.fround(value) : value;
}

/**
 * e^x over its sum along a dimension: PyTorch's `torch.nn.functional.softmax`.
 *
 * @param input  of floats
 * @param dim    the dimension
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
 * @example
 * functional.softmax(tensor([0, 0]), 0);   // tensor([0.5000, 0.5000])
 */
export function softmax<D extends FloatDtype, R extends number>(input: Tensor<D, R>, dim: number): Tensor<D, R> {
  const x = inputArgument(input, 'softmax');
  return apply(softmaxOf, [x], { dim: readDimension(dim, x.shape.length, 'softmax(): dim') }) as Tensor<D, R>;
}

/**
 * The logarithm of {@link softmax}, exact where that is near zero: PyTorch's `torch.nn.functional.log_softmax`.
 *
 * @param input  of floats
 * @param dim    the dimension
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
 * @example
 * functional.logSoftmax(tensor([0, 0]), 0);   // tensor([-0.6931, -0.6931])
 */
export function logSoftmax<D extends FloatDtype, R extends number>(input: Tensor<D, R>, dim: number): Tensor<D, R> {
  const x = inputArgument(input, 'logSoftmax');
  return apply(logSoftmaxOf, [x], { dim: readDimension(dim, x.shape.length, 'logSoftmax(): dim') }) as Tensor<D, R>;
}
