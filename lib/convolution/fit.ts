import { rangeError } from '../check/errors.ts';
import { torchName } from '../tensor/dtype.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Conv1dParameters } from './parameters.ts';
import { noLength, outputPaddingFor, transposedOutLength } from './transposedFit.ts';

/** What a convolution makes of inputs of one shape. */
export interface Fit {
  /** Of the input. */
  readonly shape: readonly number[];
  readonly batch: number;
  readonly length: number;
  /** Of the output. Frozen: all results of this fit have it as their shape. */
  readonly outShape: readonly number[];
  /** Of the output; may be more than a tensor may have. */
  readonly outNumel: number;
  /** Of a call of a transposed convolution that asks for an output of another size than the layer's own. */
  readonly outputPadding?: number;
}

/** What a convolution makes of inputs, shape by shape. Shapes come again and again, so it remembers the last one. */
export class Fits {
  readonly #parameters: Conv1dParameters;
  #last: Fit | undefined;

  constructor(parameters: Conv1dParameters) {
    this.#parameters = parameters;
  }

  /** RangeError ERR_CONV1D_SHAPE when the convolution makes nothing of them. */
  of(shape: readonly number[]): Fit {
    const last = this.#last;
    // V8 reads the elements of frozen arrays slowly (25 ns for a comparison): most often it is the same array.
    if (last !== undefined && (last.shape === shape || sameShape(last.shape, shape))) return last;
    const fit = makeFit(this.#parameters, shape);
    this.#last = fit;
    return fit;
  }
}

/** What a transposed convolution makes of inputs where the output's size is given. */
export function fitToSize(parameters: Conv1dParameters, shape: readonly number[], outputSize: readonly number[]): Fit {
  if (shape.length !== 3 && shape.length !== 2) throw wrongRank(parameters.operator, shape);
  const outputPadding = outputPaddingFor(parameters, shape, outputSize);
  return { ...makeFit({ ...parameters, outputPadding }, shape), outputPadding };
}

function makeFit(parameters: Conv1dParameters, shape: readonly number[]): Fit {
  const batched = shape.length === 3;
  if (!batched && shape.length !== 2) throw wrongRank(parameters.operator, shape);
  const batch = batched ? shape[0]! : 1;
  const channels = batched ? shape[1]! : shape[0]!;
  const length = batched ? shape[2]! : shape[1]!;
  const outLength = checkedOutLength(parameters, shape, batch, channels, length);
  const { outChannels } = parameters;
  const outShape = Object.freeze(batched ? [batch, outChannels, outLength] : [outChannels, outLength]);
  return { shape, batch, length, outShape, outNumel: batch * outChannels * outLength };
}

/** The output's length, once channels, padding and length fit together. torch's checks in torch's order. */
export function checkedOutLength(
  parameters: Conv1dParameters,
  shape: readonly number[],
  batch: number,
  channels: number,
  length: number,
): number {
  if (parameters.outputPadding !== undefined) return transposedOutLength(parameters, batch, channels, length);
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
  if (length === 0 && batch > 0) throw noLength(batch, channels);
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

function wrongRank(operator: string, shape: readonly number[]): RangeError {
  return rangeError(
    'ERR_CONV1D_SHAPE',
    `Expected 2D (unbatched) or 3D (batched) input to ${operator}, but got input of size: ${formatShape(shape)}`,
  );
}
