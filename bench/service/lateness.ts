/** How late a timer fired, in milliseconds, and how long a call took. */
export interface Lateness {
  readonly callMs: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Makes calls one after the other for some seconds, and watches a timer of 1 ms meanwhile. */
export async function latenessDuring(call: () => Promise<unknown>, seconds: number): Promise<Lateness> {
  await call();
  const delays: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    delays.push(now - last - 1);
    last = now;
  }, 1);
  const start = performance.now();
  let calls = 0;
  while (performance.now() - start < seconds * 1000) {
    await call();
    calls++;
  }
  const callMs = (performance.now() - start) / calls;
  clearInterval(timer);
  delays.sort((a, b) => a - b);
  const at = (share: number) => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))]!;
  return { callMs, p50: at(0.5), p99: at(0.99), max: at(1) };
}
