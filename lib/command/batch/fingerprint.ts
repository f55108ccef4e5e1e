import { createHash } from 'node:crypto';
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
  const hash = createHash('sha256').update(JSON.stringify({ parameters, complexPairs, sampleRate, settings }));
  for (const tensor of conv.parameters()) {
    for (const bytes of littleEndianBytes(tensor.data)) hash.update(bytes);
  }
  return hash.digest('hex');
}
