import { geometricMean } from '../limits.ts';
import type { Problem } from '../problems.ts';
import type { Times } from '../timing.ts';

/** What one random layer gave. */
export interface RandomResult {
  readonly family: string;
  readonly problem: Problem;
  /** The algorithm that 'fast' took, and whether it keeps the order of the sum. */
  readonly algorithm: string;
  readonly exact: boolean;
  /** What the plan estimated of what 'fast' took, over the direct sum; 1 where it stayed direct. */
  readonly estimated: number;
  readonly direct: Times;
  readonly fast: Times;
  /** How far the fast result is from a float64 reference, in units of what rounding explains. */
  readonly disagreement: number;
}

/** Fast over direct of some layers. */
export interface Group {
  readonly name: string;
  readonly layers: number;
  /** Geometric means of the shortest times, of the medians, and of what the plans estimated. */
  readonly shortest: number;
  readonly medians: number;
  readonly estimated: number;
}

export interface Summary {
  /** All layers; those for which 'fast' keeps to an exact algorithm; those for which it does not. */
  readonly whole: readonly Group[];
  readonly algorithms: readonly Group[];
  readonly families: readonly Group[];
  /** Slower by more than the threshold, the worst first. */
  readonly losses: readonly RandomResult[];
  readonly wrong: readonly RandomResult[];
}

/** Fast over direct, of the shortest times. */
export function ratioOf({ fast, direct }: RandomResult): number {
  return fast.minMs / direct.minMs;
}

export function summarizeRandom(results: readonly RandomResult[], lossAbove: number): Summary {
  const by = (key: (result: RandomResult) => string) =>
    [...new Set(results.map(key))].map((name) =>
      group(
        name,
        results.filter((result) => key(result) === name),
      ),
    );
  return {
    whole: [
      group('all', results),
      group(
        'keep to direct',
        results.filter(({ exact }) => exact),
      ),
      group(
        'take a fast algorithm',
        results.filter(({ exact }) => !exact),
      ),
    ].filter(({ layers }) => layers > 0),
    algorithms: by(({ algorithm }) => algorithm).sort((a, b) => b.layers - a.layers),
    families: by(({ family }) => family),
    losses: results.filter((result) => ratioOf(result) > lossAbove).sort((a, b) => ratioOf(b) - ratioOf(a)),
    wrong: results.filter(({ disagreement }) => !(disagreement <= 1)),
  };
}

function group(name: string, results: readonly RandomResult[]): Group {
  return {
    name,
    layers: results.length,
    shortest: geometricMean(results.map(ratioOf)),
    medians: geometricMean(results.map(({ fast, direct }) => fast.medianMs / direct.medianMs)),
    estimated: geometricMean(results.map(({ estimated }) => estimated)),
  };
}
