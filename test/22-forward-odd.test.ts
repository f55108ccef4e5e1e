import { beforeEach, describe, expect, it } from 'vitest';
import { Conv1d } from '../lib/nn/conv1d.ts';
import * as functional from '../lib/nn/functional.ts';
import type { FloatArray } from '../lib/tensor/dtype.ts';
import { ones, rand, tensor, zeros } from '../lib/tensor/factories.ts';
import { manualSeed } from '../lib/tensor/random/random.ts';
import type { Tensor } from '../lib/tensor/tensor.ts';
import { isas, layerOf, withIsa } from './helpers/layer.ts';
import { bitsAt, bitsOf } from './reference/fmaChain.ts';
import type { Problem } from './reference/problem.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const plain: Problem = {
  dtype: 'float32',
  batch: null,
  inChannels: 1,
  outChannels: 1,
  groups: 1,
  kernelSize: 3,
  stride: 1,
  padding: 0,
  dilation: 1,
  paddingMode: 'zeros',
  bias: false,
  length: 0,
};

interface Odd extends Partial<Problem> {
  readonly name: string;
  /** A row per channel. */
  readonly x: readonly (readonly number[])[];
  /** All weights in their order; biases, if there are any, in `b`. */
  readonly w: readonly number[];
  readonly b?: readonly number[];
  readonly y: readonly (readonly number[])[];
}

const FAR = 2 ** 40;

