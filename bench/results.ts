import type { Roof } from './limits.ts';
import type { Problem } from './problems.ts';

/** What a peer did with a layer: the shortest time of all rounds, or why there is none. */
export type Outcome =
  | {
      readonly ms: number;
      /** The median of calls in a loop that never yields, in the quietest round. */
      readonly medianMs?: number;
      /** The same with `out`; ours only. */
      readonly outMedianMs?: number;
      /** How far the result is from ours (ours: from a float64 reference), in units of what rounding explains. */
      readonly disagreement: number;
    }
  | { readonly why: string };

export interface PeerResult {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Set when it does not run here at all. */
  readonly why?: string;
  /** In the order of the problems. */
  readonly outcomes: readonly Outcome[];
}

/** All peers with one number of threads and one implementation of ours. */
export interface Run {
  readonly threads: number;
  readonly isa: string;
  readonly roof: Roof;
  /** Ours first. */
  readonly peers: readonly PeerResult[];
}

export interface Overhead {
  /** The seed layer, `forward(x)`. */
  readonly forwardMicroseconds: number;
  /** The seed layer, `forward(x, { out })`. */
  readonly outMicroseconds: number;
  /** A new length on every call over the same length on every call. */
  readonly newLengthRatio: number;
}

export interface MemoryUse {
  readonly name: string;
  readonly threads: number;
  /** The most memory that the first `forward(x)` took beyond input and output. */
  readonly extraBytes: number;
}

export interface ScalingPoint {
  readonly x: number;
  readonly outputs: number;
  readonly ms: number;
}

export interface ScalingCurve {
  readonly axis: string;
  readonly points: readonly ScalingPoint[];
}

export interface MachineInfo {
  readonly cpu: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

/** Everything that one invocation measured: bench/report/results.json. */
export interface Results {
  readonly date: string;
  readonly version: string;
  readonly machine: MachineInfo;
  readonly rounds: number;
  readonly problems: readonly Problem[];
  readonly runs: readonly Run[];
  readonly overhead?: Overhead;
  readonly memory?: readonly MemoryUse[];
  readonly scaling?: readonly ScalingCurve[];
}

/** The time of a layer, or null where there is none. */
export function timeOf(peer: PeerResult | undefined, layer: number): number | null {
  const outcome = peer?.outcomes[layer];
  return outcome !== undefined && 'ms' in outcome ? outcome.ms : null;
}

export function ours(run: Run): PeerResult {
  return run.peers[0]!;
}

export function others(run: Run): readonly PeerResult[] {
  return run.peers.slice(1);
}

/** The shortest time of the other libraries, or null where none has one. */
export function bestOther(run: Run, layer: number): number | null {
  const times = others(run)
    .map((peer) => timeOf(peer, layer))
    .filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}
