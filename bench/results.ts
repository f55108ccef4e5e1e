import type { Roof } from './limits.ts';
import type { Problem } from './problems.ts';
import type { Times } from './timing.ts';

/** What was measured of a layer. A figure that is missing was not: report files of older code have fewer. */
export interface Measured {
  /** In loops that never yield. */
  readonly tight: Partial<Times>;
  /** In loops that give the event loop a turn between calls; none where there is no event loop. */
  readonly yielding?: Partial<Times>;
  /** In loops that never yield, with `out`; ours only. */
  readonly out?: Partial<Times>;
  /** How far the result is from ours (ours: from a float64 reference), in units of what rounding explains. */
  readonly disagreement: number;
}

/** What one implementation did with a layer: its shortest times of all rounds and the medians of the quietest, or why there are none. */
export type Outcome = Measured | { readonly why: string };

/** An implementation, measured. */
export interface Timed {
  /** Set when it does not run here at all. */
  readonly why?: string;
  /** In the order of the problems. */
  readonly outcomes: readonly Outcome[];
}

export type Algorithm = 'direct' | 'fast';

/** One of the forms in which our own engine is measured, each as an implementation of its own. */
export interface Form {
  readonly algorithm: Algorithm;
  readonly isa: string;
}

export interface OwnResult extends Form, Timed {}

export interface PeerResult extends Timed {
  readonly id: string;
  readonly name: string;
  readonly version: string;
}

/** Everything measured with one number of threads. */
export interface Run {
  readonly threads: number;
  /** What the machine can do, for each instruction set. */
  readonly roofs: Readonly<Record<string, Roof>>;
  /** The direct sum with the best instruction set first. */
  readonly own: readonly OwnResult[];
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
  /** 'direct' where a file of older code does not say. */
  readonly algorithm?: Algorithm;
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
  /** What the reports call it: `AMD EPYC (Zen 4)`. */
  readonly name: string;
  /** As the system names it. */
  readonly cpu: string;
  readonly processors: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
}

/** Which code was measured. */
export interface Code {
  readonly version: string;
  /** The commit that was checked out, with `+` when its sources had been changed. */
  readonly commit: string;
  /** What the sources hold, as a hash: equal means that the same code was measured. Files of older code may lack it. */
  readonly digest?: string;
}

/** Everything that one invocation measured on one machine: a file of bench/report. */
export interface Results {
  readonly date: string;
  readonly code: Code;
  readonly machine: MachineInfo;
  readonly rounds: number;
  readonly problems: readonly Problem[];
  readonly runs: readonly Run[];
  readonly overhead?: Overhead;
  readonly memory?: readonly MemoryUse[];
  readonly scaling?: readonly ScalingCurve[];
}

/** Which time of a layer: the shortest call, or the median of a loop. */
export type TimeKind = 'shortest' | 'tight' | 'yielding';

/** The time of a layer in milliseconds, or null where there is none. */
export function timeOf(timed: Timed | undefined, layer: number, kind: TimeKind = 'shortest'): number | null {
  const outcome = timed?.outcomes[layer];
  if (outcome === undefined || 'why' in outcome) return null;
  const { tight, yielding } = outcome;
  if (kind === 'tight') return tight.medianMs ?? null;
  // Without an event loop the one loop stands for both.
  if (kind === 'yielding') return (yielding ?? tight).medianMs ?? null;
  const shortest = Math.min(tight.minMs ?? Number.POSITIVE_INFINITY, yielding?.minMs ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(shortest) ? shortest : null;
}

/** The instruction sets of a run, the best first. */
export function isasOf(run: Run): string[] {
  return [...new Set(run.own.map(({ isa }) => isa))];
}

const ISA_NAMES: Readonly<Record<string, string>> = {
  avx512: 'AVX-512',
  avx2: 'AVX2',
  neon: 'NEON',
  scalar: 'plain C++',
};

/** An instruction set as people write it. */
export function isaName(isa: string): string {
  return ISA_NAMES[isa] ?? isa;
}

/** Our own engine in one of its forms: by default the direct sum with the machine's best instruction set. */
export function ours(
  run: Run,
  algorithm: Algorithm = 'direct',
  isa: string | undefined = isasOf(run)[0],
): OwnResult | undefined {
  return run.own.find((own) => own.algorithm === algorithm && own.isa === isa);
}

/** The roof of a run that has this instruction set, by default the best. */
export function roofOf(run: Run, isa: string = isasOf(run)[0]!): Roof {
  return run.roofs[isa]!;
}

/** The shortest time of the other libraries, or null where none has one. */
export function bestOther(run: Run, layer: number): number | null {
  const times = run.peers.map((peer) => timeOf(peer, layer)).filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** `1 thread`, `2 threads`. */
export function threadsText(threads: number): string {
  return `${threads} thread${threads === 1 ? '' : 's'}`;
}