// Worked out by hand: what the layer must make of x.
const odds: Odd[] = [
  { name: 'a kernel longer than its padded signal sees every sample', x: [[5]], w: [1, 2, 3], padding: 1, y: [[10]] },
  { name: 'a kernel of 7 over 2 samples', x: [[1, 10]], w: [1, 2, 3, 4, 5, 6, 7], padding: [5, 1], y: [[76, 65]] },
  { name: 'one sample through a kernel of one', x: [[5]], w: [3], b: [1], y: [[16]] },
  { name: 'one sample, "same"', x: [[5]], w: [1, 2, 3, 4], padding: 'same', y: [[10]] },
  {
    name: '"same" puts the odd element of padding on the right',
    x: [[1, 10]],
    w: [1, 2],
    padding: 'same',
    y: [[21, 10]],
  },
  { name: 'one sample, causal', x: [[5]], w: [1, 2, 3], padding: 'causal', y: [[15]] },
  {
    name: 'causal outputs do not see what follows',
    x: [[1, 10, nan]],
    w: [1, 2, 3],
    padding: 'causal',
    y: [[3, 32, nan]],
  },
  { name: 'a kernel of one is a scale and a bias', x: [[1, 2, 3]], w: [2], b: [7], y: [[9, 11, 13]] },
  {
    name: 'a kernel of one mixes channels',
    x: [
      [1, 2],
      [3, 4],
    ],
    w: [1, 10, 2, 20],
    outChannels: 2,
    y: [
      [31, 42],
      [62, 84],
    ],
  },
  { name: 'stride jumps over samples, NaN included', x: [[1, nan, 2, nan, 3]], w: [10], stride: 2, y: [[10, 20, 30]] },
  { name: 'a stride beyond the signal leaves one output', x: [[1, 2, 3, 4]], w: [1, 1], stride: 1e9, y: [[3]] },
  { name: 'dilation jumps over samples, NaN included', x: [[1, nan, 2]], w: [1, 10], dilation: 2, y: [[21]] },
  {
    name: 'depthwise with a multiplier of 3 keeps channels apart',
    x: [[1], [10]],
    w: [1, 2, 3, 4, 5, 6],
    outChannels: 6,
    groups: 2,
    y: [[1], [2], [3], [40], [50], [60]],
  },
  {
    name: 'a NaN stays in its group',
    x: [
      [nan, 1],
      [1, 2],
    ],
    w: [1, 1],
    outChannels: 2,
    groups: 2,
    y: [
      [nan, 1],
      [1, 2],
    ],
  },
  { name: 'a padded zero times an infinite weight is NaN', x: [[1, 2]], w: [inf, 1, 1], padding: 1, y: [[nan, inf]] },
  { name: 'a padded zero times a NaN weight is NaN', x: [[1]], w: [nan, 1, 1], padding: 1, y: [[nan]] },
  {
    name: 'outputs that see nothing but padding are the bias',
    x: [[1]],
    w: [3],
    b: [7],
    padding: 2,
    y: [[7, 7, 10, 7, 7]],
  },
  {
    name: 'outputs that see nothing but padding are NaN for an infinite weight',
    x: [[1]],
    w: [-inf],
    padding: 1,
    y: [[nan, -inf, nan]],
  },
  {
    name: 'an infinite weight on replicated padding meets no zero',
    x: [[1]],
    w: [inf, 1],
    padding: 1,
    paddingMode: 'replicate',
    y: [[inf, inf]],
  },
  {
    name: 'padding reflects without the edge',
    x: [[1, 2, 3]],
    w: [1],
    padding: 2,
    paddingMode: 'reflect',
    y: [[3, 2, 1, 2, 3, 2, 1]],
  },
  {
    name: 'padding replicates the edge',
    x: [[1, 2]],
    w: [1],
    padding: 3,
    paddingMode: 'replicate',
    y: [[1, 1, 1, 1, 2, 2, 2, 2]],
  },
  {
    name: 'padding goes round, unbatched too',
    x: [[1, 2, 3]],
    w: [1],
    padding: [2, 3],
    paddingMode: 'circular',
    y: [[2, 3, 1, 2, 3, 1, 2, 3]],
  },
  {
    name: 'causal padding replicates the edge',
    x: [[1, 2]],
    w: [1, 10],
    padding: 'causal',
    paddingMode: 'replicate',
    y: [[11, 21]],
  },
  {
    name: 'with a dilation of 2^31 and "same" only the centre tap counts',
    x: [[1, 2, 3]],
    w: [9, 10, 9],
    padding: 'same',
    dilation: 2 ** 31,
    y: [[10, 20, 30]],
  },
  {
    name: 'with a dilation of 2^31 and an even kernel, "same" is all padding',
    x: [[1, 2, 3]],
    w: [9, 9],
    b: [4],
    padding: 'same',
    dilation: 2 ** 31,
    y: [[4, 4, 4]],
  },
  {
    name: 'with a dilation of 2^50 the outer taps still replicate the edges',
    x: [[1, 2, 3]],
    w: [10, 1, 100],
    padding: 'same',
    dilation: 2 ** 50,
    paddingMode: 'replicate',
    y: [[311, 312, 313]],
  },
  {
    name: 'causal with a dilation of 2^31 is the last tap',
    x: [[1, 2, 3]],
    w: [9, 9, 10],
    padding: 'causal',
    dilation: 2 ** 31,
    y: [[10, 20, 30]],
  },
  {
    name: 'a padding of 2^40 under a stride of 2^40',
    x: [[1, 2, 3]],
    w: [10, 100],
    b: [5],
    padding: FAR,
    stride: FAR,
    y: [[5, 215, 5]],
  },
  {
    name: 'a padding of 2^40 on the left alone',
    x: [[1, 2, 3]],
    w: [10, 100],
    b: [5],
    padding: [FAR, 0],
    stride: FAR + 1,
    y: [[5, 325]],
  },
  {
    name: 'a padding of 2^40 replicates',
    x: [[1, 2, 3]],
    w: [10, 100],
    padding: FAR,
    stride: FAR,
    paddingMode: 'replicate',
    y: [[110, 210, 330]],
  },
  {
    name: 'a padding of 2^40 of many channels',
    x: [[1], [2], [3]],
    w: [1, 10, 100],
    padding: FAR,
    stride: FAR,
    y: [[0, 321, 0]],
  },
  { name: 'a sum of negative zeros is a positive zero', x: [[-0, -0]], w: [1], b: [-0], y: [[0, 0]] },
  { name: 'values that cancel leave a positive zero', x: [[1]], w: [-1], b: [1], y: [[0]] },
];

beforeEach(() => manualSeed(22));

