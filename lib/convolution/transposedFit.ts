import { rangeError } from '../check/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Conv1dParameters } from './parameters.ts';

/** The length of a transposed convolution's output, once channels and length fit together. torch's checks in torch's order. */
export function transposedOutLength(
  parameters: Conv1dParameters,
  batch: number,
  channels: number,
  length: number,
): number {
  const { inChannels, weightShape, outputPadding = 0 } = parameters;
  if (channels !== inChannels) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given transposed=1, weight of size ${formatShape(weightShape)}, expected input${formatShape([batch, channels, length])} ` +
        `to have ${inChannels} channels, but got ${channels} channels instead`,
    );
  }
  if (length === 0 && batch > 0) throw noLength(batch, channels);
  const outLength = leastOutLength(parameters, length) + outputPadding;
  if (!Number.isSafeInteger(outLength + parameters.padLeft + parameters.padRight)) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `an input of length ${length} makes more than 2^53 - 1 outputs with stride ${parameters.stride} and dilation ${parameters.dilation}`,
    );
  }
  if (outLength < 1) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given input size per channel: (1 x ${length}). Calculated output size per channel: (1 x ${outLength}). Output size is too small`,
    );
  }
  return outLength;
}

/**
 * The output padding that makes the output as long as a call asks for, with torch's sentences where there is none.
 *
 * @param outputSize  the length alone, or the shape of the output, of which the length counts
 */
export function outputPaddingFor(
  parameters: Conv1dParameters,
  shape: readonly number[],
  outputSize: readonly number[],
): number {
  const rank = shape.length;
  if (outputSize.length !== 1 && outputSize.length !== rank) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `ConvTranspose1D: for ${rank}D input, output_size must have 1 or ${rank} elements (got ${outputSize.length})`,
    );
  }
  const wanted = outputSize.at(-1)!;
  const length = shape.at(-1)!;
  const least = leastOutLength(parameters, length);
  const most = least + parameters.stride - 1;
  if (wanted >= least && wanted <= most) return wanted - least;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `requested an output size of [${wanted}], but valid sizes range from [${least}] to [${most}] (for an input of torch.Size([${length}]))`,
  );
}

/** A signal without elements, with torch's sentence. */
export function noLength(batch: number, channels: number): RangeError {
  return rangeError(
    'ERR_CONV1D_SHAPE',
    'Only zero batch or zero channel inputs are supported, but got input shape: ' +
      `${formatShape([batch, channels, 1, 0])}; the length must not be 0`,
  );
}

function leastOutLength({ stride, padLeft, padRight, span }: Conv1dParameters, length: number): number {
  return (length - 1) * stride - padLeft - padRight + span;
}
