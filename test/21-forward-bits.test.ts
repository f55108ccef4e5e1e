import { describe, expect, it } from 'vitest';
import { cpuInfo } from '../lib/native/runtime.ts';
import type { Conv1d } from '../lib/nn/conv1d.ts';
import type { FloatArray } from '../lib/tensor/dtype.ts';
import { tensor } from '../lib/tensor/factories.ts';
import type { Tensor } from '../lib/tensor/tensor.ts';
import { operandsOf } from './golden/conv1d.ts';
import { Dice } from './helpers/dice.ts';
import { inputOf, isas, layerOf, withIsa, withThreads } from './helpers/layer.ts';
import { bitsAt, bitsOf, fmaChain } from './reference/fmaChain.ts';
import { type Operands, outLengthOf, outShapeOf, type Problem, padsOf } from './reference/problem.ts';

const plain: Problem = {
  dtype: 'float32',
  batch: 1,
  inChannels: 2,
  outChannels: 3,
  groups: 1,
  kernelSize: 3,
  stride: 1,
  padding: 0,
  dilation: 1,
  paddingMode: 'zeros',
  bias: true,
  length: 100,
};

// One line for each way through the engine that dice seldom find.
const chosen: Partial<Problem>[] = [
  { length: 5000, kernelSize: 9, outChannels: 17 },
  { length: 5000, kernelSize: 51, dilation: 8, outChannels: 15, inChannels: 5 },
  { length: 5000, kernelSize: 2, dilation: 4000, outChannels: 9 },
  { length: 5000, kernelSize: 3, dilation: 2000, padding: 'same', outChannels: 9 },
  { length: 5000, kernelSize: 3, dilation: 2000, padding: 'causal', dtype: 'float64' },
  { length: 5000, kernelSize: 80, stride: 4, inChannels: 1, outChannels: 33 },
  { length: 5000, kernelSize: 400, stride: 160, inChannels: 1, outChannels: 102 },
  { length: 5000, kernelSize: 251, inChannels: 1, outChannels: 5 },
  { length: 5000, kernelSize: 3, stride: 977, inChannels: 4, outChannels: 8 },
  { length: 5000, kernelSize: 31, inChannels: 3, outChannels: 3, groups: 3, padding: 'same' },
  { length: 4999, kernelSize: 7, inChannels: 5, outChannels: 10, groups: 5, stride: 3, batch: 2 },
  { length: 2000, kernelSize: 1500, inChannels: 2, outChannels: 2, groups: 2, padding: 700 },
  { length: 9000, kernelSize: 8192, inChannels: 2, outChannels: 3, stride: 13 },
  { length: 9000, kernelSize: 5000, inChannels: 2, outChannels: 2, groups: 2, stride: 100, padding: 3000 },
  { length: 6300, kernelSize: 6000, inChannels: 1, outChannels: 2, padding: 100 },
  {
    length: 5000,
    kernelSize: 800,
    dilation: 1000,
    inChannels: 1,
    outChannels: 1,
    padding: 'same',
    paddingMode: 'replicate',
  },
  { length: 300, kernelSize: 3, inChannels: 300, outChannels: 33 },
  { length: 300, kernelSize: 3, inChannels: 300, outChannels: 33, stride: 2, dtype: 'float64' },
  { length: 700, kernelSize: 3, inChannels: 2000, outChannels: 2, stride: 7 },
  { length: 400, kernelSize: 1, inChannels: 4000, outChannels: 3 },
  { length: 900, kernelSize: 1, inChannels: 3000, outChannels: 1, dtype: 'float64' },
  { length: 2500, kernelSize: 5, inChannels: 300, outChannels: 1, dilation: 100 },
  { length: 49, kernelSize: 128, inChannels: 48, outChannels: 96, groups: 2, padding: 64 },
  { length: 1, kernelSize: 1, inChannels: 300, outChannels: 300, batch: 9 },
  { length: 4, kernelSize: 3, inChannels: 7, outChannels: 13, batch: 200, padding: 1 },
  { length: 2, kernelSize: 3, inChannels: 3, outChannels: 8, batch: 300, padding: 'causal', dtype: 'float64' },
  { length: 5, kernelSize: 2, inChannels: 6, outChannels: 6, groups: 6, batch: 150, dilation: 3 },
  { length: 3, kernelSize: 3, inChannels: 16, outChannels: 5, batch: 100, stride: 2, padding: [2, 1] },
  { length: 64, kernelSize: 3, inChannels: 16, outChannels: 32, batch: 9, padding: 1 },
  { length: 8, kernelSize: 3, inChannels: 4, outChannels: 4, padding: 2000, stride: 3 },
  { length: 1024, kernelSize: 4, inChannels: 64, outChannels: 64, groups: 64, padding: 'causal', batch: 2 },
  { length: 3000, kernelSize: 3, inChannels: 8, outChannels: 24, padding: [5, 9], paddingMode: 'reflect' },
  { length: 3000, kernelSize: 3, inChannels: 8, outChannels: 24, padding: 2999, paddingMode: 'reflect', stride: 2 },
  { length: 1500, kernelSize: 5, inChannels: 3, outChannels: 9, padding: 1500, paddingMode: 'circular', batch: 2 },
  { length: 1500, kernelSize: 5, inChannels: 3, outChannels: 9, padding: 4000, paddingMode: 'replicate', dilation: 7 },
  { length: 10, kernelSize: 700, inChannels: 3, outChannels: 9, padding: 'same', paddingMode: 'replicate' },
];

