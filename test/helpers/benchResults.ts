import { limitOf } from '../../bench/limits.ts';
import type { MachineReport } from '../../bench/machines/reports.ts';
import { NATIVE_PEAK } from '../../bench/natives.ts';
import { MEASURED } from '../../bench/problems.ts';
import type { Outcome, OwnResult, PeerResult, Results, Run } from '../../bench/results.ts';

/** The times of loops that never yield; those that yield take twice as long in the median. */
export function outcome(ms: number): Outcome {
  return {
    tight: { minMs: ms, medianMs: 1.1 * ms },
    yielding: { minMs: 1.05 * ms, medianMs: 2 * ms },
    disagreement: 0.1,
  };
}

/**
 * Results in which our direct sum takes `over` times the limit of the best instruction set, the fast algorithms `fast` times as long as
 * that, and each peer `ahead` times.
 */
export function results(over: number, ahead: number, fast = 0.15): Results {
  const run = (threads: number): Run => {
    const roofs = {
      avx512: { peak: NATIVE_PEAK * threads, copy: 20 * threads },
      avx2: { peak: (NATIVE_PEAK * threads) / 2, copy: 20 * threads },
    };
    const outcomes = (isa: keyof typeof roofs, factor: number) =>
      MEASURED.map((p) => outcome(factor * over * limitOf(p, roofs[isa]).ms));
    const own = (['avx512', 'avx2'] as const).flatMap((isa): OwnResult[] => [
      { algorithm: 'direct', isa, outcomes: outcomes(isa, 1) },
      { algorithm: 'fast', isa, outcomes: outcomes(isa, fast) },
    ]);
    const peers = ['ort', 'ort-h1', 'torch', 'tfjs'].map(
      (id): PeerResult => ({ id, name: id, version: '1.0', outcomes: outcomes('avx512', ahead) }),
    );
    return { threads, roofs, own, peers };
  };
  const line = [1, 10, 100, 1000].map((x) => ({ x, outputs: x, ms: x * over }));
  return {
    date: '2000-01-01',
    code: { version: '0.1.0', commit: 'abc1234', digest: 'now' },
    machine: {
      name: 'A <fast> one',
      cpu: 'Intel Xeon',
      processors: 2,
      memoryGiB: 1,
      system: 'Linux',
      node: 'v20',
    },
    rounds: 5,
    problems: MEASURED,
    runs: [run(1), run(2)],
    overhead: { forwardMicroseconds: 0.9 * over, outMicroseconds: 0.7 * over, newLengthRatio: over },
    memory: [
      { name: 'm5', threads: 2, extraBytes: over * 3 * 2 ** 20 },
      { name: 'm5', algorithm: 'fast', threads: 2, extraBytes: over * 6 * 2 ** 20 },
    ],
    scaling: [{ axis: 'L', points: line }],
  };
}

/** The same with the outcomes of one layer after another changed, in the first run and for one implementation of it. */
export function changed(
  all: Results,
  which: 'own' | 'peers',
  change: (outcome: Outcome, layer: number, rank: number) => Outcome,
): Results {
  const [first, ...rest] = all.runs;
  const timed = first![which].map((one, rank) => ({
    ...one,
    outcomes: one.outcomes.map((each, layer) => change(each, layer, rank)),
  }));
  return { ...all, runs: [{ ...first!, [which]: timed }, ...rest] };
}

export function report(all: Results, isCurrent = true): MachineReport {
  return { results: all, isCurrent };
}
