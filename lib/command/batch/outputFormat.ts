import { rangeError } from '../../check/errors.ts';
import { encodeNpy, serializeNpy } from '../../io/npy.ts';
import { encodeSafetensors } from '../../io/safetensors.ts';
import { encodeWav } from '../../io/wavEncode.ts';
import { encodeZip } from '../../io/zipEncode.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { encodeArrow, type StepTimes } from './arrow.ts';
import type { Engine } from './engine.ts';

/** The format of the outputs; also the end of the file's name. */
export type OutputFormat = 'npy' | 'npz' | 'safetensors' | 'arrow' | 'wav';

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['npy', 'npz', 'safetensors', 'arrow', 'wav'];

/** Those whose tensors have names: a file of theirs has all outputs. */
const OF_NAMES: readonly OutputFormat[] = ['safetensors', 'npz'];

/**
 * The format of a name, as a flag gives it.
 *
 * @throws RangeError ERR_CONV1D_VALUE  when it is no format
 */
export function parseOutputFormat(text: string): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === text);
  if (format === undefined) throw rangeError('ERR_CONV1D_VALUE', `expected one of ${OUTPUT_FORMATS.join(', ')}`);
  return format;
}

/** The format that is written where nobody says one: one result is an array, several have names. */
export function defaultFormat({ outputs }: Pick<Engine, 'outputs'>): OutputFormat {
  return outputs.length === 1 ? 'npy' : 'safetensors';
}

/** Why an engine has no files of a format, in a sentence; undefined where it has. */
export function faultOfFormat(format: OutputFormat, { outputs }: Pick<Engine, 'outputs'>): string | undefined {
  if (outputs.length > 1 && !OF_NAMES.includes(format)) {
    return `the network gives ${outputs.join(', ')}; --format ${OF_NAMES.join(' or ')} writes tensors of these names`;
  }
  return undefined;
}

/** What an output file holds, and what is known of its samples where it is a recording. */
export interface EncodedOutput {
  readonly chunks: Uint8Array[];
  readonly peak?: number;
  readonly clipped?: number;
}

/** What encoding knows beside the tensors. */
export interface OutputTraits {
  readonly names: readonly string[];
  readonly times: StepTimes;
  /** Of a recording that is written; undefined where nobody knows it. */
  readonly sampleRate: number | undefined;
}

/**
 * The outputs as a file, in pieces to write one after the other.
 *
 * @throws RangeError ERR_CONV1D_SHAPE   when the format does not hold such a tensor
 * @throws RangeError ERR_CONV1D_VALUE   when a recording has NaN, or no sample rate, or an .npz would have more than 4 GiB
 * @throws Error ERR_CONV1D_DEPENDENCY  when the format needs a package that is not installed
 */
export async function encodeOutputs(
  outputs: readonly Tensor[],
  format: OutputFormat,
  { names, times, sampleRate }: OutputTraits,
): Promise<EncodedOutput> {
  const [first] = outputs as [Tensor];
  switch (format) {
    case 'npy':
      return { chunks: encodeNpy(first) };
    case 'npz':
      return {
        chunks: [encodeZip(Object.fromEntries(outputs.map((tensor, i) => [`${names[i]}.npy`, serializeNpy(tensor)])))],
      };
    case 'safetensors':
      return { chunks: encodeSafetensors(Object.fromEntries(outputs.map((tensor, i) => [names[i]!, tensor]))) };
    case 'arrow':
      return { chunks: await encodeArrow(steps(first), times) };
    case 'wav':
      return encodeWav(single(first), requireRate(sampleRate));
  }
}

function steps(tensor: Tensor): Tensor {
  if (tensor.ndim === 2 || tensor.ndim === 3) return tensor;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `an Arrow file holds (channels, steps), but the output is ${formatShape(tensor.shape)}; write an .npy`,
  );
}

/** The only signal of a batch. */
function single(tensor: Tensor): Tensor {
  return tensor.ndim === 3 && tensor.shape[0] === 1 ? (tensor.at(0) as Tensor) : tensor;
}

function requireRate(sampleRate: number | undefined): number {
  if (sampleRate !== undefined) return sampleRate;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    'a recording needs a sample rate: give --sample-rate HZ, or save the network with sample_rate in its metadata',
  );
}
