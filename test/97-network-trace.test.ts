import { describe, expect, test } from 'vitest';
import {
  cat,
  compile,
  type Dtype,
  functional,
  type Network,
  nn,
  noGrad,
  ones,
  Parameter,
  rand,
  randn,
  type StateDict,
  stack,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { tensorsIn } from './helpers/hostile.ts';
import { type Forward, Of } from './helpers/networks/of.ts';
import { codeOf } from './helpers/refusals.ts';

type Loose = Network<readonly unknown[], unknown>;

function compiled(forward: Forward, inputs: readonly Tensor[], fields = {}): { module: Of; network: Loose } {
  const module = new Of(forward, fields).eval();
  return { module, network: compile(module, { inputs }) as unknown as Loose };
}

/** Both compute the same, bit for bit. */
function expectSame(module: nn.Module, network: Loose, ...inputs: unknown[]): void {
  const [mine, modules] = [tensorsIn(network.forward(...inputs)), tensorsIn(module.forward(...inputs))];
  expect(mine.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
    modules.map(({ dtype, shape }) => ({ dtype, shape })),
  );
  for (const [i, { data }] of modules.entries()) expect(bytesOf(mine[i]!.data).equals(bytesOf(data))).toBe(true);
}

/** Comparing the elements of long signals one by one takes vitest seconds. */
function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

function messageOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

describe('lengths that the forward reads are followed', () => {
  const FORWARDS: readonly [text: string, forward: (x: Tensor) => Tensor][] = [
    ['x.shape[2] - 5', (x) => x.narrow(2, 0, x.shape[2]! - 5)],
    ['from 3 to x.shape[2] - 4', (x) => x.at([0, 9], [0, 9], [3, x.shape[2]! - 4])],
    ['a negative start', (x) => x.narrow(2, -4, 3)],
    ['a third', (x) => x.narrow(2, 0, Math.floor(x.shape[2]! / 3))],
    ['a sixteenth, which is the same for neighbours of the length', (x) => x.narrow(2, 0, Math.floor(x.shape[2]! / 16))],
    ['a quotient of a difference', (x) => x.narrow(2, 1, Math.floor((x.shape[2]! - 5) / 16))],
    ['a quotient that is rounded up', (x) => x.narrow(2, 0, Math.ceil(x.shape[2]! / 10))],
    ['one of a large divisor', (x) => x.narrow(2, 0, Math.floor(x.shape[2]! / 100))],
    ['what a multiple of 16 lacks', (x) => functional.pad(x, [0, (16 - (x.shape[2]! % 16)) % 16])],
    ['half of what a multiple of 3 lacks', (x) => functional.pad(x, [Math.floor(((3 - (x.shape[2]! % 3)) % 3) / 2), 0])],
    ['what a multiple of 5 lacks, at least 2', (x) => functional.pad(x, [0, Math.max((5 - (x.shape[2]! % 5)) % 5, 2)])],
    ['what is above a multiple of 7', (x) => x.narrow(2, 0, x.shape[2]! - (x.shape[2]! % 7))],
    ['the remainder', (x) => x.narrow(2, 0, x.shape[2]! % 8)],
    ['a product of channels and length', (x) => x.reshape(x.shape[0]!, x.shape[1]! * x.shape[2]!)],
    ['a product of all', (x) => x.reshape(x.shape[0]! * x.shape[1]! * x.shape[2]!)],
    ['a product and -1', (x) => x.reshape(x.shape[0]! * x.shape[1]!, -1)],
    ['the batch', (x) => x.narrow(0, x.shape[0]! - 1, 1)],
    ['halves by chunk', (x) => cat(x.chunk(2, 2).reverse(), 2)],
    ['all but the last step', (x) => x.at([0, 9], [0, 9], [0, -1])],
    ['a length of what was made', (x) => {
      const y = functional.maxPool1d(x, 3, { stride: 2 });
      return y.narrow(2, 1, y.shape[2]! - 1);
    }],
    ['a length of the input, of what was made', (x) => functional.maxPool1d(x, 2).narrow(2, 0, x.shape[2]! - 90)],
  ]; // biome-ignore format: one per line
  test.each(FORWARDS)('%s', (_, forward) => {
    const { module, network } = compiled(forward, [rand(2, 3, 100)]);
    const lengths = [100, 101, 112, 113, 127, 128, 160, 161, 200, 255, 256, 257, 999, 1000, 1600, 50_000];
    for (const length of lengths) {
      const x = randn(1 + (length % 3), 3, length);
      // Of the pooled one the cut is too long for long signals; what the module refuses is refused.
      const expected = codeOf(() => module.forward(x));
      if (expected === 'nothing') expectSame(module, network, x);
      else expect(codeOf(() => network.forward(x))).toBe(expected);
    }
  });

  test('of a signal without a batch', () => {
    const { module, network } = compiled((x: Tensor) => x.narrow(1, 0, Math.floor(x.shape[1]! / 16)), [rand(3, 100)], {
      conv: new nn.Conv1d(3, 3, 3),
    });
    for (const length of [16, 100, 112, 1000]) expectSame(module, network, rand(3, length));
  });

  test('of a length that comes in frames', () => {
    const { module, network } = compiled(
      (x: Tensor) =>
        x
          .reshape(x.shape[0]!, -1, 160)
          .mean(2)
          .narrow(1, 0, Math.floor(x.shape[1]! / 320)),
      [rand(1, 1600)],
    );
    for (const length of [320, 1600, 3200, 16_000]) expectSame(module, network, rand(2, length));
    expect(codeOf(() => network.forward(rand(1, 1601)))).toBe('ERR_CONV1D_SHAPE');
  });

  test('what is cut off a signal that is too short is refused, and nothing else is read', () => {
    for (const forward of [
      (x: Tensor) =>
        x
          .relu()
          .narrow(2, 5, x.shape[2]! - 5)
          .mul(2),
      (x: Tensor) => x.relu().narrow(2, 0, 10).mul(2),
      (x: Tensor) => x.relu().narrow(2, -10, 5).mul(2),
    ]) {
      const { module, network } = compiled(forward, [rand(1, 2, 20)]);
      expectSame(module, network, rand(2, 2, 12));
      expect(codeOf(() => network.forward(rand(2, 2, 3)))).toBe('ERR_CONV1D_SHAPE');
    }
  });
});

describe('tensors that the forward makes of sizes are made again for each call', () => {
  const conv = new nn.Conv1d(3, 3, 3, { padding: 1 });
  const lstm = new nn.LSTM(3, 4);
  const FORWARDS: readonly [text: string, forward: Forward][] = [
    ['zeros of the length', (y: Tensor) => y.add(zeros(y.shape[2]!))],
    ['a state of the batch', (y: Tensor) => conv.forward(cat([zeros(y.shape[0]!, 3, 1), y], 2))],
    ['states of an LSTM', (y: Tensor) => lstm.forward(y.permute(2, 0, 1), [zeros(1, y.shape[0]!, 4), ones(1, y.shape[0]!, 4)])],
    ['what is computed of them', (y: Tensor) => { const z = ones(y.shape[0]!, 3, 2).mul(0.5).sub(1); return cat([z, y, z.clone().tanh()], 2); }],
    ['a third of the length', (y: Tensor) => y.narrow(2, 0, Math.floor(y.shape[2]! / 3)).mul(ones(Math.floor(y.shape[2]! / 3)).add(1))],
    ['outputs', (y: Tensor) => [zeros(y.shape[0]!, 2), ones(y.shape[2]!, y.shape[0]!), y.relu()]],
    ['a sum over repeated items', (y: Tensor) => y.mul(ones(1, 1).expand(y.shape[0]!, 3).sum([0]).reshape(1, 3, 1) as Tensor)],
    ['several of one, and one of several', (y: Tensor) => { const [a, b] = ones(2, y.shape[2]!).split(1, 0); return y.add(a!.mul(2)).sub(b!); }],
  ]; // biome-ignore format: one per line
  test.each(FORWARDS)('%s', (_, forward) => {
    for (const first of [[1, 3, 20], [2, 3, 21]]) {
      const { module, network } = compiled(forward, [rand(first)], { conv, lstm });
      for (const shape of [[1, 3, 9], [5, 3, 40], [64, 3, 20]]) expectSame(module, network, randn(shape));
    } // biome-ignore format: shapes
  });

  test('and read as numbers where they are the same for all sizes', () => {
    const { module, network } = compiled((y: Tensor) => y.mul(ones(3).cumsum(0).sum().item()), [rand(1, 3, 20)]);
    expectSame(module, network, randn(2, 3, 9));
    const forward = (y: Tensor) => y.mul(ones(y.shape[2]!).mul(0.1).sum().item());
    expect(codeOf(() => compiled(forward, [rand(1, 3, 20)]))).toBe('ERR_CONV1D_TRACE');
  });

  test('and computed by the program alone where all of it has steps', () => {
    const { network } = compiled((y: Tensor) => conv.forward(y).add(ones(y.shape[2]!)), [rand(1, 3, 20)], { conv });
    expect(network.summary().steps.every(({ runs }) => runs === 'native')).toBe(true);
  });
});

describe('smaller sizes than that of compile that are another case are refused at the call', () => {
  const FORWARDS: readonly [text: string, forward: (x: Tensor) => unknown, fits: number[][], others: number[][]][] = [
    ['another course for short signals', (y) => (y.shape[2]! < 60 ? y.relu() : y.tanh()), [[2, 3, 60], [1, 3, 999]], [[2, 3, 59], [1, 3, 1]]],
    ['a limit', (y) => y.narrow(2, 0, Math.min(y.shape[2]!, 80)), [[2, 3, 80], [1, 3, 999]], [[2, 3, 79]]],
    ['a squeeze that drops a batch of one', (y) => y.squeeze(), [[2, 3, 9], [5, 3, 2]], [[1, 3, 9]]],
    ['halves, of which one step has one', (y) => y.chunk(2, 2), [[2, 3, 2], [5, 3, 9]], [[2, 3, 1]]],
    ['thirds, of which four steps have two', (y) => y.chunk(3, 2), [[2, 3, 5], [5, 3, 9]], [[2, 3, 4]]],
    ['pieces that must be of one length', (y) => stack(y.chunk(3, 2)), [[2, 3, 99], [2, 3, 999]], [[2, 3, 100], [2, 3, 98]]],
    ['what a layer refuses', (y) => functional.pad(y, [10, 0], { mode: 'reflect' }).narrow(2, 0, 5), [[2, 3, 11]], [[2, 3, 10]]],
    ['a norm of as many features as there are pieces of a length', (y) => {
      const z = functional.pad(y, [0, (16 - (y.shape[2]! % 16)) % 16]).at([0, 9], 0);
      return functional.layerNorm(z, [112]);
    }, [[2, 3, 97], [2, 3, 112]], [[2, 3, 96], [2, 3, 113]]],
  ]; // biome-ignore format: one per line
  test.each(FORWARDS)('%s', (_, forward, fits, others) => {
    const { module, network } = compiled(forward, [rand(2, 3, 99)]);
    for (const shape of fits) expectSame(module, network, randn(shape));
    // Not only the first time.
    for (const shape of [...others, ...others]) {
      for (let call = 0; call < 2; call++) expect(codeOf(() => network.forward(rand(shape)))).toBe('ERR_CONV1D_SHAPE');
    }
  });
});

describe('what cannot be followed is refused at compile, with the line', () => {
  const x = () => [rand(2, 3, 100)];
  const FORWARDS: readonly [text: string, forward: Forward][] = [
    ['item()', (y: Tensor) => y.mul(y.mean().item())],
    ['data', (y: Tensor) => y.mul(y.data[0]!)],
    ['toArray()', (y: Tensor) => y.mul((y.toArray() as number[][][])[0]![0]![0]!)],
    ['another course for longer signals', (y: Tensor) => (y.shape[2]! > 150 ? y.relu() : y.tanh())],
    ['another course for much longer signals', (y: Tensor) => (y.shape[2]! > 1000 ? y.relu() : y.tanh())],
    ['a limit above', (y: Tensor) => y.narrow(2, 0, Math.min(y.shape[2]!, 300))],
    ['as many rounds as there are steps', (y: Tensor) => {
      let z = y;
      for (let i = 0; i < y.shape[2]!; i++) z = z.add(1);
      return z;
    }],
    ['noise of the length', (y: Tensor) => y.add(randn(y.shape[2]!))],
    ['values of the length', (y: Tensor) => y.add(tensor(new Float32Array(y.shape[2]!)))],
    ['zeros of a size that no line explains', (y: Tensor) => y.mean(2).add(zeros(Math.ceil(Math.sqrt(y.shape[2]!)), 1, 3))],
    ['a scalar of the length', (y: Tensor) => y.mul(1 / y.shape[2]!)],
    ['a mask that is read', (y: Tensor) => (y.gt(0).any().item() ? y : y.relu())],
    ['an index that is read', (y: Tensor) => y.narrow(2, Number(y.argmax().item()), 1)],
  ]; // biome-ignore format: one per line
  test.each(FORWARDS)('%s', (_, forward) => {
    const module = new Of(forward).eval();
    expect(codeOf(() => compile(module, { inputs: x() }))).toBe('ERR_CONV1D_TRACE');
  });

  const WITH_LINES: readonly [text: string, forward: Forward][] = [
    ['a scalar of the length', (y: Tensor) => y.mul(1 / y.shape[2]!)],
    ['an index that is read', (y: Tensor) => y.narrow(2, Number(y.argmax().item()), 1)],
    ['another course', (y: Tensor) => (y.shape[2]! > 150 ? y.relu() : y.tanh())],
    ['more operations for longer signals', (y: Tensor) => (y.shape[2]! > 150 ? y.tanh().relu() : y.tanh())],
    ['noise of the length', (y: Tensor) => y.add(randn(y.shape[2]!))],
    ['zeros of a size that no line explains', (y: Tensor) => y.mean(2).add(zeros(Math.ceil(Math.sqrt(y.shape[2]!)), 1, 3))],
  ]; // biome-ignore format: one per line
  test.each(WITH_LINES)('%s names this file', (_, forward) => {
    const module = new Of(forward).eval();
    expect(messageOf(() => compile(module, { inputs: x() }))).toMatch(/97-network-trace\.test\.ts:\d+:\d+\)/);
  });

  test('values that are read are told from other errors', () => {
    expect(messageOf(() => compile(new Of((y: Tensor) => y.mean().item()).eval(), { inputs: x() }))).toContain(
      'while compile() follows the forward',
    );
  });

  test('a forward that is async, returns no tensor, or something that is none', () => {
    for (const [forward, code] of [
      [async (y: Tensor) => y, 'ERR_CONV1D_TRACE'],
      [() => [], 'ERR_CONV1D_TRACE'],
      [() => undefined, 'ERR_CONV1D_TYPE'],
      [() => 5, 'ERR_CONV1D_TYPE'],
      [(y: Tensor) => [y, null], 'ERR_CONV1D_TYPE'],
    ] as const) {
      expect(codeOf(() => compile(new Of(forward).eval(), { inputs: x() }))).toBe(code);
    }
  });

  test('what the forward throws comes through', () => {
    const conv = new nn.Conv1d(4, 2, 3).eval();
    expect(codeOf(() => compile(conv, { input: rand(1, 3, 10) }))).toBe('ERR_CONV1D_SHAPE');
    const theirs = new Error('of the forward');
    const module = new Of(() => {
      throw theirs;
    }).eval();
    expect(messageOf(() => compile(module, { inputs: x() }))).toBe(theirs.message);
  });

  test('a symbol that the forward kept is refused afterwards', () => {
    let kept: Tensor | undefined;
    compiled((y: Tensor) => {
      kept = y.relu();
      return kept;
    }, x());
    expect(codeOf(() => kept!.data)).toBe('ERR_CONV1D_TRACE');
  });
});

