import { type Problem, usefulFlops } from '../problems.ts';
import type { Code, MachineInfo } from '../results.ts';
import type { Times } from '../timing.ts';

/** What is timed: forward and backward, or a step of training, of ours and PyTorch's, and our two kernels of gradients alone. */
export type WayId = 'ours' | 'pytorch' | 'weightGradient' | 'inputGradient';

/** The kernels, as tables have them. */
export const KERNEL_NAMES = { weightGradient: 'weight gradient', inputGradient: 'input gradient' } as const;
export type KernelId = keyof typeof KERNEL_NAMES;
export const KERNELS = Object.keys(KERNEL_NAMES) as KernelId[];

/** The shortest call of all rounds, and the median of the rounds' medians; or why there are none. */
export type BackwardOutcome = { readonly times: Times } | { readonly why: string };

/** One layer, or one network, with one number of threads. */
export interface MeasuredBackward {
  readonly outcomes: Partial<Readonly<Record<WayId, BackwardOutcome>>>;
  /** How far our gradients are from PyTorch's in float64: the length of the difference over the length, the one in the middle of all. */
  readonly apart?: number;
  /** The same of PyTorch's in float32. */
  readonly pytorchApart?: number;
}

/** All layers and networks with one number of threads and one instruction set. */
export interface BackwardRun {
  readonly threads: number;
  readonly isa: string;
  /** Fused multiply-adds of these threads together, GFLOP/s. */
  readonly peak: number;
  /** In the order of the layers. */
  readonly layers: readonly MeasuredBackward[];
  /** In the order of the networks. */
  readonly networks: readonly MeasuredBackward[];
}

/** A network that is trained. */
export interface TrainedNetwork {
  readonly id: string;
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  /** Why its inputs are not those of the benchmark of networks. */
  readonly note?: string;
  /** Of the forward of one step. */
  readonly flops: number;
}

/** Everything that one invocation measured of gradients on one machine: a file of bench/report/backward. */
export interface BackwardResults {
  readonly date: string;
  readonly code: Code;
  readonly machine: MachineInfo;
  readonly rounds: number;
  /** PyTorch's version, or null where there is none. */
  readonly pytorch: string | null;
  readonly layers: readonly Problem[];
  readonly networks: readonly TrainedNetwork[];
  readonly runs: readonly BackwardRun[];
}

/** What was measured: both lists of a run have the same form. */
export type Kind = 'layers' | 'networks';

export type BackwardTime = 'median' | 'shortest';

/** The time of a layer or a network in milliseconds, or null where there is none. */
export function backwardTime(
  measured: MeasuredBackward | undefined,
  way: WayId,
  time: BackwardTime = 'median',
): number | null {
  const outcome = measured?.outcomes[way];
  if (outcome === undefined || 'why' in outcome) return null;
  return time === 'median' ? outcome.times.medianMs : outcome.times.minMs;
}

/** What either kernel has to do: it multiplies the pairs that the forward multiplies, those with padding left out. */
export function kernelFlops(problem: Problem): number {
  return usefulFlops(problem);
}

/** Dense, with 64 channels or more on both sides: the layers whose kernels should be near the peak. */
export function isWide({ groups, inChannels, outChannels }: Problem): boolean {
  return groups === 1 && inChannels >= 64 && outChannels >= 64;
}
