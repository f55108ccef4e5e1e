import { setImmediate } from 'node:timers/promises';

/** We time short calls in runs of about this many milliseconds, far above the resolution of the clock. */
const RUN = 0.05;
const MIN_RUNS = 3;

/** One call to time: its name says whether to await it, because awaiting what is ready takes time too. */
export type Call = { readonly sync: () => void } | { readonly async: () => Promise<void> };

/**
 * The shortest time of a call, in milliseconds, over `budget` milliseconds. A turn of the event loop lies between the runs, as
 * it does between the requests of a server, so that finalizers run.
 */
export async function shortest(call: Call, budget: number): Promise<number> {
  let calls = 1;
  let best = await once(call, calls);
  const deadline = performance.now() + budget;
  for (let runs = 0; runs < MIN_RUNS || performance.now() < deadline; runs++) {
    calls = Math.max(1, Math.min(10_000, Math.round(RUN / best)));
    await setImmediate();
    best = Math.min(best, await once(call, calls));
  }
  return best;
}

/**
 * The median time of a call, in milliseconds, over `budget` milliseconds: what a user's stopwatch reads. Nothing lies between the
 * calls, so that what they leave behind (garbage, fresh memory) costs those that follow; `yields` puts a turn of the event loop
 * between them.
 */
export async function median(call: Call, budget: number, yields = false): Promise<number> {
  const first = await once(call, 1);
  const calls = Math.max(1, Math.min(10_000, Math.round(RUN / first)));
  const times: number[] = [];
  const deadline = performance.now() + budget;
  while (times.length < MIN_RUNS || performance.now() < deadline) {
    times.push(await once(call, calls));
    if (yields) await setImmediate();
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

async function once(call: Call, calls: number): Promise<number> {
  const start = performance.now();
  if ('sync' in call) {
    for (let i = 0; i < calls; i++) call.sync();
  } else {
    for (let i = 0; i < calls; i++) await call.async();
  }
  return (performance.now() - start) / calls;
}
