import { createHash } from 'node:crypto';

/** A number that stands for a name. Two names share one rarely enough, one pair in 2^48, to compare them then. */
export function nameKey(name: string): number {
  return createHash('sha256').update(name).digest().readUIntBE(0, 6);
}
