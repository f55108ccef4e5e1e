import type { Tensor } from '../../lib/index.ts';
import { hash, makeValues, noise } from '../inputs.ts';
import { loadLibrary } from '../library.ts';
import { parseProblems } from '../problems.ts';
import { makeOrtConvolution, type OrtConvolution } from './onnxruntime.ts';

// `ragged.ts THREADS`: 10,000 signals of 50 to 200 samples through 16->32 K 3: a loop of forward, forwardMany, and onnxruntime-node
// with batches padded to their longest signal; also a loop of forward into memory that is there, and forwardMany between signals and
// results in shared memory. The shortest of interleaved rounds; prints { loopMs, loopOutMs, manyMs, sharedMs, ortMs }.

const SIGNALS = 10_000;
const ROUNDS = 6;
/** Signals of a padded batch; tried: 16, 64, 256, 1024. */
const BATCH = 64;
const threads = Number(process.argv[2]);
const [p] = parseProblems([{ name: 'ragged', inChannels: 16, outChannels: 32, kernelSize: 3, length: 200 }]);
const values = makeValues(p!);

const { Conv1d, setNumThreads, tensor } = await loadLibrary();
setNumThreads(threads);
const conv = new Conv1d(p!.inChannels, p!.outChannels, p!.kernelSize);
conv.loadStateDict({ weight: tensor(values.weight, conv.weight.shape), bias: tensor(values.bias) });
conv.eval();
const lengths = Array.from({ length: SIGNALS }, (_, i) => 50 + (hash(i, 9) % 151));
const signals = lengths.map((length, i) => tensor(noise(p!.inChannels * length, i), [p!.inChannels, length]));

/** Puts tensors of `channels` channels one after the other into a SharedArrayBuffer. */
function inSharedMemory(channels: number, lengths: readonly number[]): Tensor[] {
  const elements = lengths.reduce((sum, length) => sum + channels * length, 0);
  const memory = new SharedArrayBuffer(Float32Array.BYTES_PER_ELEMENT * elements);
  let offset = 0;
  return lengths.map((length) => {
    const array = new Float32Array(memory, offset, channels * length);
    offset += array.byteLength;
    return tensor(array, [channels, length]);
  });
}

/** Each signal's own result, as the others give it: batches padded with zeros, what belongs to the padding cut off. */
async function byOrt(convolve: OrtConvolution): Promise<Float32Array[]> {
  const results: Float32Array[] = [];
  for (let from = 0; from < SIGNALS; from += BATCH) {
    const part = signals.slice(from, from + BATCH);
    const longest = Math.max(...part.map(({ shape }) => shape[1]!));
    const input = new Float32Array(part.length * p!.inChannels * longest);
    part.forEach((signal, n) => {
      const length = signal.shape[1]!;
      for (let c = 0; c < p!.inChannels; c++) {
        const row = (signal.data as Float32Array).subarray(c * length, (c + 1) * length);
        input.set(row, (n * p!.inChannels + c) * longest);
      }
    });
    const { data, dims } = await convolve(input, part.length, longest);
    const columns = dims[2]!;
    part.forEach((signal, n) => {
      const outLength = signal.shape[1]! - p!.kernelSize + 1;
      const own = new Float32Array(p!.outChannels * outLength);
      for (let o = 0; o < p!.outChannels; o++) {
        const begin = (n * p!.outChannels + o) * columns;
        own.set(data.subarray(begin, begin + outLength), o * outLength);
      }
      results.push(own);
    });
  }
  return results;
}

const shared = inSharedMemory(p!.inChannels, lengths);
for (const [i, signal] of shared.entries()) signal.data.set(signals[i]!.data as Float32Array);
const out = inSharedMemory(
  p!.outChannels,
  lengths.map((length) => length - p!.kernelSize + 1),
);
const convolve = await makeOrtConvolution(p!, values, threads).catch(() => undefined);
const contestants: Record<string, () => Promise<unknown>> = {
  loopMs: async () => signals.map((x) => conv.forward(x)),
  loopOutMs: async () => signals.map((x, i) => conv.forward(x, { out: out[i]! })),
  manyMs: () => conv.forwardMany(signals),
  sharedMs: () => conv.forwardMany(shared, { out, borrow: true }),
  ...(convolve === undefined ? {} : { ortMs: () => byOrt(convolve) }),
};
const best: Record<string, number> = {};
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, run] of Object.entries(contestants)) {
    const start = performance.now();
    await run();
    best[name] = Math.min(best[name] ?? Number.POSITIVE_INFINITY, performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
if (convolve !== undefined) {
  const [ours, theirs] = [await conv.forwardMany(signals), await byOrt(convolve)];
  const worst = Math.max(
    ...ours.map((y, i) => Math.max(...y.data.map((value, j) => Math.abs(value - theirs[i]![j]!)))),
  );
  if (!(worst < 1e-4)) throw new Error(`the results differ by ${worst}`);
}
console.log(JSON.stringify(best));
