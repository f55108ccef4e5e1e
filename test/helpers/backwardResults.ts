import { TRAINED } from '../../bench/backward/cases.ts';
import type { BackwardOutcome, BackwardResults, BackwardRun, WayId } from '../../bench/backward/results.ts';
import { LAYERS, usefulFlops } from '../../bench/problems.ts';

const PEAK = 100;

export function backwardOutcome(ms: number): BackwardOutcome {
  return { times: { minMs: 0.9 * ms, medianMs: ms } };
}

/** Results in which PyTorch takes `ahead` times as long as ours, and kernels reach this fraction of the FMA peak. */
export function backwardResults(ahead: number, fraction: number): BackwardResults {
  const run = (threads: number): BackwardRun => ({
    threads,
    isa: 'avx512',
    peak: PEAK * threads,
    layers: LAYERS.map((problem) => {
      const kernel = usefulFlops(problem) / PEAK / threads / 1e6 / fraction;
      return {
        outcomes: {
          ours: backwardOutcome(4 * kernel),
          pytorch: backwardOutcome(ahead * 4 * kernel),
          weightGradient: backwardOutcome(kernel),
          inputGradient: backwardOutcome(kernel),
        },
        apart: 1e-6,
      };
    }),
    networks: TRAINED.map(({ id }) => ({
      outcomes: { ours: backwardOutcome(10 / threads), pytorch: backwardOutcome((10 * ahead) / threads) },
      apart: id === 'tcn' ? 2e-5 : 1e-6,
    })),
  });
  return {
    date: '2000-01-01',
    code: { version: '0.1.0', commit: 'abc1234', digest: 'now' },
    machine: { name: 'A <fast> one', cpu: 'AMD EPYC', processors: 2, memoryGiB: 1, system: 'Linux', node: 'v20' },
    rounds: 5,
    pytorch: '1.13.0',
    layers: LAYERS,
    networks: TRAINED.map(({ id, name, shapes, note }) => ({
      id,
      name,
      shapes,
      ...(note === undefined ? {} : { note }),
      flops: 1e9,
    })),
    runs: [run(1), run(2)],
  };
}

/** The same with the outcomes of one way changed, one by one, in the first run. */
export function changedBackward(
  all: BackwardResults,
  kind: 'layers' | 'networks',
  way: WayId,
  change: (outcome: BackwardOutcome, name: string) => BackwardOutcome,
): BackwardResults {
  const [first, ...rest] = all.runs;
  const changed = first![kind].map((one, i) => ({
    ...one,
    outcomes: { ...one.outcomes, [way]: change(one.outcomes[way]!, all[kind][i]!.name) },
  }));
  return { ...all, runs: [{ ...first!, [kind]: changed }, ...rest] };
}
