import { rangeError, typeError } from '../check/errors.ts';
import { allocateResult } from '../native/resultMemory.ts';
import { viewArgument } from '../tensor/arguments.ts';
import { type Dtype, dtypeOf, type FloatArray, torchName } from '../tensor/dtype.ts';
import { formatShape, numelOf, sameShape } from '../tensor/shape.ts';
import { Tensor, viewOf } from '../tensor/tensor.ts';
import { elementsOfView } from '../tensor/view.ts';
import type { Layer } from './layer.ts';
import type { Conv1dParameters } from './parameters.ts';

/**
 * One convolution with whatever a caller gave as `input` and `out`: checks both, makes the output where none was given, and hands
 * over to the native side, which checks every length again.
 */
export function convolve(layer: Layer, input: Tensor, out: Tensor | undefined): Tensor {
  const { parameters, native, weight, bias, packed } = layer;
  const { elements, batch, length, outShape } = checkedCall(parameters, input);
  const memory =
    out === undefined ? allocateResult(parameters.dtype, numelOf(outShape)) : checkedOut(out, outShape, parameters);
  // The native side compares addresses with all that it reads; with a snapshot it does not see weight and bias.
  if (out !== undefined && packed) {
    refuseOverlap(memory, weight, 'weight');
    if (bias !== null) refuseOverlap(memory, bias, 'bias');
  }
  native.forward(elements, batch, length, packed ? null : weight, packed ? null : bias, memory);
  return out ?? new Tensor(memory, outShape);
}

/** What the native side learns of a call. */
export interface Call {
  readonly elements: FloatArray;
  readonly batch: number;
  readonly length: number;
  readonly outShape: readonly number[];
}

/** A call of checked parameters with whatever was given as its input. */
export function checkedCall(parameters: Conv1dParameters, input: unknown): Call {
  const x = viewOf(input) ?? viewArgument(input, `${parameters.operator}(): argument 'input' (position 1)`);
  const { shape } = x;
  const batched = shape.length === 3;
  if (!batched && shape.length !== 2) throw wrongRank(parameters.operator, shape);
  const batch = batched ? shape[0]! : 1;
  const channels = batched ? shape[1]! : shape[0]!;
  const length = batched ? shape[2]! : shape[1]!;
  const outLength = checkedOutLength(parameters, shape, batch, channels, length);
  const outShape = batched ? [batch, parameters.outChannels, outLength] : [parameters.outChannels, outLength];
  const elements = elementsOfView(x);
  if (dtypeOf(elements) !== parameters.dtype) throw wrongInputDtype(dtypeOf(elements), parameters.dtype);
  return { elements, batch, length, outShape };
}

/** The output's length, once channels, padding and length fit together. torch's checks in torch's order. */
export function checkedOutLength(
  parameters: Conv1dParameters,
  shape: readonly number[],
  batch: number,
  channels: number,
  length: number,
): number {
  const { inChannels, padLeft, padRight, paddingMode, span, stride } = parameters;
  const padded = length + padLeft + padRight;
  if (paddingMode !== 'zeros') checkPadding(parameters, shape, length);
  if (channels !== inChannels) {
    // torch pads first, in the modes that are not zeros, and then prints the padded length.
    const printed = paddingMode === 'zeros' ? length : padded;
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given groups=${parameters.groups}, weight of size ${formatShape(parameters.weightShape)}, expected ` +
        `input${formatShape([batch, channels, printed])} to have ${inChannels} channels, but got ${channels} channels instead`,
    );
  }
  if (!Number.isSafeInteger(padded)) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `an input of length ${length} with padding [${padLeft}, ${padRight}] has more than 2^53 - 1 elements; use a smaller padding`,
    );
  }
  if (padded < span) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Calculated padded input size per channel: (${padded}). Kernel size: (${span}). ` +
        "Kernel size can't be greater than actual input size",
    );
  }
  if (length === 0 && batch > 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      'Only zero batch or zero channel inputs are supported, but got input shape: ' +
        `${formatShape([batch, channels, 1, 0])}; the length must not be 0`,
    );
  }
  return Math.floor((padded - span) / stride) + 1;
}

