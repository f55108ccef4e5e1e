import { describe, expect, test } from 'vitest';
import { compile, functional, manualSeed, nn, randn, type Tensor, tensor } from '../lib/index.ts';

/** A module of one forward. */
function moduleOf(forward: (x: Tensor) => Tensor): nn.Module & { forward(x: Tensor): Tensor } {
  return new (class extends nn.Module {
    override forward(x: Tensor): Tensor {
      return forward(x);
    }
  })().eval();
}

/** The result of the module, or a refusal of the network: never another result. */
function expectTheSame(
  forward: (x: Tensor) => Tensor,
  first: readonly number[],
  others: readonly (readonly number[])[],
) {
  const module = moduleOf(forward);
  const network = compile(module, { input: randn(...first) });
  for (const shape of others) {
    manualSeed(1);
    const x = randn(...shape);
    let mine: Tensor;
    try {
      mine = network.forward(x);
    } catch (error) {
      expect((error as { code?: string }).code).toBe('ERR_CONV1D_SHAPE');
      continue;
    }
    expect(mine).toEqual(module.forward(x));
  }
}

const lengths = (...of: number[]) => of.map((length) => [1, 2, length]);

describe('what a forward computes from sizes is followed, or refused', () => {
  test('padding to a multiple', () => {
    const padded = (multiple: number) => (x: Tensor) =>
      functional.pad(x, [0, Math.ceil(x.shape[2]! / multiple) * multiple - x.shape[2]!]);
    expectTheSame(padded(512), [1, 2, 16000], lengths(14977, 16384, 16385, 16896, 17000, 22000));
    expectTheSame(padded(441), [1, 2, 4410], lengths(4411, 4409, 5000, 8820, 8821));
  });

  test('whole frames of a length that is no power of two', () => {
    const framed = (x: Tensor) => {
      const frames = Math.floor(x.shape[2]! / 512);
      return x.narrow(2, 0, frames * 512).reshape(x.shape[0]!, x.shape[1]!, frames, 512);
    };
    expectTheSame(framed, [1, 2, 44100], lengths(44547, 44032, 44031, 45056));
  });

  test('pieces', () => {
    const pieces =
      (count: number) =>
      (x: Tensor): Tensor =>
        x.chunk(count, 2).at(-1)!;
    expectTheSame(pieces(11), [1, 2, 1000], lengths(1991, 1990, 500, 5000));
    expectTheSame(pieces(13), [1, 2, 1000], lengths(1508, 1507, 2000));
  });

  test('one size that has a course of its own', () => {
    expectTheSame((x) => (x.shape[2] === 50 ? x.mul(2) : x.mul(3)), [1, 2, 20], lengths(49, 50, 51));
  });
});

test.each([
  ['a quotient', (x: Tensor) => x.div(x.shape[0]!)],
  ['a narrow', (x: Tensor) => x.narrow(2, x.shape[0]!, 3)],
  ['a padding', (x: Tensor) => functional.pad(x, [x.shape[0]!, 0])],
  ['a slope', (x: Tensor) => functional.leakyRelu(x, x.shape[0]!)],
  ['a sum over copies', (x: Tensor) => x.unsqueeze(1).expand(-1, x.shape[0]!, -1, -1).sum(1)],
  ['a reshape', (x: Tensor) => x.reshape(x.shape[0]!, -1)],
] as const)('%s by the number of batch items is that of the whole batch', (_, forward) => {
  expectTheSame(
    forward,
    [2, 2, 60],
    [2, 3, 8, 40].map((batch) => [batch, 2, 60]),
  );
});

test('compile takes weights as they are, whatever is folded', () => {
  const norm = new nn.BatchNorm1d(2);
  const inner = new nn.Sequential(new nn.Conv1d(2, 2, 3), norm, new nn.Conv1d(2, 2, 3)).eval();
  const module = inner as nn.Sequential;
  const conv = module.at(0) as nn.Conv1d;
  conv.weight.data.fill(0.5); // behind eval()
  const network = compile(module, { input: randn(1, 2, 20) });
  const x = randn(1, 2, 20);
  const [mine, expected] = [network.forward(x).data, (module.forward(x) as Tensor).data];
  for (const [i, value] of expected.entries()) expect(Math.abs(mine[i]! - value)).toBeLessThan(1e-5);
});

test('update refuses a module that returns something else now', () => {
  const module = new (class extends nn.Module {
    readonly scale = new nn.Parameter(new Float32Array([2]), [1]);
    twice = false;
    override forward(x: Tensor): Tensor | [Tensor, Tensor] {
      const y = x.mul(this.scale);
      return this.twice ? [y, y] : y;
    }
  })().eval();
  const network = compile(module, { input: tensor([1, 2, 3]) });
  module.twice = true;
  expect(() => network.update(module.stateDict())).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_TRACE' }));
});

test.each<[name: string, make: () => nn.Module, shape: number[]]>([
  ['a stride of 160', () => new nn.Conv1d(2, 3, 400, { stride: 160 }), [1, 2, 16000]],
  ['a stride of 8', () => new nn.Conv1d(2, 3, 16, { stride: 8 }), [1, 2, 100]],
  ['a stride of 7, near the shortest signal', () => new nn.Conv1d(2, 3, 9, { stride: 7 }), [1, 2, 9]],
  [
    'strides after one another',
    () =>
      new nn.Sequential(new nn.Conv1d(2, 3, 10, { stride: 5 }), new nn.ReLU(), new nn.Conv1d(3, 3, 8, { stride: 4 })),
    [1, 2, 300],
  ],
  ['two thirds', () => moduleOf((x) => functional.resample(x, 3, 2)), [1, 2, 50]],
  ['frames of a spectrum', () => moduleOf((x) => functional.spectrogram(x, 64, { hopLength: 24 })), [2, 500]],
  ['a host operation behind', () => moduleOf((x) => functional.avgPool1d(x, 6).cumsum(2)), [1, 2, 50]],
])('what outputs say of their sizes holds for all: %s', (_, make, shape) => {
  const network = compile(make().eval(), { input: randn(...shape) });
  const said = network.outputs[0]!.shape.map(
    (size) => new Function('L', 'N', 'floor', `return ${String(size).replace(/(\d) ([LN])/, '$1 * $2')}`),
  );
  // Where a floor of one of the strides begins, and beside it.
  for (const longer of [0, 1, 2, 3, 4, 5, 6, 7, 8, 19, 20, 21, 79, 80, 81, 159, 160, 161]) {
    const [batch, length] = [1 + (longer % 3), shape.at(-1)! + longer];
    const found = (network.forward(randn(batch, ...shape.slice(1, -1), length)) as Tensor).shape;
    expect(
      said.map((size) => size(length, batch, Math.floor)),
      `L = ${length}`,
    ).toEqual(found);
  }
});
