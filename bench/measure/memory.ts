import { makeValues } from '../inputs.ts';
import { loadLibrary } from '../library.ts';
import { parseProblems, sizes } from '../problems.ts';
import { peak, resetPeak } from '../residentMemory.ts';
import type { Algorithm } from '../results.ts';

// `memory.ts PROBLEM THREADS ALGORITHM`: prints by how many bytes the process grew at most during its first forward(x), beyond x and the
// result. Linux only: elsewhere it prints null.

async function extraBytes(problemJson: string, threads: number, algorithm: Algorithm): Promise<number | null> {
  if (process.platform !== 'linux') return null;
  const [p] = parseProblems([JSON.parse(problemJson)]);
  const { Conv1d, rand, setNumThreads, tensor } = await loadLibrary();
  setNumThreads(threads);
  const { stride, dilation, groups } = p!;
  const padding = [p!.padLeft, p!.padRight] as const;
  const options = { stride, padding, dilation, groups, ...(algorithm === 'fast' ? { algorithm } : {}) };
  const conv = new Conv1d(p!.inChannels, p!.outChannels, p!.kernelSize, options);
  // Only what the weights are decides: what else we made for them might be collected meanwhile and hide memory of the call.
  if (p!.weights === 'dft') conv.weight.data.set(makeValues(p!).weight);
  conv.eval();
  // A small call first, so that what V8 needs to run forward() at all is not counted.
  const small = new Conv1d(1, 1, 1).eval();
  small.forward(rand(1, 1, 1));
  const x = tensor(new Float32Array(sizes(p!).input).fill(0.5), [p!.batch, p!.inChannels, p!.length]);

  const before = resetPeak();
  conv.forward(x);
  return peak() - before - 4 * sizes(p!).output;
}

const [problem, threads, algorithm] = process.argv.slice(2);
const bytes = await extraBytes(problem!, Number(threads), algorithm === 'fast' ? 'fast' : 'direct');
console.log(JSON.stringify({ extraBytes: bytes }));
