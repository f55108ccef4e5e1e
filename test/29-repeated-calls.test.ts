import { describe, expect, test } from 'vitest';
import {
  Conv1d,
  type FunctionalConv1dOptions,
  functional,
  noGrad,
  rand,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { codeOf, detach } from './helpers/refusals.ts';

// What a layer remembers of a call spares the next one some checks: it must never spare the wrong ones.

describe('an out that fitted once', () => {
  const x = rand(4, 2, 6);
  const make = () => {
    const conv = new Conv1d(2, 3, 5).eval();
    const out = zeros(4, 3, 2);
    conv.forward(x, { out });
    return { conv, out };
  };

  test('gets the next results', () => {
    const { conv, out } = make();
    for (const input of [rand(4, 2, 6), x, rand(4, 2, 6)]) {
      expect(conv.forward(input, { out })).toBe(out);
      expect(out.toArray()).toEqual(conv.forward(input).toArray());
    }
  });

  test('is refused once its memory is gone', () => {
    const { conv, out } = make();
    detach(out.data);
    expect(codeOf(() => conv.forward(x, { out }))).toBe('ERR_CONV1D_DETACHED');
  });

  test('is refused once a shape was assigned to it, and so is an input', () => {
    const { conv, out } = make();
    Object.assign(out, { shape: [3, 8] });
    expect(codeOf(() => conv.forward(x, { out }))).toBe('ERR_CONV1D_TYPE');
    const input = rand(4, 2, 6);
    conv.forward(input);
    Object.assign(input, { shape: [4, 2, 6] });
    expect(codeOf(() => conv.forward(input))).toBe('ERR_CONV1D_TYPE');
  });

  test('is refused for an input of another shape, and taken for the first one again', () => {
    const { conv, out } = make();
    for (const other of [rand(2, 2, 6), rand(4, 2, 7), rand(2, 6)]) {
      expect(codeOf(() => conv.forward(other, { out }))).toBe('ERR_CONV1D_SHAPE');
      expect(conv.forward(x, { out })).toBe(out);
    }
  });

  test('is refused for an input that shares its memory', () => {
    const conv = new Conv1d(1, 1, 1).eval();
    const out = zeros(1, 8);
    conv.forward(rand(1, 8), { out });
    expect(codeOf(() => conv.forward(out, { out }))).toBe('ERR_CONV1D_OVERLAP');
    expect(codeOf(() => conv.forward(tensor(out.data as Float32Array, [1, 8]), { out }))).toBe('ERR_CONV1D_OVERLAP');
  });

  test.each(['weight', 'bias'] as const)('is refused by a layer whose %s it shares memory with', (name) => {
    const [one, other] = [new Conv1d(1, 3, 1), new Conv1d(1, 3, 1)];
    const out = other[name]!.detach().reshape(3, 1);
    const input = rand(1, 1);
    for (const mode of [() => one.eval() && other.eval(), () => one.train() && other.train()]) {
      mode();
      expect(one.forward(input, { out })).toBe(out);
      expect(codeOf(() => other.forward(input, { out }))).toBe('ERR_CONV1D_OVERLAP');
      expect(codeOf(() => other.stream().push(input, { out }))).toBe('ERR_CONV1D_OVERLAP');
    }
  });

  test('by a stream is refused when the outputs are more, when it is gone, and by another layer', () => {
    const conv = new Conv1d(1, 3, 1).eval();
    const stream = conv.stream();
    const out = zeros(3, 4);
    for (let i = 0; i < 3; i++) expect(stream.push(rand(1, 4), { out })).toBe(out);
    expect(codeOf(() => stream.push(rand(1, 5), { out }))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => stream.push(rand(1, 1, 4), { out }))).toBe('ERR_CONV1D_SHAPE');
    expect(stream.push(rand(1, 4), { out })).toBe(out);
    detach(out.data);
    expect(codeOf(() => stream.push(rand(1, 4), { out }))).toBe('ERR_CONV1D_DETACHED');
  });
});