type Theme = 'any' | 'long' | 'channels' | 'depthwise' | 'folded' | 'wide';
const themes: [theme: Theme, count: number][] = [
  ['any', 100],
  ['long', 50],
  ['channels', 40],
  ['depthwise', 50],
  ['folded', 40],
  ['wide', 40],
];

/** The most multiplications of a random problem: enough to occupy several threads. */
const MOST_PRODUCTS = 4_000_000;

function randomProblem(dice: Dice, theme: Theme): Problem {
  const groups = theme === 'depthwise' ? dice.integer(2, 40) : dice.pick(1, 1, 1, 2, 3, 4);
  const groupIn = { any: dice.integer(1, 9), channels: dice.integer(20, 300), depthwise: 1 };
  const p: Problem = {
    dtype: dice.pick('float32', 'float32', 'float32', 'float64'),
    batch: theme === 'folded' ? dice.integer(3, 60) : dice.pick(null, 1, 1, 2, 3, 9),
    inChannels: groups * (theme === 'channels' || theme === 'depthwise' ? groupIn[theme] : groupIn.any),
    outChannels: groups * dice.pick(1, 1, 2, 3, dice.integer(1, 20)),
    groups,
    kernelSize: theme === 'wide' ? dice.integer(20, 200) : dice.pick(1, 2, 3, 3, 4, 5, dice.integer(6, 20)),
    stride: dice.pick(1, 1, 1, 2, 2, 3, 4, 5, dice.integer(6, 20)),
    padding: dice.pick<Problem['padding']>(0, 'valid', 'causal', dice.integer(1, 9), [
      dice.integer(0, 9),
      dice.integer(0, 9),
    ]),
    dilation: dice.pick(1, 1, 1, 2, 3, dice.integer(4, theme === 'wide' ? 40 : 9)),
    paddingMode: dice.pick('zeros', 'zeros', 'zeros', 'reflect', 'replicate', 'circular'),
    bias: dice.pick(true, true, false),
    length:
      theme === 'folded' ? dice.integer(1, 12) : theme === 'long' ? dice.integer(500, 5000) : dice.integer(1, 300),
  };
  return p.stride === 1 && dice.fraction() < 0.2 ? { ...p, padding: 'same' } : p;
}

