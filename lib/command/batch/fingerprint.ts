import { createHash } from 'node:crypto';
import type { Engine } from './engine.ts';

/**
 * What a result depends on besides its input: the SHA-256 of what computes it and of how inputs are read and it is written. Equal
 * fingerprints, equal results, on any machine. What is undefined does not count.
 */
export function fingerprint(engine: Pick<Engine, 'identity'>, settings: Readonly<Record<string, unknown>>): string {
  const { described, bytes } = engine.identity();
  const hash = createHash('sha256').update(JSON.stringify({ ...described, settings }));
  for (const each of bytes) hash.update(each);
  return hash.digest('hex');
}