/** Whether a signal is long enough for the values that its padding is made of. */
export function checkPadding(parameters: Conv1dParameters, shape: readonly number[], length: number): void {
  const { padLeft, padRight, paddingMode, dtype } = parameters;
  const widest = Math.max(padLeft, padRight);
  switch (paddingMode) {
    case 'reflect':
      if (length === 0) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `2D or 3D (batch mode) tensor expected for input, but got: [ torch.${torchName(dtype)}Tensor{${shape.join(',')}} ]; its length must not be 0`,
        );
      }
      if (widest >= length) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          'Argument #4: Padding size should be less than the corresponding input dimension, but got: ' +
            `padding (${padLeft}, ${padRight}) at dimension ${shape.length - 1} of input ${formatShape(shape)}`,
        );
      }
      break;
    case 'replicate':
      if (length === 0) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `Expected 2D or 3D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${formatShape(shape)}`,
        );
      }
      break;
    default:
      if (widest > length) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `Padding value causes wrapping around more than once. Padding (${padLeft}, ${padRight}) must not exceed the input's length ${length}`,
        );
      }
  }
}

/** The memory of `out`, once it is what the result would have been. */
export function checkedOut(
  value: Tensor,
  shape: readonly number[],
  { operator, dtype }: Pick<Conv1dParameters, 'operator' | 'dtype'>,
): FloatArray {
  const out = viewOf(value) ?? viewArgument(value, `${operator}(): argument 'out'`);
  if (!sameShape(out.shape, shape)) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `expected out to have shape ${formatShape(shape)}, but got ${formatShape(out.shape)}; ${operator} does not resize it`,
    );
  }
  const outDtype = dtypeOf(out.storage);
  if (outDtype !== dtype) {
    throw typeError('ERR_CONV1D_DTYPE', `Expected out tensor to have dtype ${dtype}, but got ${outDtype} instead`);
  }
  if (out.strides !== null) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      'expected out to be contiguous, but got a view with gaps; pass a tensor of its own',
    );
  }
  return elementsOfView(out);
}

export function refuseOverlap(out: FloatArray, read: FloatArray, name: string): void {
  if (out.buffer !== read.buffer) return;
  if (out.byteOffset < read.byteOffset + read.byteLength && read.byteOffset < out.byteOffset + out.byteLength) {
    throw rangeError('ERR_CONV1D_OVERLAP', `out shares memory with the ${name}; give it memory of its own`);
  }
}

function wrongRank(operator: string, shape: readonly number[]): RangeError {
  return rangeError(
    'ERR_CONV1D_SHAPE',
    `Expected 2D (unbatched) or 3D (batched) input to ${operator}, but got input of size: ${formatShape(shape)}`,
  );
}

/** torch has one sentence for either direction. */
export function wrongInputDtype(input: Dtype, weight: Dtype): TypeError {
  const sentence =
    input === 'float64' ? 'expected scalar type Double but found Float' : shouldBeTheSame(input, 'weight', weight);
  return typeError('ERR_CONV1D_DTYPE', `${sentence}; the input is ${input}, the weight ${weight}`);
}

/** The bias of `functional.conv1d` is of another type than the input. */
export function wrongBiasDtype(input: Dtype, bias: Dtype): TypeError {
  const sentence = shouldBeTheSame(input, 'bias', bias);
  return typeError('ERR_CONV1D_DTYPE', `${sentence}; the input is ${input}, the bias ${bias}`);
}

function shouldBeTheSame(input: Dtype, name: string, other: Dtype): string {
  return `Input type (torch.${torchName(input)}Tensor) and ${name} type (torch.${torchName(other)}Tensor) should be the same`;
}
