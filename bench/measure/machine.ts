import { Worker } from 'node:worker_threads';
import type { Roof } from '../limits.ts';

// `machine.ts THREADS`: prints {"peak": GFLOP/s, "copy": GB/s} of that many threads at work together.

/** Each about 7 ms with AVX-512, as long as a layer: a processor runs faster for less than that. */
const FMA_ROUNDS = 40;
const FMA_ITERATIONS = 2_000_000;
const COPY_ROUNDS = 30;
/** Far beyond the caches of a core. */
const COPY_BYTES = 2 ** 26;

// A worker runs plain JavaScript: it has no TypeScript loader.
const WORKER = `
const { workerData: { barrier, times, index, threads, addonPath, job }, parentPort } = require('node:worker_threads');
const state = new Int32Array(barrier);
const seconds = new Float64Array(times);

// All threads start a round together: what one does alone says nothing about the machine under load.
function meet() {
  const generation = Atomics.load(state, 1);
  if (Atomics.add(state, 0, 1) === threads - 1) {
    Atomics.store(state, 0, 0);
    Atomics.add(state, 1, 1);
  } else {
    while (Atomics.load(state, 1) === generation);
  }
}

function makeRound() {
  if (job.kind === 'fma') {
    return import(addonPath).then(({ addon }) => () => addon.fmaProbe(job.iterations));
  }
  const from = new Uint8Array(job.bytes).fill(1);
  const to = new Uint8Array(job.bytes).fill(2);
  return () => {
    to.set(from);
    return 2 * job.bytes;
  };
}

Promise.resolve(makeRound()).then((round) => {
  const rates = [];
  for (let i = 0; i < job.rounds; i++) {
    meet();
    const start = performance.now();
    const work = round();
    seconds[index] = (performance.now() - start) / 1e3;
    meet();
    rates.push((work * threads) / Math.max(...seconds));
  }
  parentPort.postMessage(rates.sort((a, b) => a - b));
});
`;

interface FmaJob {
  readonly kind: 'fma';
  readonly rounds: number;
  readonly iterations: number;
}
interface CopyJob {
  readonly kind: 'copy';
  readonly rounds: number;
  readonly bytes: number;
}

/** The rates of all rounds of a job, over all threads together, per second, slowest first. */
async function rates(threads: number, job: FmaJob | CopyJob): Promise<number[]> {
  const barrier = new SharedArrayBuffer(8);
  const times = new SharedArrayBuffer(8 * threads);
  const addonPath = new URL('../../dist/native/addon.js', import.meta.url).href;
  const [first] = await Promise.all(
    Array.from(
      { length: threads },
      (_, index) =>
        new Promise<number[]>((resolve, reject) => {
          const workerData = { barrier, times, index, threads, addonPath, job };
          const worker = new Worker(WORKER, { eval: true, execArgv: [], workerData });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  return first!;
}

const threads = Number(process.argv[2]);
const fma = await rates(threads, { kind: 'fma', rounds: FMA_ROUNDS, iterations: FMA_ITERATIONS });
const copy = await rates(threads, { kind: 'copy', rounds: COPY_ROUNDS, bytes: COPY_BYTES });
// The clock rate wobbles by some per cent, so the median for FMAs; neighbours only ever slow memory down, so the best there.
const roof: Roof = { peak: fma[FMA_ROUNDS / 2]! / 1e9, copy: copy.at(-1)! / 1e9 };
console.log(JSON.stringify(roof));
