import { NETWORKS } from '../../bench/networks/cases.ts';
import type { NetworkOutcome, NetworkResults, NetworkRun, WayId } from '../../bench/networks/results.ts';

const MFLOP: Readonly<Record<string, number>> = {
  snac: 8545,
  hifigan: 52_813,
  hifigan128: 3312,
  encodec: 2980,
  vad: 1.4,
  inception: 7836,
  tcn: 3315,
};
const PEAK = 100;

export function networkOutcome(ms: number): NetworkOutcome {
  return { times: { minMs: 0.9 * ms, medianMs: ms }, errors: { mean: 1e-8, max: 1e-7 } };
}

/**
 * Results in which compiled networks take `over` times the limit, the fast algorithms `fast` times as long as that, onnxruntime `ahead`
 * times, networks layer by layer 1.5 times and PyTorch 9 times.
 */
export function networkResults(over: number, ahead: number, fast: number): NetworkResults {
  const factors: Readonly<Record<WayId, number>> = { direct: 1, fast, eager: 1.5, onnxruntime: ahead, pytorch: 9 };
  const run = (threads: number): NetworkRun => ({
    threads,
    isa: 'avx512',
    peak: PEAK * threads,
    measured: NETWORKS.map(({ id }) => {
      const ms = (over * MFLOP[id]!) / PEAK / threads;
      const outcomes = Object.entries(factors).map(([way, factor]) => [way, networkOutcome(factor * ms)]);
      return {
        outcomes: Object.fromEntries(outcomes),
        versions: { direct: '0.1.0', onnxruntime: '1.30.0', pytorch: '1.13.0' },
        steps: Array.from({ length: 20 }, (_, i) => ({ name: `step <${i}>`, ms: ms / (i + 4), limitMs: ms / (i + 5) })),
      };
    }),
  });
  return {
    date: '2000-01-01',
    code: { version: '0.1.0', commit: 'abc1234', digest: 'now' },
    machine: { name: 'A <fast> one', cpu: 'AMD EPYC', processors: 2, memoryGiB: 1, system: 'Linux', node: 'v20' },
    rounds: 5,
    networks: NETWORKS.map(({ id, name, shapes }) => ({ id, name, shapes, flops: MFLOP[id]! * 1e6 })),
    runs: [run(1), run(2)],
    memory: [{ seconds: 60, threads: 1, way: 'direct', extraBytes: over * 30 * 2 ** 20 }],
    lateness: [{ threads: 1, callMs: 400, p50: 0.1, p99: 2.5 * over, max: 5 }],
  };
}

/** The same with the outcomes of one way changed, network by network, in the first run. */
export function changedNetworks(
  all: NetworkResults,
  way: WayId,
  change: (outcome: NetworkOutcome, id: string) => NetworkOutcome,
): NetworkResults {
  const [first, ...rest] = all.runs;
  const measured = first!.measured.map((one, i) => ({
    ...one,
    outcomes: { ...one.outcomes, [way]: change(one.outcomes[way]!, all.networks[i]!.id) },
  }));
  return { ...all, runs: [{ ...first!, measured }, ...rest] };
}
