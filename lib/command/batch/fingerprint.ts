import { createHash } from 'node:crypto';
import type { Conv1dParameters } from '../../convolution/parameters.ts';
import { littleEndianBytes } from '../../io/elements.ts';
import type { Layer } from './layer.ts';

/**
 * What a result depends on besides its input: the SHA-256 of the layer's parameters and values and of how inputs are read and it is
 * written. Equal fingerprints, equal results, on any machine. What is undefined does not count.
 */
export function fingerprint(
  { conv, parameters, complexPairs, sampleRate }: Layer,
  settings: Readonly<Record<string, unknown>>,
): string {
  const hash = createHash('sha256').update(
    JSON.stringify({ parameters: relevant(parameters), complexPairs, sampleRate, settings }),
  );
  for (const tensor of conv.parameters()) {
    for (const bytes of littleEndianBytes(tensor.data)) hash.update(bytes);
  }
  return hash.digest('hex');
}

/** Without what is new and off: manifests that are older than the choice of an algorithm hold for 'direct'. */
function relevant(parameters: Conv1dParameters): Partial<Conv1dParameters> {
  const { algorithm, maxWeightBytes, ...others } = parameters;
  return algorithm === 'direct' ? others : parameters;
}
