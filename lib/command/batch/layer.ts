import { rangeError } from '../../check/errors.ts';
import { type Conv1dParameters, makeParameters, readFromWeights } from '../../convolution/parameters.ts';
import { Conv1d } from '../../nn/conv1d.ts';
import { readConvolution } from '../../nn/convolutionFile.ts';
import { completeParameters, type LayerParameters } from './parameters.ts';

/** A layer made from a weights file, ready to run. */
export interface Layer {
  readonly conv: Conv1d;
  readonly parameters: Conv1dParameters;
  /** Whether the file says that its channels are real parts followed by imaginary parts. */
  readonly complexPairs: boolean;
  /** Samples a second that recordings must have; undefined: any. */
  readonly sampleRate: number | undefined;
}

/**
 * Makes a layer from a .safetensors file. A weight under weight norm is folded.
 *
 * @param key    what the names of its tensors begin with: weight and bias are `key + 'weight'` and `key + 'bias'`. Undefined
 *               for a file with a single convolution
 * @param given  parameters that win over those in the file's metadata
 * @throws RangeError ERR_CONV1D_VALUE   when the key names no weight of three dimensions, or is needed and missing
 * @throws RangeError ERR_CONV1D_FORMAT  when the file or its metadata cannot be read
 */
export async function loadLayer(path: string, key: string | undefined, given: LayerParameters): Promise<Layer> {
  const { prefix, weight, bias, metadata } = await readConvolution(path, { prefix: key, chosenBy: '--key' });
  const { sampleRate, ...options } = completeParameters(given, metadata, prefix);
  const { shared, paddingMode } = readFromWeights(options);
  const shape = weight.shape as [number, number, number];
  const parameters = makeParameters(shape, shared, paddingMode, weight.dtype);
  const conv = Conv1d.fromWeights(weight, bias, options).eval();
  return { conv, parameters, complexPairs: saysComplexPairs(metadata, prefix, parameters.outChannels), sampleRate };
}

function saysComplexPairs(metadata: Readonly<Record<string, string>>, prefix: string, outChannels: number): boolean {
  const channels = (metadata[`${prefix}channels`] ?? metadata.channels)?.replace(/\s/g, '');
  if (channels !== 'real,imaginary') return false;
  if (outChannels % 2 !== 0) {
    throw rangeError(
      'ERR_CONV1D_FORMAT',
      `its metadata says channels is 'real,imaginary', which come in pairs, but its weight has ${outChannels} channels`,
    );
  }
  return true;
}
