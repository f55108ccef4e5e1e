import { checkedOutLength } from './fit.ts';
import type { Convolution, Layer } from './layer.ts';
import type { Conv1dParameters } from './parameters.ts';

/**
 * Which algorithm a call takes, what for, and what it takes up: what `conv.explain` gives.
 *
 * @category Layer
 */
export interface Explanation {
  /** Its name, as native/README.md lists them. With `algorithm: 'direct'` they differ in speed alone. */
  readonly algorithm: string;
  /** What it does, in a few words. */
  readonly description: string;
  /** Whether it keeps the order of the sum, and with it the bits of `algorithm: 'direct'`. */
  readonly exact: boolean;
  /** The bytes that its weights take up, packed or transformed. */
  readonly weightBytes: number;
  /** The bytes that each thread takes up beside them while a call runs. */
  readonly scratchBytes: number;
  /** Why it is taken, in a sentence. */
  readonly reason: string;
}

/** One of the algorithms that could compute a call. */
export type Candidate = ReturnType<Convolution['explain']>[number];

/** Explains a call with `batch` signals of `length`; refuses what `forward` would refuse. */
export function explainCall({ native, parameters, weight, packed }: Layer, length: number, batch: number): Explanation {
  const { inChannels } = parameters;
  checkedOutLength(parameters, [batch, inChannels, length], batch, inChannels, length);
  const candidates = native.explain(batch, length, packed ? null : weight);
  const { name, description, exact, weightBytes, scratchBytes } = candidates.find(({ chosen }) => chosen)!;
  const reason = reasonFor(parameters, candidates);
  return Object.freeze({ algorithm: name, description, exact, weightBytes, scratchBytes, reason });
}

/** Why the chosen one of some candidates is taken. */
export function reasonFor(
  { algorithm, maxWeightBytes }: Pick<Conv1dParameters, 'algorithm' | 'maxWeightBytes'>,
  candidates: readonly Candidate[],
): string {
  if (algorithm === 'direct') return "the order of the sum is kept: algorithm 'direct'";
  const chosen = candidates.find((candidate) => candidate.chosen)!;
  if (!chosen.exact) return `estimated at ${chosen.share.toFixed(2)} of the time of the direct sum`;
  const fast = cheapest(candidates.filter(({ exact }) => !exact));
  return fast === undefined
    ? `no fast algorithm suits this call and these weights, which may take up ${maxWeightBytes} bytes`
    : `no fast algorithm pays: ${fast.name} is estimated at ${fast.share.toFixed(2)} of the time of the direct sum`;
}

/** Of those that can be used at all. */
function cheapest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates
    .filter(({ share }) => Number.isFinite(share))
    .reduce<Candidate | undefined>(
      (best, each) => (best === undefined || each.share < best.share ? each : best),
      undefined,
    );
}