describe('constants of the forward', () => {
  test('made anew at each call, as views, or of one element, are known', () => {
    const { module, network } = compiled(
      (x: Tensor) =>
        x
          .mul(tensor([[1], [2], [3]]))
          .add(tensor([[4, 5, 6]]).transpose(0, 1))
          .sub(tensor(0.5)),
      [rand(1, 3, 10)],
    );
    expectSame(module, network, rand(2, 3, 7));
  });

  test('as a parameter that is transposed at each call', () => {
    const weight = new Parameter(rand(4, 5));
    const { module, network } = compiled((x: Tensor) => x.matmul(weight.transpose(0, 1)), [rand(1, 3, 5)], { weight });
    expectSame(module, network, rand(2, 3, 5));
  });

  test('computed without the input', () => {
    const weight = new Parameter(rand(3, 1));
    const { module, network } = compiled((x: Tensor) => x.mul(weight.exp().add(1)), [rand(1, 3, 5)], { weight });
    expectSame(module, network, rand(2, 3, 8));
  });
});

describe('sizes that a forward fixes are checked at each call', () => {
  const flat = () =>
    new nn.Sequential(new nn.Conv1d(2, 3, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(24, 4)).eval();

  test('a length, before a Linear behind Flatten', () => {
    const module = flat();
    const network = compile(module, { input: rand(2, 2, 10) });
    expect(network.forward(rand(5, 2, 10)).shape).toEqual([5, 4]);
    expect(codeOf(() => network.forward(rand(5, 2, 11)))).toBe('ERR_CONV1D_SHAPE');
    expect(messageOf(() => network.forward(rand(5, 2, 11)))).toContain('[N, 2, 10]');
  });

  test.each([[[2, 3, 10]], [[2, 10]], [[2, 2, 10, 1]], [[]], [[2, 2, 9]]])('%o', (shape) => {
    expect(codeOf(() => compile(flat(), { input: rand(2, 2, 10) }).forward(rand(shape)))).toBe('ERR_CONV1D_SHAPE');
  });

  test('another dtype', () => {
    const network = compile(flat(), { input: rand(2, 2, 10) }) as unknown as Loose;
    expect(codeOf(() => network.forward(rand(2, 2, 10, { dtype: 'float64' })))).toBe('ERR_CONV1D_DTYPE');
  });

  test('inputs of different batches or lengths are refused, though the module would repeat one', () => {
    const { module, network } = compiled((x: Tensor, y: Tensor) => x.add(y), [rand(2, 2, 6), rand(2, 2, 6)]);
    expectSame(module, network, rand(4, 2, 9), rand(4, 2, 9));
    for (const other of [rand(1, 2, 9), rand(4, 2, 1), rand(3, 2, 9)]) {
      expect(codeOf(() => network.forward(rand(4, 2, 9), other))).toBe('ERR_CONV1D_SHAPE');
      expect(codeOf(() => network.forward(other, rand(4, 2, 9)))).toBe('ERR_CONV1D_SHAPE');
    }
  });

  test('an output size of a transposed convolution, before a cut', () => {
    const conv = new nn.ConvTranspose1d(2, 2, 3, { stride: 2 });
    const { module, network } = compiled(
      (x: Tensor) => conv.forward(x.narrow(2, 0, 6), { outputSize: [14] }).narrow(2, 2, 10),
      [rand(1, 2, 6)],
      { conv },
    );
    expectSame(module, network, rand(3, 2, 6));
  });
});

describe('inputs and outputs', () => {
  class Cell extends nn.Module {
    readonly conv = new nn.Conv1d(2, 3, 1);
    readonly rnn = new nn.LSTM(3, 4);
    override forward(x: Tensor, h: Tensor, c: Tensor): [Tensor, Tensor, Tensor] {
      const [y, [hn, cn]] = this.rnn.forward(this.conv.forward(x).permute(2, 0, 1), [h, c]);
      return [y.permute(1, 2, 0), hn, cn];
    }
  }
  const x = (batch: number, length: number) => rand(batch, 2, length);
  const state = (batch: number) => rand(1, batch, 4);

  test('by name', () => {
    const module = new Cell().eval();
    const network = compile(module, { inputs: { x: x(2, 5), h: state(2), c: state(2) }, outputs: ['y', 'hn', 'cn'] });
    const given = { x: x(3, 9), h: state(3), c: state(3) };
    const [y, hn, cn] = noGrad(() => module.forward(given.x, given.h, given.c));
    expect(network.forward(given)).toEqual({ y, hn, cn });
    expect(network.forward(given.x, given.h, given.c)).toEqual([y, hn, cn]);
    // In any order.
    expect(network.forward({ c: given.c, h: given.h, x: given.x })).toEqual({ y, hn, cn });
  });

  test('by name, without names for outputs', () => {
    const network = compile(new Cell().eval(), { inputs: { x: x(2, 5), h: state(2), c: state(2) } });
    expect(Object.keys(network.forward({ x: x(1, 5), h: state(1), c: state(1) }))).toEqual([
      'output0',
      'output1',
      'output2',
    ]);
  });

  test('a wrong number or other names are refused', () => {
    const inputs = { x: x(2, 5), h: state(2), c: state(2) };
    const network = compile(new Cell().eval(), { inputs }) as unknown as Loose;
    expect(codeOf(() => network.forward({ x: inputs.x, h: inputs.h }))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => network.forward({ ...inputs, z: inputs.c }))).toBe('ERR_CONV1D_OPTION');
    expect(codeOf(() => network.forward(inputs.x, inputs.h))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => network.forward(inputs.x, inputs.h, inputs.c, inputs.c))).toBe('ERR_CONV1D_TYPE');
    for (const outputs of [['a'], ['a', 'b', 'c', 'd'], ['a', 'a', 'b'], []]) {
      expect(codeOf(() => compile(new Cell().eval(), { inputs, outputs }))).toBe('ERR_CONV1D_VALUE');
    }
  });

  test('arrays of tensors, and objects that the forward returns', () => {
    const { module, network } = compiled(
      (x: Tensor, [a, b]: Tensor[]) => ({ sum: x.add(a!), rest: [b!.relu()] }),
      [rand(2, 3, 8), [rand(2, 3, 8), rand(2, 3, 1)] as unknown as Tensor],
    );
    const given = [randn(4, 3, 5), [randn(4, 3, 5), randn(4, 3, 1)]] as const;
    expect(network.forward(...given)).toEqual(module.forward(...given));
  });

  const FORWARDS: readonly [text: string, forward: Forward][] = [
    ['the input itself', (y: Tensor) => y],
    ['the input twice', (y: Tensor) => [y, y]],
    ['one output twice', (y: Tensor) => {
      const z = y.relu();
      return [z, z];
    }],
    ['an output that another one is made of in place', (y: Tensor) => {
      const z = y.relu();
      return [z, z.neg(), z.neg().exp()];
    }],
    ['a constant', () => tensor([1, 2, 3])],
    ['a constant and the input', (y: Tensor) => [ones(3, 2).transpose(0, 1), y]],
    ['a view of the input', (y: Tensor) => y.transpose(1, 2)],
    ['a view of a result', (y: Tensor) => y.relu().narrow(2, 1, 2)],
    ['a view, and what it is a view of', (y: Tensor) => {
      const z = y.relu();
      return [z.at([0, 9], 1), z];
    }],
    ['pieces of one result', (y: Tensor) => y.relu().chunk(2, 1)],
    ['a repeated view', (y: Tensor) => y.mean([2], { keepdim: true }).expand(-1, -1, 3)],
    ['a concatenation and its pieces', (y: Tensor) => {
      const [a, b] = [y.relu(), y.neg()];
      return [cat([a, b], 1), a, cat([b, a, a], 0)];
    }],
    ['a concatenation of one value, twice', (y: Tensor) => cat([y.exp(), y.exp()].map((each) => each.neg()), 0)],
    ['a reshaped input', (y: Tensor) => y.reshape(-1)],
  ]; // biome-ignore format: one per line
  test.each(FORWARDS)('%s', (_, forward) => {
    const { module, network } = compiled(forward, [rand(2, 4, 6)]);
    for (const shape of [[2, 4, 6], [1, 4, 6], [1, 4, 9], [3, 4, 4]]) expectSame(module, network, randn(shape)); // biome-ignore format: shapes
  });

  test('results are memory of their own', () => {
    const { network } = compiled((y: Tensor) => [y, y.transpose(1, 2), y.narrow(2, 0, 2)], [rand(2, 4, 6)]);
    const given = rand(2, 4, 6);
    const before = given.clone();
    for (const result of tensorsIn(network.forward(given))) {
      expect(result.isContiguous).toBe(true);
      (result.data as Float32Array).fill(7);
    }
    expect(given).toEqual(before);
  });

  test('an input that is a view is read as one', () => {
    const { module, network } = compiled((y: Tensor) => y.relu(), [rand(2, 4, 6)]);
    expectSame(module, network, randn(6, 4, 3).permute(2, 1, 0).narrow(2, 1, 4));
  });
});

