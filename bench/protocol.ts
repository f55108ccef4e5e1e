import type { Problem } from './problems.ts';
import type { Times } from './timing.ts';

/** What a peer's process reads from its standard input, as JSON. */
export interface PeerRequest {
  readonly problems: readonly Problem[];
  readonly threads: number;
  /** How long to repeat each layer in each kind of loop, in milliseconds; at least three times whatever it says. */
  readonly budget: number;
  /** How many outputs of each layer to send back. */
  readonly samples: number;
}

/** What it writes to its standard output, one JSON object per line. */
export type PeerMessage =
  /** Once, first: it runs; `version` is what to print beside its name. */
  | { readonly kind: 'ready'; readonly version: string }
  /** In place of `ready`: it cannot run here, and why. */
  | { readonly kind: 'unavailable'; readonly why: string }
  /** A layer: its times in loops that never yield, in loops that give the event loop a turn between calls where there is one, and in
   * loops that never yield with `out` where there is such a thing; and the samples (float32, little-endian, base64). */
  | {
      readonly kind: 'layer';
      readonly name: string;
      readonly tight: Times;
      readonly yielding?: Times;
      readonly out?: Times;
      readonly samples: string;
    }
  /** A layer that this peer has no way to compute, and why. */
  | { readonly kind: 'skipped'; readonly name: string; readonly why: string };

export function encodeSamples(values: ArrayLike<number>, positions: readonly number[]): string {
  const picked = Float32Array.from(positions, (position) => values[position] ?? Number.NaN);
  return Buffer.from(picked.buffer).toString('base64');
}

export function decodeSamples(samples: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(samples, 'base64'));
  return new Float32Array(bytes.buffer, 0, Math.floor(bytes.length / 4));
}