function isPossible(p: Problem): boolean {
  const widest = Math.max(...padsOf(p));
  const fits = { reflect: widest < p.length, circular: widest <= p.length, replicate: true, zeros: true }[
    p.paddingMode
  ];
  const outLength = outLengthOf(p);
  const products = (p.batch ?? 1) * p.outChannels * outLength * (p.inChannels / p.groups) * p.kernelSize;
  return fits && outLength >= 1 && products <= MOST_PRODUCTS;
}

/** Replaces a few elements by values that do not behave like numbers; says which. */
function salt(dice: Dice, operands: Operands): string {
  const names = dice.pick<('x' | 'w' | 'b')[]>(['x'], ['w'], ['x', 'w'], ['x', 'w', 'b']);
  const replaced = names.map((name) => {
    const array = operands[name];
    if (!array) return '';
    const index = dice.integer(0, array.length - 1);
    array[index] = dice.pick(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-310, 1e-40);
    return `${name}[${index}] = ${array[index]} `;
  });
  return replaced.join('');
}

/** Makes many outputs sums of nothing but zeros of either sign. */
function silence({ x, b }: Operands): string {
  x.fill(-0);
  b?.fill(-0);
  return 'x and b are -0 ';
}

interface Case {
  readonly p: Problem;
  readonly line: string;
  readonly operands: Operands;
  /** What the best implementation computes with one thread. */
  readonly y: FloatArray;
  /** The outputs that are compared with the chain. */
  readonly samples: readonly number[];
}

/** How many steps of the chain each problem may cost: integers do the arithmetic of float64. */
const MOST_STEPS = { float32: 150_000, float64: 20_000 } as const;

function samplesOf(dice: Dice, p: Problem, outputs: number): number[] {
  const steps = (p.inChannels / p.groups) * p.kernelSize;
  const count = Math.min(50, Math.max(3, Math.floor(MOST_STEPS[p.dtype] / steps)));
  if (outputs <= count) return Array.from({ length: outputs }, (_, i) => i);
  return [0, outputs - 1, ...Array.from({ length: count - 2 }, () => dice.integer(0, outputs - 1))];
}

function makeCases(): Case[] {
  const dice = new Dice(21);
  const problems: Problem[] = chosen.map((changes) => ({ ...plain, ...changes }));
  for (const [theme, count] of themes) {
    for (let made = 0; made < count; ) {
      const p = randomProblem(dice, theme);
      if (!isPossible(p)) continue;
      problems.push(p);
      made++;
    }
  }
  return problems.map((p, seed) => {
    const operands = operandsOf({ ...p, seed, values: 'uniform' });
    let changed = '';
    if (seed >= chosen.length && seed % 6 === 0) changed += salt(dice, operands);
    if (seed >= chosen.length && seed % 29 === 0) changed += silence(operands);
    const y = withIsa(isas[0]!, () => withThreads(1, () => layerOf(p, operands).forward(inputOf(p, operands)).data));
    return {
      p,
      line: `${changed}${JSON.stringify({ seed, ...p })}`,
      operands,
      y,
      samples: samplesOf(dice, p, y.length),
    };
  });
}

const cases = makeCases();

// Each gives the output in another way.
type Variant = (conv: Conv1d, x: Tensor, p: Problem) => FloatArray;
const variants: [name: string, variant: Variant][] = [
  ['with 1 thread', (conv, x) => withThreads(1, () => conv.forward(x).data)],
  ['with 2 threads', (conv, x) => withThreads(2, () => conv.forward(x).data)],
  ['with 7 threads', (conv, x) => withThreads(7, () => conv.forward(x).data)],
  ['in eval mode', (conv, x) => conv.eval().forward(x).data],
  ['in eval mode with 7 threads', (conv, x) => withThreads(7, () => conv.eval().forward(x).data)],
  ['in train mode after eval mode', (conv, x) => conv.eval().train().forward(x).data],
  ['with an out that held NaN', (conv, x, p) => conv.forward(x, { out: dirty(p, 0) }).data],
  [
    'with an out and an input that lie one element into their memory',
    (conv, x, p) => conv.forward(shifted(x), { out: dirty(p, 1) }).data,
  ],
  ['when another implementation is chosen after eval', (conv, x) => afterSwitching(conv.eval(), x)],
  ['item by item', itemByItem],
];

