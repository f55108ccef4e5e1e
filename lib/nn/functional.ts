import { rangeError } from '../check/errors.ts';
import { requireBiasShape } from '../convolution/biasShape.ts';
import { convolve, wrongBiasDtype, wrongInputDtype } from '../convolution/forward.ts';
import { makeLayer } from '../convolution/layer.ts';
import { type FunctionalConv1dOptions, makeParameters, readFunctional } from '../convolution/parameters.ts';
import { elementsOf, tensorArgument } from '../tensor/arguments.ts';
import type { Dtype } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * Applies a convolution with a given weight to a batch of signals: PyTorch's `torch.nn.functional.conv1d`.
 *
 * All four tensors have one dtype. Padding adds zeros; `Conv1d` has the other padding modes, and is faster when one
 * weight is used many times.
 *
 * @param input   (N, inChannels, L), or (inChannels, L) for a single signal
 * @param weight  (outChannels, inChannels / groups, kernelSize)
 * @param bias    (outChannels), or null for none
 * @param options stride 1, padding 0, dilation 1 and groups 1 by default
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
export function conv1d<D extends Dtype, R extends number>(
  input: Tensor<D, R>,
  weight: Tensor,
  bias?: Tensor | null,
  options?: FunctionalConv1dOptions,
): Tensor<D, R> {
  const x = tensorArgument(input, "conv1d(): argument 'input' (position 1)");
  const w = tensorArgument(weight, "conv1d(): argument 'weight' (position 2)");
  const b = bias === undefined || bias === null ? null : tensorArgument(bias, "conv1d(): argument 'bias' (position 3)");
  const steps = readFunctional(options);

  const parameters = makeParameters(weightShape(w.shape, x), steps, 'zeros', w.dtype);
  if (x.dtype !== w.dtype) throw wrongInputDtype(x.dtype, w.dtype);
  if (b !== null && b.dtype !== x.dtype) throw wrongBiasDtype(x.dtype, b.dtype);
  if (b !== null) requireBiasShape(b.shape, w.shape);
  const weightElements = elementsOf(w, 'the weight');
  const biasElements = b === null ? null : elementsOf(b, 'the bias');
  return convolve(makeLayer(parameters, weightElements, biasElements), x, undefined) as Tensor<D, R>;
}

function weightShape(weight: readonly number[], input: Tensor): [number, number, number] {
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
        `but got ${input.ndim}-dimensional input of size ${formatShape(input.shape)} instead; the weight of conv1d has three dimensions`,
    );
  }
  return [weight[0]!, weight[1]!, weight[2]!];
}
