import { makeValues } from '../inputs.ts';
import { loadLibrary } from '../library.ts';
import { parseProblems } from '../problems.ts';

// `inFlight.ts THREADS`: 64 calls in flight beside 64 synchronous ones, the shortest of interleaved rounds. Prints { syncMs, asyncMs }.

const CALLS = 64;
const ROUNDS = 6;
const [p] = parseProblems([{ name: 'service', inChannels: 128, outChannels: 128, kernelSize: 9, length: 16_000 }]);

const { Conv1d, setNumThreads, tensor } = await loadLibrary();
setNumThreads(Number(process.argv[2]));
const values = makeValues(p!);
const conv = new Conv1d(p!.inChannels, p!.outChannels, p!.kernelSize);
conv.loadStateDict({ weight: tensor(values.weight, conv.weight.shape), bias: tensor(values.bias) });
conv.eval();
const x = tensor(values.input, [1, p!.inChannels, p!.length]);

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));
let [syncMs, asyncMs] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
for (let round = 0; round < ROUNDS; round++) {
  let start = performance.now();
  for (let i = 0; i < CALLS; i++) conv.forward(x);
  syncMs = Math.min(syncMs, performance.now() - start);
  await pause();
  start = performance.now();
  await Promise.all(Array.from({ length: CALLS }, () => conv.forwardAsync(x)));
  asyncMs = Math.min(asyncMs, performance.now() - start);
  await pause();
}
console.log(JSON.stringify({ syncMs, asyncMs }));
