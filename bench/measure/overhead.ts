import { loadLibrary } from '../library.ts';
import { LAYERS, SEED } from '../problems.ts';
import type { Overhead } from '../results.ts';

// Prints what a call costs when there is next to nothing to compute, and what a new length costs.

const CALLS = 5000;
const RUNS = 100;
const PASSES = 30;
const LENGTHS_PER_PASS = 40;
const SHORTEST = 600;

const { Conv1d, rand, setNumThreads, tensor, zeros } = await loadLibrary();
setNumThreads(1);

function microseconds(call: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    for (let i = 0; i < CALLS; i++) call();
    best = Math.min(best, ((performance.now() - start) * 1e3) / CALLS);
  }
  return best;
}

function seedLayer(): { forwardMicroseconds: number; outMicroseconds: number } {
  const seed = LAYERS.find((layer) => layer.name === SEED)!;
  const conv = new Conv1d(seed.inChannels, seed.outChannels, seed.kernelSize).eval();
  const x = rand(seed.batch, seed.inChannels, seed.length);
  const out = zeros(...conv.forward(x).shape);
  return {
    forwardMicroseconds: microseconds(() => void conv.forward(x)),
    outMicroseconds: microseconds(() => void conv.forward(x, { out })),
  };
}

/** The time of calls of which each has a length never seen before, over that of the same number with the length in the middle. */
function newLengthRatio(): number {
  const channels = 64;
  const conv = new Conv1d(channels, channels, 3, { padding: 1 }).eval();
  const longest = SHORTEST + PASSES * LENGTHS_PER_PASS;
  const memory = rand(channels * longest).data as Float32Array;
  const signal = (length: number) => tensor(memory.subarray(0, channels * length), [1, channels, length]);
  const perOutput = (lengths: readonly number[]) => {
    const inputs = lengths.map(signal);
    const start = performance.now();
    for (const input of inputs) conv.forward(input);
    return (performance.now() - start) / lengths.reduce((sum, length) => sum + length, 0);
  };
  const ratios: number[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    const from = SHORTEST + pass * LENGTHS_PER_PASS;
    const fresh = Array.from({ length: LENGTHS_PER_PASS }, (_, i) => from + i);
    const same = fresh.map(() => from + LENGTHS_PER_PASS / 2);
    // Whichever comes first finds colder caches: take turns.
    const measured =
      pass % 2 === 0 ? [perOutput(fresh), perOutput(same)] : [perOutput(same), perOutput(fresh)].reverse();
    ratios.push(measured[0]! / measured[1]!);
  }
  return ratios.sort((a, b) => a - b)[PASSES / 2]!;
}

const overhead: Overhead = { ...seedLayer(), newLengthRatio: newLengthRatio() };
console.log(JSON.stringify(overhead));
