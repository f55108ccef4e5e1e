import { callsPerRun, summarize, type Times } from './timing.ts';

/**
 * Times several ways of doing the same work in one process, in turns, so that none has the machine at a better moment than another: in
 * each of `rounds` rounds each way runs for about `msPerRound` milliseconds, and whoever was first comes last in the next round.
 */
export function interleave(ways: readonly (() => void)[], rounds: number, msPerRound: number): Times[] {
  const times = ways.map((): number[] => []);
  const calls = ways.map((way) => callsPerRun(perCall(way, 1)));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      const i = (round + turn) % ways.length;
      const end = performance.now() + msPerRound;
      do {
        const time = perCall(ways[i]!, calls[i]!);
        times[i]!.push(time);
        calls[i] = Math.max(calls[i]!, callsPerRun(time));
      } while (performance.now() < end);
    }
  }
  return times.map(summarize);
}

function perCall(way: () => void, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) way();
  return (performance.now() - start) / calls;
}