describe('results of one shape', () => {
  const conv = new Conv1d(2, 3, 5).eval();

  test('have memory of their own and a frozen shape', () => {
    const results = Array.from({ length: 4 }, () => conv.forward(rand(4, 2, 6)));
    expect(new Set(results.map(({ data }) => data.buffer)).size).toBe(4);
    for (const { shape } of results) {
      expect(shape).toEqual([4, 3, 2]);
      expect(Object.isFrozen(shape)).toBe(true);
    }
  });

  test('do not mind what is assigned to another', () => {
    const [y, other] = noGrad(() => [conv.forward(rand(4, 2, 6)), conv.forward(rand(4, 2, 6))] as const);
    Object.assign(y, { shape: [24], requiresGrad: true });
    expect(codeOf(() => y.data)).toBe('ERR_CONV1D_TYPE');
    expect([other.shape, other.requiresGrad, other.data.length]).toEqual([[4, 3, 2], false, 24]);
  });

  test('are of the shape that their input asks for, whatever came before', () => {
    const shapes = [
      [4, 2, 6],
      [2, 6],
      [1, 2, 6],
      [4, 2, 7],
      [4, 2, 6],
      [0, 2, 6],
    ];
    for (const shape of [...shapes, ...shapes]) {
      const y = conv.forward(zeros(shape));
      expect(y.shape).toEqual([...shape.slice(0, -2), 3, shape.at(-1)! - 4]);
    }
  });

  test('are refused with the same words, however often', () => {
    for (let i = 0; i < 3; i++) {
      conv.forward(rand(4, 2, 6));
      expect(() => conv.forward(rand(4, 3, 6))).toThrow('to have 2 channels, but got 3 channels instead');
      expect(codeOf(() => conv.forward(rand(4, 2, 6, { dtype: 'float64' })))).toBe('ERR_CONV1D_DTYPE');
    }
  });
});

describe('functional.conv1d', () => {
  const x = rand(2, 4, 20);

  /** The same by a layer. */
  function byLayer(weight: Tensor, bias: Tensor | null, options: FunctionalConv1dOptions): Tensor {
    return Conv1d.fromWeights(weight, bias, options).forward(x);
  }

  test('reads the weight and the bias of each call', () => {
    for (let i = 0; i < 5; i++) {
      const weight = rand(3, 4, 5);
      const bias = i % 2 === 0 ? rand(3) : null;
      expect(functional.conv1d(x, weight, bias).toArray()).toEqual(byLayer(weight, bias, {}).toArray());
    }
  });

  test('keeps calls of other sizes and options apart, however many take turns', () => {
    const options: FunctionalConv1dOptions[] = [
      {},
      { stride: 2 },
      { padding: 2 },
      { padding: [0, 4] },
      { padding: [4, 0] },
      { padding: 'same' },
      { dilation: 2 },
      { dilation: 2, padding: 'causal' },
      { groups: 2 },
      { groups: 4, stride: 3 },
    ];
    for (let round = 0; round < 3; round++) {
      for (const each of options) {
        for (const [outChannels, kernelSize] of [
          [4, 3],
          [8, 3],
          [4, 1],
        ] as const) {
          const weight = rand(outChannels, 4 / (each.groups ?? 1), kernelSize);
          expect(functional.conv1d(x, weight, null, each).toArray()).toEqual(byLayer(weight, null, each).toArray());
        }
      }
    }
  });

  test('takes float64 after float32, and large weights', () => {
    const weight = rand(3, 4, 5);
    const [x64, w64] = [x, weight].map((t) => tensor(t.data, [...t.shape], { dtype: 'float64' })) as [Tensor, Tensor];
    expect(functional.conv1d(x, weight).dtype).toBe('float32');
    expect(functional.conv1d(x64, w64).toArray()).toEqual(Conv1d.fromWeights(w64).forward(x64).toArray());
    const large = rand(1024, 4, 5);
    expect(functional.conv1d(x, large).toArray()).toEqual(byLayer(large, null, {}).toArray());
  });

  test('works after calls that were refused', () => {
    const weight = rand(3, 4, 5);
    const gone = rand(3, 4, 5);
    detach(gone.data);
    expect(codeOf(() => functional.conv1d(x, gone))).toBe('ERR_CONV1D_DETACHED');
    expect(codeOf(() => functional.conv1d(rand(2, 5, 20), weight))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => functional.conv1d(rand(2, 4, 4), weight))).toBe('ERR_CONV1D_SHAPE');
    expect(functional.conv1d(x, weight).toArray()).toEqual(byLayer(weight, null, {}).toArray());
  });
});
