import { rangeError } from '../../check/errors.ts';
import { requireBiasShape } from '../../convolution/biasShape.ts';
import { convolve } from '../../convolution/forward.ts';
import { layerOver } from '../../convolution/layer.ts';
import { type FunctionalConv1dOptions, makeParameters, readFunctional } from '../../convolution/parameters.ts';
import { recentOperator } from '../../convolution/recentOperators.ts';
import {
  type FunctionalConvTranspose1dOptions,
  makeTransposedParameters,
  readFunctionalTransposed,
} from '../../convolution/transposedParameters.ts';
import { wrongBiasDtype, wrongInputDtype } from '../../convolution/wrongDtype.ts';
import { floatDtypeOf, viewArgument } from '../../tensor/arguments.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { floatsOfView } from '../../tensor/view.ts';

/**
 * Applies a convolution with a given weight to a batch of signals: PyTorch's `torch.nn.functional.conv1d`.
 *
 * All four tensors have one dtype. Padding adds zeros; `Conv1d` has the other padding modes, and is faster when one
 * weight is used many times: each call here packs its weight, and transforms it where `algorithm: 'fast'` asks for that.
 *
 * @param input   (N, inChannels, L), or (inChannels, L) for a single signal
 * @param weight  (outChannels, inChannels / groups, kernelSize)
 * @param bias    (outChannels), or null for none
 * @param options stride 1, padding 0, dilation 1, groups 1, algorithm 'direct' and maxWeightBytes 2^28 by default
 * @returns       (N, outChannels, outLength), or (outChannels, outLength) for a single signal, with outLength =
 *                floor((L + padLeft + padRight - dilation * (kernelSize - 1) - 1) / stride) + 1
 * @throws TypeError  ERR_CONV1D_TYPE     when an argument or an option is of the wrong kind
 * @throws TypeError  ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws TypeError  ERR_CONV1D_DTYPE    when float32 and float64 are mixed
 * @throws TypeError  ERR_CONV1D_DETACHED when the memory of a tensor was transferred to another thread
 * @throws RangeError ERR_CONV1D_VALUE    when an option is out of range
 * @throws RangeError ERR_CONV1D_SHAPE    when channels, groups or lengths do not fit together
 * @throws RangeError ERR_CONV1D_MEMORY   when the result cannot be allocated
 * @example
 * const y = functional.conv1d(rand(4, 2, 6), rand(3, 2, 5), null, { padding: 'same' });   // y.shape is [4, 3, 6]
 */
export function conv1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  weight: Tensor,
  bias?: Tensor | null,
  options?: FunctionalConv1dOptions,
): Tensor<D, R> {
  const x = viewArgument(input, "conv1d(): argument 'input' (position 1)");
  const w = viewArgument(weight, "conv1d(): argument 'weight' (position 2)");
  const b = bias === undefined || bias === null ? null : viewArgument(bias, "conv1d(): argument 'bias' (position 3)");
  const shared = readFunctional(options);

  const dtype = floatDtypeOf(w.dtype, 'conv1d', 'weight');
  const inputDtype = x.dtype;
  const parameters = makeParameters(weightShape('conv1d', w.shape, x.shape), shared, 'zeros', dtype);
  if (inputDtype !== dtype) throw wrongInputDtype(inputDtype, dtype);
  if (b !== null && b.dtype !== dtype) throw wrongBiasDtype(inputDtype, b.dtype);
  if (b !== null) requireBiasShape(b.shape, w.shape);
  const weightElements = floatsOfView(w);
  const biasElements = b === null ? null : floatsOfView(b);
  const layer = layerOver(recentOperator(parameters), weightElements, biasElements);
  return convolve(layer, input, undefined, undefined, [w, b]) as Tensor<D, R>;
}

/**
 * Applies a transposed convolution with a given weight to a batch of signals: PyTorch's
 * `torch.nn.functional.conv_transpose1d`. All tensors have one dtype; `ConvTranspose1d` is faster when one weight is used many times.
 *
 * @param input   (N, inChannels, L), or (inChannels, L) for a single signal
 * @param weight  (inChannels, outChannels / groups, kernelSize)
 * @param bias    (outChannels), or null for none
 * @param options stride 1, padding 0, outputPadding 0, groups 1, dilation 1, algorithm 'direct' and maxWeightBytes 2^28 by default
 * @returns       (N, outChannels, outLength), or (outChannels, outLength) for a single signal, with outLength =
 *                (L - 1) * stride - 2 * padding + dilation * (kernelSize - 1) + outputPadding + 1
 * @throws TypeError  ERR_CONV1D_TYPE     when an argument or an option is of the wrong kind
 * @throws TypeError  ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws TypeError  ERR_CONV1D_DTYPE    when float32 and float64 are mixed
 * @throws TypeError  ERR_CONV1D_DETACHED when the memory of a tensor was transferred to another thread
 * @throws RangeError ERR_CONV1D_VALUE    when an option is out of range
 * @throws RangeError ERR_CONV1D_SHAPE    when channels, groups or lengths do not fit together
 * @throws RangeError ERR_CONV1D_MEMORY   when the result cannot be allocated
 * @example
 * const y = functional.convTranspose1d(rand(4, 2, 6), rand(2, 3, 4), null, { stride: 2, padding: 1 });   // y.shape is [4, 3, 12]
 */
export function convTranspose1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  weight: Tensor,
  bias?: Tensor | null,
  options?: FunctionalConvTranspose1dOptions,
): Tensor<D, R> {
  const x = viewArgument(input, "conv_transpose1d(): argument 'input' (position 1)");
  const w = viewArgument(weight, "conv_transpose1d(): argument 'weight' (position 2)");
  const b =
    bias === undefined || bias === null ? null : viewArgument(bias, "conv_transpose1d(): argument 'bias' (position 3)");
  const shared = readFunctionalTransposed(options);

  const dtype = floatDtypeOf(w.dtype, 'conv_transpose1d', 'weight');
  const inputDtype = x.dtype;
  const parameters = makeTransposedParameters(weightShape('conv_transpose1d', w.shape, x.shape), shared, dtype);
  if (inputDtype !== dtype) throw wrongInputDtype(inputDtype, dtype, true);
  if (b !== null && b.dtype !== dtype) throw wrongBiasDtype(inputDtype, b.dtype, true);
  if (b !== null) requireBiasShape(b.shape, w.shape, shared.groups);
  const weightElements = floatsOfView(w);
  const biasElements = b === null ? null : floatsOfView(b);
  const layer = layerOver(recentOperator(parameters), weightElements, biasElements);
  return convolve(layer, input, undefined, undefined, [w, b]) as Tensor<D, R>;
}

function weightShape(operator: string, weight: readonly number[], input: readonly number[]): [number, number, number] {
  const ndim = weight.length;
  if (ndim < 3) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `weight should have at least three dimensions, but got weight of size ${formatShape(weight)}`,
    );
  }
  if (ndim > 3) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Expected ${ndim}-dimensional input for ${ndim}-dimensional weight ${formatShape(weight)}, ` +
        `but got ${input.length}-dimensional input of size ${formatShape(input)} instead; the weight of ${operator} has three dimensions`,
    );
  }
  return [weight[0]!, weight[1]!, weight[2]!];
}
