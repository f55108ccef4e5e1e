import { geometricMean } from '../limits.ts';
import type { Algorithm } from '../results.ts';
import type { DuelLayer } from './run.ts';

/** A ratio of times with the interval that holds the true one with 95 % confidence, from several independent runs. */
export interface Estimate {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** What several runs say of a layer. */
export interface Verdict {
  readonly name: string;
  readonly algorithm: Algorithm;
  /** The shortest time of A in all runs, in milliseconds. */
  readonly ms: number;
  /** B over A, of the shortest times. */
  readonly change: Estimate;
  /** A over A: what the machine makes of no change at all. */
  readonly noise: Estimate;
  /** B over A, of the medians. */
  readonly medianChange: Estimate;
  readonly sameBits: boolean;
  /** Whether the change is one: its interval holds neither 1 nor anything that the noise holds. */
  readonly outcome: 'faster' | 'slower' | 'the same';
}

/** Two-sided, 95 %, of Student's t with 1, 2, ... degrees of freedom. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

function student(freedom: number): number {
  // Beyond the table within 0.01 of it.
  return STUDENT[freedom - 1] ?? 1.96 + 2.5 / freedom;
}

/** Of the ratios of at least two runs. Times have errors that multiply, so logarithms are averaged. */
export function estimate(ratios: readonly number[]): Estimate {
  const count = ratios.length;
  const logs = ratios.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / count;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (count - 1);
  const half = student(count - 1) * Math.sqrt(variance / count);
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/** One layer with one algorithm, over the runs. */
export function judge(runs: readonly DuelLayer[]): Verdict {
  const { name, algorithm } = runs[0]!;
  // A was measured twice: both together are the better measurement.
  const change = estimate(runs.map(({ a, again, b }) => b.minMs / Math.sqrt(a.minMs * again.minMs)));
  const medianChange = estimate(runs.map(({ a, again, b }) => b.medianMs / Math.sqrt(a.medianMs * again.medianMs)));
  const noise = estimate(runs.map(({ a, again }) => again.minMs / a.minMs));
  // Which of two equal builds is called first decides the noise's sign.
  const noisy = Math.max(noise.high, 1 / noise.low);
  const outcome = change.low > noisy ? 'slower' : change.high < 1 / noisy ? 'faster' : 'the same';
  return {
    name,
    algorithm,
    ms: Math.min(...runs.flatMap(({ a, again }) => [a.minMs, again.minMs])),
    change,
    noise,
    medianChange,
    sameBits: runs.every(({ sameBits }) => sameBits),
    outcome,
  };
}

/** All layers of an algorithm together: the geometric mean of each run, and what the runs say of it. */
export function judgeAll(runs: readonly (readonly DuelLayer[])[]): Pick<Verdict, 'change' | 'noise' | 'medianChange'> {
  const over = (ratio: (layer: DuelLayer) => number) =>
    estimate(runs.map((layers) => geometricMean(layers.map(ratio))));
  return {
    change: over(({ a, again, b }) => b.minMs / Math.sqrt(a.minMs * again.minMs)),
    noise: over(({ a, again }) => again.minMs / a.minMs),
    medianChange: over(({ a, again, b }) => b.medianMs / Math.sqrt(a.medianMs * again.medianMs)),
  };
}

/** The layers that are slower by more than the threshold, and not by noise alone. */
export function slowerThan(threshold: number, verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.filter(({ outcome, change }) => outcome === 'slower' && change.ratio > threshold);
}
