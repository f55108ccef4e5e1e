import { createHash } from 'node:crypto';
import { type Input, outputName } from './inputs.ts';

/** Two inputs that would become the same file, or undefined. Some file systems take a.npy and A.npy for the same file. */
export function findCollision(inputs: readonly Input[]): [Input, Input] | undefined {
  // Numbers in place of names: a million of them take 40 MB.
  const seen = new Map<number, number>();
  for (const [i, input] of inputs.entries()) {
    const name = comparable(input);
    const key = nameKey(name);
    const earlier = seen.get(key);
    if (earlier !== undefined && comparable(inputs[earlier]!) === name) return [inputs[earlier]!, input];
    seen.set(key, i);
  }
  return undefined;
}

/** A number that stands for a name. Two names share one rarely enough, one pair in 2^48, to compare them then. */
export function nameKey(name: string): number {
  return createHash('sha256').update(name).digest().readUIntBE(0, 6);
}

function comparable(input: Input): string {
  return (outputName(input) ?? input.path).toLowerCase();
}
