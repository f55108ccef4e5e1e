import { rangeError } from '../../check/errors.ts';
import { type Conv1dParameters, makeParameters } from '../../convolution/parameters.ts';
import { readSafetensors } from '../../io/safetensors.ts';
import type { SafetensorsEntry } from '../../io/safetensorsHeader.ts';
import { Conv1d } from '../../nn/conv1d.ts';
import { formatShape } from '../../tensor/shape.ts';
import { completeParameters, type LayerParameters } from './parameters.ts';

/** A layer made from a weights file, ready to run. */
export interface Layer {
  readonly conv: Conv1d;
  readonly parameters: Conv1dParameters;
  /** Whether the file says that its channels are real parts followed by imaginary parts. */
  readonly complexPairs: boolean;
}

/** How many names a message lists at most. */
const LISTED = 12;

/**
 * Makes a layer from a .safetensors file.
 *
 * @param key    what the names of its tensors begin with: weight and bias are `key + 'weight'` and `key + 'bias'`. Undefined
 *               for a file with a single convolution
 * @param given  parameters that win over those in the file's metadata
 * @throws RangeError ERR_CONV1D_VALUE   when the key names no weight of three dimensions, or is needed and missing
 * @throws RangeError ERR_CONV1D_FORMAT  when the file or its metadata cannot be read
 */
export async function loadLayer(path: string, key: string | undefined, given: LayerParameters): Promise<Layer> {
  let prefix = '';
  const { tensors, metadata } = await readSafetensors(path, (entries) => {
    prefix = findPrefix(entries, key);
    // It reads this layer's tensors only: the file may be a whole model.
    return entries.filter(({ name }) => name === `${prefix}weight` || name === `${prefix}bias`);
  });
  const weight = tensors[`${prefix}weight`]!;
  const bias = tensors[`${prefix}bias`];
  const [outChannels, channelsPerGroup, kernelSize] = weight.shape as [number, number, number];

  const {
    stride = 1,
    padding = 0,
    dilation = 1,
    groups = 1,
    paddingMode = 'zeros',
  } = completeParameters(given, metadata, prefix);
  const dtype = weight.dtype;

  const parameters = makeParameters(
    [outChannels, channelsPerGroup, kernelSize],
    { stride, padding, dilation, groups },
    paddingMode,
    dtype,
  );
  const conv = new Conv1d(parameters.inChannels, outChannels, kernelSize, {
    stride,
    padding,
    dilation,
    groups,
    paddingMode,
    dtype,
    bias: bias !== undefined,
  });
  conv.loadStateDict(bias === undefined ? { weight } : { weight, bias });
  conv.eval();
  return { conv, parameters, complexPairs: saysComplexPairs(metadata, prefix, outChannels) };
}

/** What the names of the layer's tensors begin with. */
function findPrefix(entries: readonly SafetensorsEntry[], key: string | undefined): string {
  const prefixes = entries
    .filter(({ name, shape }) => /(^|\.)weight$/.test(name) && shape.length === 3)
    .map(({ name }) => name.slice(0, -'weight'.length));
  if (key !== undefined) {
    const weight = [key, `${key}.`]
      .map((prefix) => entries.find(({ name }) => name === `${prefix}weight`))
      .find((entry) => entry !== undefined);
    if (weight === undefined) {
      throw rangeError('ERR_CONV1D_VALUE', `has no tensor '${key}weight'; ${listKeys(prefixes)}`);
    }
    if (weight.shape.length !== 3) {
      const shape = formatShape(weight.shape);
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `'${weight.name}' has shape ${shape}, not (outChannels, inChannels / groups, kernelSize); ${listKeys(prefixes)}`,
      );
    }
    return weight.name.slice(0, -'weight'.length);
  }
  const [only, ...others] = prefixes;
  if (only === undefined) {
    const names = list(entries.map(({ name, shape }) => `${name} ${formatShape(shape)}`));
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `has no weight of a convolution, a tensor 'weight' or '*.weight' of three dimensions; it has ${names || 'no tensors'}`,
    );
  }
  if (others.length > 0) {
    throw rangeError('ERR_CONV1D_VALUE', `has ${prefixes.length} convolutions; ${listKeys(prefixes)}`);
  }
  return only;
}

function listKeys(prefixes: readonly string[]): string {
  if (prefixes.length === 0) return 'the file has no weight of three dimensions';
  return `choose one with --key: ${list(prefixes.map((prefix) => (prefix === '' ? "''" : prefix)))}`;
}

function list(names: readonly string[]): string {
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : '';
  return names.slice(0, LISTED).join(', ') + more;
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
