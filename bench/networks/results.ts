import type { Code, MachineInfo } from '../results.ts';
import type { Times } from '../timing.ts';

/** A way of running a network: layer by layer, compiled with the direct sum or the fast algorithms, and by other libraries. */
export type WayId = 'eager' | 'direct' | 'fast' | 'onnxruntime' | 'pytorch';

export const OWN_WAYS = ['eager', 'direct', 'fast'] as const satisfies readonly WayId[];

/** As tables have them; those of conv1d go without its name. */
export const WAY_NAMES: Readonly<Record<WayId, string>> = {
  eager: 'layer by layer',
  direct: 'compiled',
  fast: 'compiled fast',
  onnxruntime: 'onnxruntime',
  pytorch: 'PyTorch',
};

/** How far the outputs are from those of PyTorch in float64. */
export interface Errors {
  readonly mean: number;
  readonly max: number;
}

/** What one way did with a network: its times of all rounds, or why there are none. */
export type NetworkOutcome =
  | {
      /** The shortest call of all rounds, and the median of the rounds' medians. */
      readonly times: Times;
      /** Where PyTorch has made a reference. */
      readonly errors?: Errors;
    }
  | { readonly why: string };

/** One step of a compiled network, measured by itself. */
export interface Step {
  readonly name: string;
  readonly ms: number;
  /** At the FMA peak; none where a step has no products to speak of. */
  readonly limitMs?: number;
}

export interface MeasuredNetwork {
  readonly outcomes: Partial<Readonly<Record<WayId, NetworkOutcome>>>;
  /** Of the direct sum. */
  readonly steps?: readonly Step[];
  readonly versions: Partial<Readonly<Record<WayId, string>>>;
}

/** All networks with one number of threads and one instruction set. */
export interface NetworkRun {
  readonly threads: number;
  readonly isa: string;
  /** Fused multiply-adds of these threads together, GFLOP/s. */
  readonly peak: number;
  /** In the order of the networks. */
  readonly measured: readonly MeasuredNetwork[];
}

export interface NetworkInfo {
  readonly id: string;
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  /** Of one call: flops.ts. */
  readonly flops: number;
}

/** What HiFi-GAN takes beyond its weights, input and output while it makes a long signal. */
export interface NetworkMemory {
  readonly seconds: number;
  readonly threads: number;
  readonly way: 'eager' | 'direct' | 'fast';
  readonly extraBytes: number;
}

/** How late a timer of 1 ms fires while HiFi-GAN runs in the background. */
export interface NetworkLateness {
  readonly threads: number;
  readonly callMs: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Everything that one invocation measured of networks on one machine: a file of bench/report/networks. */
export interface NetworkResults {
  readonly date: string;
  readonly code: Code;
  readonly machine: MachineInfo;
  readonly rounds: number;
  readonly networks: readonly NetworkInfo[];
  readonly runs: readonly NetworkRun[];
  readonly memory?: readonly NetworkMemory[];
  readonly lateness?: readonly NetworkLateness[];
}

export type NetworkTime = 'median' | 'shortest';

/** The time of a network in milliseconds, or null where there is none. */
export function networkTime(
  run: NetworkRun | undefined,
  network: number,
  way: WayId,
  kind: NetworkTime = 'median',
): number | null {
  const outcome = run?.measured[network]?.outcomes[way];
  if (outcome === undefined || 'why' in outcome) return null;
  return kind === 'median' ? outcome.times.medianMs : outcome.times.minMs;
}
