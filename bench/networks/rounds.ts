import { summarize, type Times } from '../timing.ts';

/** Repeats a call for this many milliseconds. */
export type Turn = (ms: number) => Promise<Times>;

/**
 * Times several ways of doing the same work in turns, so that none has the machine at a better moment than another: whoever was first
 * comes last in the next round. `rest` stands before each turn. The shortest call of all rounds, and the median of the rounds' medians.
 */
export async function inTurns(
  turns: readonly Turn[],
  rounds: number,
  ms: number,
  rest: () => Promise<void>,
): Promise<Times[]> {
  const all = turns.map((): Times[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < turns.length; turn++) {
      const i = (round + turn) % turns.length;
      await rest();
      all[i]!.push(await turns[i]!(ms));
    }
  }
  return all.map((times) => ({
    minMs: Math.min(...times.map(({ minMs }) => minMs)),
    medianMs: summarize(times.map(({ medianMs }) => medianMs)).medianMs,
  }));
}