describe('an empty batch', () => {
  const layers: readonly [name: string, make: () => nn.Module, shape: number[], empty: number[]][] = [
    ['Conv1d', () => new nn.Conv1d(3, 4, 3), [2, 3, 9], [0, 3, 9]],
    ['ConvTranspose1d', () => new nn.ConvTranspose1d(3, 4, 3), [2, 3, 9], [0, 3, 9]],
    ['Linear', () => new nn.Linear(3, 4), [2, 3], [0, 3]],
    ['BatchNorm1d', () => new nn.BatchNorm1d(3), [2, 3, 9], [0, 3, 9]],
    ['GroupNorm', () => new nn.GroupNorm(1, 3), [2, 3, 9], [0, 3, 9]],
    ['LayerNorm', () => new nn.LayerNorm(9), [2, 3, 9], [0, 3, 9]],
    ['MaxPool1d', () => new nn.MaxPool1d(2), [2, 3, 9], [0, 3, 9]],
    ['AdaptiveAvgPool1d', () => new nn.AdaptiveAvgPool1d(2), [2, 3, 9], [0, 3, 9]],
    ['Upsample', () => new nn.Upsample({ scaleFactor: 2 }), [2, 3, 9], [0, 3, 9]],
    ['Softmax', () => new nn.Softmax(1), [2, 3, 9], [0, 3, 9]],
    ['GLU', () => new nn.GLU(1), [2, 4, 9], [0, 4, 9]],
    ['Snake', () => new nn.Snake(3), [2, 3, 9], [0, 3, 9]],
    ['GELU', () => new nn.GELU(), [2, 3, 9], [0, 3, 9]],
    ['mean', () => new Of((x: Tensor) => x.mean([2])), [2, 3, 9], [0, 3, 9]],
    ['cat and permute', () => new Of((x: Tensor) => cat([x, x.neg()], 1).permute(2, 0, 1)), [2, 3, 9], [0, 3, 9]],
    ['matmul', () => new Of((x: Tensor) => x.matmul(x.transpose(1, 2))), [2, 3, 9], [0, 3, 9]],
  ]; // biome-ignore format: one per line
  test.each(layers)('of %s gives an empty result of the right shape', (_, make, shape, empty) => {
    const module = make().eval();
    const network = compile(module, { input: rand(shape) }) as unknown as Loose;
    expectSame(module, network, rand(empty));
    expectSame(module, network, rand(shape));
  });

  test('also on a background thread', async () => {
    const network = compile(new nn.Conv1d(3, 4, 3).eval(), { input: rand(2, 3, 9) });
    expect((await network.forwardAsync(rand(0, 3, 9))).shape).toEqual([0, 4, 7]);
  });
});