function arrayOf(p: { dtype: Problem['dtype'] }, length: number): FloatArray {
  return p.dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);
}

/** An output full of NaN, `offset` elements into its memory. */
function dirty(p: Problem, offset: number): Tensor {
  const shape = outShapeOf(p);
  const numel = shape.reduce((product, size) => product * size, 1);
  return tensor(
    arrayOf(p, numel + offset)
      .fill(Number.NaN)
      .subarray(offset),
    shape,
  );
}

/** The same elements one element into their memory, where no vector is aligned. */
function shifted(x: Tensor): Tensor {
  const memory = arrayOf(x, x.numel + 1).subarray(1);
  memory.set(x.data);
  return tensor(memory, [...x.shape]);
}

function afterSwitching(conv: Conv1d, x: Tensor): FloatArray {
  const other = isas.find((isa) => isa !== cpuInfo().isa) ?? isas[0]!;
  return withIsa(other, () => conv.forward(x).data);
}

function itemByItem(conv: Conv1d, x: Tensor, p: Problem): FloatArray {
  if (p.batch === null) return conv.forward(x.reshape(1, ...x.shape)).data;
  const items = Array.from({ length: p.batch }, (_, n) => conv.forward(x.at(n)).data);
  const whole = arrayOf(p, items.length * items[0]!.length);
  for (const [n, item] of items.entries()) whole.set(item, n * item.length);
  return whole;
}

function bytesOf(array: FloatArray): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function firstDifference(a: FloatArray, b: FloatArray): string {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (i >= a.length || i >= b.length || bitsAt(a, i) !== bitsAt(b, i)) return `output ${i} is ${a[i]}, not ${b[i]}`;
  }
  return '';
}

function expectNone(complaints: string[]): void {
  expect(complaints.slice(0, 10), `${complaints.length} of ${cases.length} problems`).toEqual([]);
}

describe('the bits of a convolution', () => {
  it('are tried on at least 300 problems', () => {
    expect(cases.length).toBeGreaterThanOrEqual(300);
    expect(new Set(cases.map(({ p }) => JSON.stringify(p))).size).toBe(cases.length);
  });

  it('are those of a chain of fused multiply-adds in the order of channels, then taps', () => {
    expectNone(
      cases.flatMap(({ p, line, operands, y, samples }) => {
        const wrong = samples.find((i) => bitsAt(y, i) !== bitsOf(fmaChain(p, operands, i), p.dtype));
        return wrong === undefined
          ? []
          : [`output ${wrong} is ${y[wrong]}, not ${fmaChain(p, operands, wrong)}: ${line}`];
      }),
    );
  });

  it('are never those of a negative zero or of a NaN with a sign or a payload', () => {
    expectNone(
      cases.flatMap(({ p, line, y }) => {
        const wrong = y.findIndex(
          (value, i) => !(value < 0 || value > 0) && bitsAt(y, i) !== bitsOf(value + 0, p.dtype),
        );
        return wrong < 0 ? [] : [`output ${wrong} is ${bitsAt(y, wrong).toString(16)}: ${line}`];
      }),
    );
  });

  describe.each(isas)('with %s', (isa) => {
    it.each(variants)('are the same %s', (_, variant) => {
      expectNone(
        withIsa(isa, () =>
          cases.flatMap(({ p, line, operands, y }) => {
            const other = variant(layerOf(p, operands), inputOf(p, operands), p);
            return bytesOf(other).equals(bytesOf(y)) ? [] : [`${firstDifference(other, y)}: ${line}`];
          }),
        ),
      );
    });
  });
});
