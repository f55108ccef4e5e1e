import { makeValues } from '../inputs.ts';
import { loadLibrary } from '../library.ts';
import { outLength, type Problem, parseProblems } from '../problems.ts';
import type { ScalingPoint } from '../results.ts';
import { timesOf } from '../timing.ts';

// `scaling.ts AXIS BUDGET`: prints the times along one axis, over three decades, with powers of two and their neighbours.

/** One layer of the family: everything is held but the axis. K keeps the output at 2048 columns. */
function problemAt(axis: string, x: number): Problem {
  const base = { name: `${axis} ${x}`, inChannels: 64, outChannels: 64, kernelSize: 3, length: 512 };
  const varied: Record<string, object> = {
    L: { length: x * 64 + 2 },
    N: { batch: x, inChannels: 16, outChannels: 16, length: 66 },
    C: { inChannels: x },
    K: { kernelSize: x, inChannels: 16, outChannels: 16, length: 2048 + x - 1 },
  };
  return parseProblems([{ ...base, ...varied[axis] }])[0]!;
}

function positions(): number[] {
  const found = new Set([1, 3, 1000]);
  for (let power = 2; power <= 512; power *= 2) for (const near of [-1, 0, 1]) found.add(power + near);
  for (const between of [6, 12, 24, 48, 96, 192, 384, 768]) found.add(between);
  return [...found].sort((a, b) => a - b);
}

const [axis, budget] = [process.argv[2]!, Number(process.argv[3])];
const { Conv1d, setNumThreads, tensor } = await loadLibrary();
setNumThreads(1);
const points: ScalingPoint[] = [];
for (const x of positions()) {
  const p = problemAt(axis, x);
  const values = makeValues(p);
  const conv = new Conv1d(p.inChannels, p.outChannels, p.kernelSize);
  conv.loadStateDict({ weight: tensor(values.weight, conv.weight.shape), bias: tensor(values.bias) });
  conv.eval();
  const input = tensor(values.input, [p.batch, p.inChannels, p.length]);
  const out = conv.forward(input);
  const { minMs } = await timesOf({ sync: () => void conv.forward(input, { out }) }, budget, 'yielding');
  points.push({ x, outputs: p.batch * p.outChannels * outLength(p), ms: minMs });
}
console.log(JSON.stringify(points));