describe('weights are a snapshot', () => {
  /** Layers, and the shape that they take. */
  const LAYERS: readonly [name: string, make: () => nn.Module, shape: number[]][] = [
    ['Conv1d', () => new nn.Conv1d(3, 4, 3), [2, 3, 9]],
    ['ConvTranspose1d', () => new nn.ConvTranspose1d(3, 4, 4, { stride: 2 }), [2, 3, 9]],
    ['Conv1d under weight norm', () => nn.weightNorm(new nn.Conv1d(3, 4, 3)), [2, 3, 9]],
    ['Linear', () => new nn.Linear(3, 4), [2, 3]],
    ['BatchNorm1d', () => new nn.BatchNorm1d(3), [2, 3, 9]],
    ['BatchNorm1d behind Conv1d', () => new nn.Sequential(new nn.Conv1d(3, 4, 3), new nn.BatchNorm1d(4)), [2, 3, 9]],
    ['InstanceNorm1d', () => new nn.InstanceNorm1d(3, { affine: true, trackRunningStats: true }), [2, 3, 9]],
    ['GroupNorm', () => new nn.GroupNorm(1, 3), [2, 3, 9]],
    ['LayerNorm', () => new nn.LayerNorm(3), [2, 3]],
    ['LSTM', () => new nn.LSTM(3, 2, { bidirectional: true }), [5, 2, 3]],
    ['GRU', () => new nn.GRU(3, 2), [5, 2, 3]],
    ['PReLU', () => new nn.PReLU(3), [2, 3, 9]],
    ['PReLU of one', () => new nn.PReLU(), [2, 3, 9]],
    ['Snake', () => new nn.Snake(3), [2, 3, 9]],
    ['a parameter', () => new Scaled([1, 3, 1]), [2, 3, 9]],
    ['a parameter of one element', () => new Scaled([1]), [2, 3, 9]],
    ['a matrix', () => new Matrix(), [2, 3]],
    ['a weight of a functional convolution', () => new Functional(), [2, 3, 9]],
  ];

  class Scaled extends nn.Module {
    readonly scale: Parameter;
    constructor(shape: number[]) {
      super();
      this.scale = new Parameter(rand(shape));
    }
    override forward(x: Tensor): Tensor {
      return x.mul(this.scale);
    }
  }
  class Matrix extends nn.Module {
    readonly matrix = new Parameter(rand(5, 3));
    override forward(x: Tensor): Tensor {
      return x.matmul(this.matrix.transpose(0, 1));
    }
  }
  class Functional extends nn.Module {
    readonly weight = new Parameter(rand(2, 3, 3));
    override forward(x: Tensor): Tensor {
      return functional.conv1d(x, this.weight);
    }
  }

  const plain = (value: unknown) => tensorsIn(value).map((each) => [each.shape, [...(each.data as Float32Array)]]);

  /** Other values for all of a state. */
  function otherState(module: nn.Module): StateDict {
    const changed = (value: Tensor<Dtype>) => (value.dtype === 'int64' ? value : value.mul(0.5).add(rand(value.shape)));
    return Object.fromEntries(Object.entries(module.stateDict()).map(([name, value]) => [name, changed(value)]));
  }

  test.each(LAYERS)('of %s: what becomes of the module is nothing to the network', (_, make, shape) => {
    const module = make().eval();
    const network = compile(module, { input: rand(shape) }) as unknown as Loose;
    const inputs = [randn(shape), randn(shape.with(0, 7))];
    const other = compile(module, { input: rand(shape) }) as unknown as Loose;
    const before = inputs.map((x) => plain(other.forward(x)));
    const modules = plain(module.forward(inputs[0]));
    expect(plain(network.forward(inputs[0]))).toEqual(before[0]);
    module.loadStateDict(otherState(module));
    expect(plain(module.forward(inputs[0]))).not.toEqual(modules);
    // The second has a shape that is planned only now.
    expect(inputs.map((x) => plain(network.forward(x)))).toEqual(before);
    for (const value of Object.values(module.stateDict()))
      if (value.dtype === 'float32') (value.data as Float32Array).fill(0);
    expect(plain(network.forward(rand(shape.with(0, 3)).mul(0).add(0.5)))).not.toEqual([]);
    expect(inputs.map((x) => plain(network.forward(x)))).toEqual(before);
  });

  test.each(LAYERS)('of %s: update() takes others, and the module keeps its own', (name, make, shape) => {
    const [module, other] = [make().eval(), make().eval()];
    const state = otherState(other);
    other.loadStateDict(state);
    const network = compile(module, { input: rand(shape) }) as unknown as Loose;
    const inputs = [randn(shape), randn(shape.with(0, 7))];
    const own = inputs.map((x) => plain(module.forward(x)));
    network.forward(inputs[0]);
    network.update(state);
    const expected = inputs.map((x) => plain(other.forward(x)));
    const actual = inputs.map((x) => plain(network.forward(x)));
    if (name === 'BatchNorm1d behind Conv1d') {
      for (const [i, [[, values]]] of (actual as [[number[], number[]]][]).entries()) {
        const [[, right]] = expected[i] as [[number[], number[]]];
        for (const [k, value] of values.entries()) expect(value).toBeCloseTo(right[k]!, 5);
      }
    } else expect(actual).toEqual(expected);
    expect(inputs.map((x) => plain(module.forward(x)))).toEqual(own);
  });

  test('update() takes the keys of weight norm, old and new', () => {
    const module = nn.weightNorm(new nn.Conv1d(2, 3, 3)).eval();
    const network = compile(module, { input: rand(1, 2, 9) });
    const x = rand(1, 2, 9);
    const [g, v, bias] = [rand(3, 1, 1), rand(3, 2, 3), rand(3)];
    network.update({ weight_g: g, weight_v: v, bias });
    const first = network.forward(x);
    network.update({ 'parametrizations.weight.original0': g, 'parametrizations.weight.original1': v, bias });
    expect(network.forward(x)).toEqual(first);
    const plainLayer = new nn.Conv1d(2, 3, 3).eval();
    plainLayer.loadStateDict({ weight_g: g, weight_v: v, bias });
    expect(first).toEqual(noGrad(() => plainLayer.forward(x)));
    const ofPlain = compile(new nn.Conv1d(2, 3, 3).eval(), { input: rand(1, 2, 9) });
    ofPlain.update({ weight_g: g, weight_v: v, bias });
    expect(ofPlain.forward(x)).toEqual(first);
  });

  test('a dict that does not fit leaves the network and the module as they were', () => {
    const module = new nn.Sequential(new nn.Conv1d(2, 3, 3), new nn.BatchNorm1d(3)).eval();
    const network = compile(module, { input: rand(1, 2, 9) });
    const x = rand(2, 2, 9);
    const [mine, modules] = [network.forward(x), module.forward(x)];
    const state = module.stateDict();
    const { '0.bias': _, ...without } = state;
    for (const [dict, code] of [
      [without, 'ERR_CONV1D_STATE_DICT'],
      [{ ...state, more: rand(3) }, 'ERR_CONV1D_STATE_DICT'],
      [{ ...state, '0.weight': rand(3, 2, 4) }, 'ERR_CONV1D_STATE_DICT'],
      [undefined, 'ERR_CONV1D_TYPE'],
      [5, 'ERR_CONV1D_TYPE'],
    ] as const) {
      expect(codeOf(() => network.update(dict as StateDict))).toBe(code);
      expect(network.forward(x)).toEqual(mine);
      expect(network.forward(rand(3, 2, 9)).shape).toEqual([3, 3, 7]);
      expect(module.forward(x)).toEqual(modules);
    }
  });

  test('a call that is under way goes on with the old ones', async () => {
    const module = new nn.Conv1d(2, 3, 3).eval();
    const network = compile(module, { input: rand(1, 2, 9) });
    const x = rand(2, 2, 900);
    const expected = noGrad(() => module.forward(x));
    const running = network.forwardAsync(x);
    network.update(otherState(module));
    expect(await running).toEqual(expected);
    expect(network.forward(x)).not.toEqual(expected);
  });
});

