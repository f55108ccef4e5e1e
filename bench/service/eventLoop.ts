import { makeValues } from '../inputs.ts';
import { loadLibrary } from '../library.ts';
import { parseProblems } from '../problems.ts';
import { latenessDuring } from './lateness.ts';
import { makeOrtConvolution } from './onnxruntime.ts';

// `eventLoop.ts PEER`: convolutions of about 30 ms one after the other on one thread, and how late a timer of 1 ms fires meanwhile.
// Prints { callMs, p50, p99, max }, in milliseconds.

const SECONDS = 6;
const [problem] = parseProblems([
  { name: 'service', inChannels: 128, outChannels: 128, kernelSize: 9, length: 16_000 },
]);

async function makeCall(peer: string): Promise<() => Promise<unknown>> {
  const values = makeValues(problem!);
  if (peer === 'onnxruntime') {
    const convolve = await makeOrtConvolution(problem!, values, 1);
    return () => convolve(values.input, 1, problem!.length);
  }
  const { Conv1d, setNumThreads, tensor } = await loadLibrary();
  setNumThreads(1);
  const conv = new Conv1d(problem!.inChannels, problem!.outChannels, problem!.kernelSize);
  conv.loadStateDict({ weight: tensor(values.weight, conv.weight.shape), bias: tensor(values.bias) });
  conv.eval();
  const x = tensor(values.input, [1, problem!.inChannels, problem!.length]);
  return () => conv.forwardAsync(x);
}

console.log(JSON.stringify(await latenessDuring(await makeCall(process.argv[2]!), SECONDS)));
