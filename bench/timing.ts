import { setImmediate } from 'node:timers/promises';

/** We time short calls in runs of about this many milliseconds, far above the resolution of the clock. */
const RUN_MS = 0.05;
const MIN_RUNS = 3;
const MAX_CALLS = 10_000;

/** One call to time: its name says whether to await it, because awaiting what is ready takes time too. */
export type Call = { readonly sync: () => void } | { readonly async: () => Promise<void> };

/** What many repetitions of a call took, per call: the shortest says what the machine can do, the median what a user's stopwatch reads. */
export interface Times {
  readonly minMs: number;
  readonly medianMs: number;
}

/**
 * Repeats a call for `budget` milliseconds. A tight loop never yields, so that what a call leaves behind (garbage, fresh memory) costs
 * those that follow; a yielding one gives the event loop a turn between the runs, as a server does between its requests, so that
 * finalizers run.
 */
export async function timesOf(call: Call, budget: number, loop: 'tight' | 'yielding'): Promise<Times> {
  // The first call may compile, allocate and page in: it only tells how many calls make a run.
  let calls = callsPerRun(await perCall(call, 1));
  const times: number[] = [];
  const deadline = performance.now() + budget;
  while (times.length < MIN_RUNS || performance.now() < deadline) {
    if (loop === 'yielding') await setImmediate();
    const time = await perCall(call, calls);
    times.push(time);
    calls = Math.max(calls, callsPerRun(time));
  }
  return summarize(times);
}

/** How many calls of this many milliseconds make a run. */
export function callsPerRun(ms: number): number {
  return Math.max(1, Math.min(MAX_CALLS, Math.round(RUN_MS / ms)));
}

export function summarize(times: readonly number[]): Times {
  const sorted = [...times].sort((a, b) => a - b);
  return { minMs: sorted[0]!, medianMs: sorted[Math.floor(sorted.length / 2)]! };
}

async function perCall(call: Call, calls: number): Promise<number> {
  const start = performance.now();
  if ('sync' in call) {
    for (let i = 0; i < calls; i++) call.sync();
  } else {
    for (let i = 0; i < calls; i++) await call.async();
  }
  return (performance.now() - start) / calls;
}