describe.each(isas)('with %s', (isa) => {
  describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
    const array = (values: readonly number[]) =>
      dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values);

    it.each(odds.map((odd) => [odd.name, odd] as const))('%s', (_, { name, x, w, b, y, ...changes }) => {
      const inChannels = x.length;
      const outChannels = changes.outChannels ?? 1;
      const kernelSize = w.length / outChannels / (inChannels / (changes.groups ?? 1));
      const p = { ...plain, ...changes, dtype, inChannels, outChannels, kernelSize, bias: b !== undefined };
      const operands = { x: array(x.flat()), w: array(w), b: b ? array(b) : null };
      const single = tensor(operands.x, [inChannels, x[0]!.length]);
      withIsa(isa, () => {
        const conv = layerOf(p, operands);
        expect(conv.forward(single).toArray(), name).toEqual(y);
        expect(conv.forward(single.reshape(1, ...single.shape)).toArray(), `${name}, batched`).toEqual([y]);
        expect(conv.eval().forward(single).toArray(), `${name}, in eval mode`).toEqual(y);
      });
    });
  });

  it('a batch of none gives a batch of none, of the right shape', () => {
    withIsa(isa, () => {
      const conv = new Conv1d(2, 3, 5, { padding: 'same' });
      expect(conv.forward(zeros(0, 2, 6)).shape).toEqual([0, 3, 6]);
      expect(conv.eval().forward(zeros(0, 2, 1)).shape).toEqual([0, 3, 1]);
      const circular = new Conv1d(2, 4, 3, { padding: 1, paddingMode: 'circular', groups: 2, dtype: 'float64' });
      expect(circular.forward(zeros(0, 2, 6, { dtype: 'float64' })).shape).toEqual([0, 4, 6]);
    });
  });

  it('an unbatched signal gives what a batch of one gives', () => {
    withIsa(isa, () => {
      const conv = new Conv1d(3, 5, 4, { padding: [3, 1], stride: 2 });
      const x = rand(3, 37);
      expect(conv.forward(x).shape).toEqual([5, 19]);
      expect(conv.forward(x).toArray()).toEqual(
        conv
          .forward(x.reshape(1, 3, 37))
          .at(0)
          .toArray(),
      );
    });
  });

  it.each([
    ['a range of samples', (x: Tensor) => x.at([0, 4], [0, 3], [5, 25])],
    ['a range of channels', (x: Tensor) => x.at([0, 4], [2, 5])],
    ['a range of items', (x: Tensor) => x.at([1, 3], [0, 3])],
    ['one item', (x: Tensor) => x.at(2, [1, 4])],
    ['a range of each', (x: Tensor) => x.at([1, 4], [1, 4], [3, 30])],
    ['no items', (x: Tensor) => x.at([2, 2], [1, 4])],
    ['one item as a batch', (x: Tensor) => x.at([3, 4], [1, 4], [7, 40])],
  ])('a view of %s is read as its copy is', (_, view) => {
    withIsa(isa, () => {
      const x = view(rand(4, 5, 40));
      const conv = new Conv1d(3, 4, 3, { padding: 1 });
      const copy = conv.forward(tensor(x.data.slice(), [...x.shape]));
      expect(conv.forward(x).toArray()).toEqual(copy.toArray());
      const last = x.shape.at(-1)!;
      expect(copy.shape).toEqual([...x.shape.slice(0, -2), 4, last]);
    });
  });

  it('out is returned and holds the result', () => {
    withIsa(isa, () => {
      const conv = new Conv1d(2, 3, 5);
      const x = rand(4, 2, 6);
      const out = tensor(new Float32Array(24).fill(nan), [4, 3, 2]);
      const y = conv.forward(x, { out });
      expect(y).toBe(out);
      expect(out.toArray()).toEqual(conv.forward(x).toArray());
    });
  });

  it('out may be a contiguous view, and nothing beside it is written', () => {
    withIsa(isa, () => {
      const conv = new Conv1d(2, 3, 5);
      const x = rand(2, 6);
      const whole = tensor(new Float32Array(18).fill(99), [3, 3, 2]);
      conv.forward(x, { out: whole.at(1) });
      expect(whole.at(1).toArray()).toEqual(conv.forward(x).toArray());
      expect([...whole.at(0).data, ...whole.at(2).data]).toEqual(new Array(12).fill(99));
    });
  });

  it('no output beside the last is written, whatever its place in a vector', () => {
    withIsa(isa, () => {
      for (let length = 1; length <= 70; length++) {
        const memory = new Float32Array(3 * length + 40).fill(99);
        const out = tensor(memory.subarray(20, 20 + 3 * length), [3, length]);
        new Conv1d(2, 3, 3, { padding: 1 }).forward(ones(2, length), { out });
        const beside = [...memory.subarray(0, 20), ...memory.subarray(20 + 3 * length)];
        expect(beside, `length ${length}`).toEqual(new Array(40).fill(99));
        expect(out.data.includes(99), `length ${length}`).toBe(false);
      }
    });
  });

  it.each([
    ['float32', '0xffc00000'],
    ['float32', '0x7fc12345'],
    ['float32', '0x7f800001'],
    ['float32', '0xffffffff'],
    ['float64', '0xfff8000000000000'],
    ['float64', '0x7ff8000012345678'],
    ['float64', '0x7ff0000000000001'],
    ['float64', '0xffffffffffffffff'],
  ] as const)('a %s NaN with the bits %s comes out as the plain quiet NaN', (dtype, bits) => {
    withIsa(isa, () => {
      const conv = new Conv1d(1, 9, 3, { padding: 1, dtype });
      const x = ones(1, 40, { dtype });
      setBits(x.data, 20, BigInt(bits));
      const { data } = conv.forward(x);
      for (let i = 0; i < data.length; i++) {
        if (Number.isNaN(data[i])) expect(bitsAt(data, i)).toBe(bitsOf(Number.NaN, dtype));
      }
      expect(data.filter(Number.isNaN).length).toBe(9 * 3);
    });
  });

  it('causal equals a signal padded on the left', () => {
    withIsa(isa, () => {
      const x = rand(2, 3, 50);
      const causal = new Conv1d(3, 4, 5, { padding: 'causal', dilation: 3 });
      const bare = new Conv1d(3, 4, 5, { dilation: 3 });
      bare.loadStateDict(causal.stateDict());
      expect(causal.forward(x).toArray()).toEqual(bare.forward(padded(x, 12, 0)).toArray());
    });
  });

  it.each([
    [0, 0],
    [0, 7],
    [7, 0],
    [3, 4],
    [1, 30],
  ])('padding [%i, %i] equals a signal with as many zeros around it', (left, right) => {
    withIsa(isa, () => {
      const x = rand(2, 3, 20);
      const weight = rand(4, 3, 4);
      const y = functional.conv1d(x, weight, null, { padding: [left, right], stride: 3 });
      expect(y.toArray()).toEqual(functional.conv1d(padded(x, left, right), weight, null, { stride: 3 }).toArray());
    });
  });

  it('in train mode the weights are read at every call, in eval mode they are a snapshot', () => {
    withIsa(isa, () => {
      const conv = new Conv1d(1, 1, 1, { bias: false });
      const x = tensor([[1, 2]]);
      conv.weight.data[0] = 3;
      expect(conv.forward(x).toArray()).toEqual([[3, 6]]);
      conv.weight.data[0] = 4;
      expect(conv.forward(x).toArray()).toEqual([[4, 8]]);
      conv.eval();
      conv.weight.data[0] = 5;
      expect(conv.forward(x).toArray()).toEqual([[4, 8]]);
      conv.train();
      expect(conv.forward(x).toArray()).toEqual([[5, 10]]);
    });
  });
});

/** Writes an element's bits where it lies: JavaScript may change those of a NaN that it assigns. */
function setBits(array: FloatArray, index: number, bits: bigint): void {
  const view = new DataView(array.buffer, array.byteOffset);
  if (array instanceof Float32Array) view.setUint32(index * 4, Number(bits), true);
  else view.setBigUint64(index * 8, bits, true);
}

/** The signal with zeros around it, as torch's F.pad makes it. */
function padded(x: Tensor, left: number, right: number): Tensor {
  const [batch, channels, length] = x.shape as [number, number, number];
  const wide = zeros(batch, channels, left + length + right);
  for (let row = 0; row < batch * channels; row++) {
    wide.data.set(x.data.subarray(row * length, (row + 1) * length), row * (left + length + right) + left);
  }
  return wide;
}
