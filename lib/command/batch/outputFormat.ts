import { rangeError } from '../../check/errors.ts';
import { encodeNpy } from '../../io/npy.ts';
import { encodeSafetensors } from '../../io/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { encodeArrow, type StepTimes } from './arrow.ts';

/** The format of the features; also the end of the file's name. */
export type OutputFormat = 'npy' | 'safetensors' | 'arrow';

export const OUTPUT_FORMATS: readonly OutputFormat[] = ['npy', 'safetensors', 'arrow'];

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

/**
 * The features as a file, in pieces to write one after the other.
 *
 * @throws Error ERR_CONV1D_DEPENDENCY  when the format needs a package that is not installed
 */
export async function encodeFeatures(features: Tensor, format: OutputFormat, times: StepTimes): Promise<Uint8Array[]> {
  switch (format) {
    case 'npy':
      return encodeNpy(features);
    case 'safetensors':
      return encodeSafetensors({ features });
    case 'arrow':
      return encodeArrow(features, times);
  }
}