describe('training mode is refused', () => {
  test.each([
    ['the whole', () => new nn.Sequential(new nn.ReLU())],
    ['a part', () => {
      const net = new nn.Sequential(new nn.ReLU(), new nn.Dropout()).eval();
      net.children()[1]!.train();
      return net;
    }],
  ])('%s', (_, make) => {
    expect(codeOf(() => compile(make(), { input: rand(1, 2, 3) }))).toBe('ERR_CONV1D_TYPE');
  }); // biome-ignore format: cases

  test('at update() as well', () => {
    const module = new nn.Sequential(new nn.Conv1d(2, 2, 1), new nn.Dropout()).eval();
    const network = compile(module, { input: rand(1, 2, 3) });
    const x = rand(1, 2, 3);
    const before = network.forward(x);
    module.train();
    expect(codeOf(() => network.update(module.stateDict()))).toBe('ERR_CONV1D_TYPE');
    expect(network.forward(x)).toEqual(before);
    module.eval();
    network.update(module.stateDict());
    expect(network.forward(x)).toEqual(before);
  });
});

describe('dispose', () => {
  const make = () => compile(new nn.Conv1d(2, 3, 3).eval(), { input: rand(1, 2, 9) });

  test('ends all calls, and may be called again', async () => {
    const network = make();
    network.forward(rand(1, 2, 9));
    network.dispose();
    network.dispose();
    expect(codeOf(() => network.forward(rand(1, 2, 9)))).toBe('ERR_CONV1D_TYPE');
    await expect(network.forwardAsync(rand(1, 2, 9))).rejects.toMatchObject({ code: 'ERR_CONV1D_TYPE' });
    expect(codeOf(() => network.update({}))).toBe('ERR_CONV1D_TYPE');
    expect(network.pending).toBe(0);
    await network.idle();
  });

  test('lets a call that is under way end', async () => {
    const network = make();
    const x = rand(2, 2, 5000);
    const expected = network.forward(x);
    const running = network.forwardAsync(x);
    network.dispose();
    expect(await running).toEqual(expected);
  });

  test('is called at the end of a block that uses the network', () => {
    let kept: ReturnType<typeof make>;
    {
      using network = make();
      kept = network;
      expect(network.forward(rand(1, 2, 9)).shape).toEqual([1, 3, 7]);
    }
    expect(codeOf(() => kept.forward(rand(1, 2, 9)))).toBe('ERR_CONV1D_TYPE');
  });
});
