import { describe, expect, test } from 'vitest';
import { field, integer, message, text as textField } from '../bench/protobuf.ts';
import {
  Network,
  type OnnxNetwork,
  parseNetwork,
  parseOnnx,
  serializeNetwork,
  type Tensor,
  zeros,
} from '../lib/index.ts';
import {
  constant,
  float,
  type Graph,
  int,
  ints,
  longs,
  model,
  type Node,
  node,
  nodeMessage,
  text,
} from './helpers/onnx/model.ts';

// Small files that ask for much: they are refused before it is taken.

/** Nodes that make y of x. */
function graph(
  nodes: readonly Node[],
  constants: Graph['constants'] = {},
  dims: readonly (number | string)[] = [1, 1, 10],
): Graph {
  return { nodes, constants, inputs: [{ name: 'x', dims }], outputs: [{ name: 'y' }] };
}

const tiled = (times: number, dims?: readonly (number | string)[]) =>
  model(graph([node('Tile', ['x', 'times'], ['y'])], { times: longs(1, 1, times) }, dims));

/** y is x and the sum of what some nodes make of constants. */
function folded(
  nodes: readonly Node[],
  constants: Graph['constants'],
  dims?: readonly (number | string)[],
): Uint8Array {
  const all = [...nodes, node('ReduceSum', ['c'], ['r'], { keepdims: int(0) }), node('Add', ['x', 'r'], ['y'])];
  return model(graph(all, constants, dims));
}

const zerosOf = (sizes: string, result: string) => node('ConstantOfShape', [sizes], [result]);

/** What a call takes up: four bytes for each of so many results, and what is between. */
function bytesOfCall(file: Uint8Array, shape: readonly number[], results: number): number {
  return 4 * results + parseOnnx(file, { limits: { callBytes: Number.POSITIVE_INFINITY } }).summary(shape).workingBytes;
}

function refused(bytes: number, most: number): unknown {
  return expect.objectContaining({
    code: 'ERR_CONV1D_MEMORY',
    message: expect.stringMatching(new RegExp(`${bytes} bytes.*${most};.*limits\\.callBytes`)),
  });
}

describe('A call', () => {
  test('beyond limits.callBytes is refused with the figure, the limit and the option', async () => {
    const file = tiled(30_000_000);
    const network = parseOnnx(file);
    const x = zeros(1, 1, 10);
    const error = refused(bytesOfCall(file, [1, 1, 10], 300_000_000), 2 ** 30);
    expect(() => network.forward(x)).toThrow(error as Error);
    expect(() => network.summary([1, 1, 10])).toThrow(error as Error);
    await expect(network.forwardAsync(x)).rejects.toThrow(error as Error);
  });

  test('computes at the limit, and not a byte beyond it', () => {
    const file = tiled(100);
    const callBytes = bytesOfCall(file, [1, 1, 10], 1000);
    const x = zeros(1, 1, 10);
    expect(parseOnnx(file, { limits: { callBytes } }).forward(x).shape).toEqual([1, 1, 1000]);
    const smaller = parseOnnx(file, { limits: { callBytes: callBytes - 1 } });
    expect(() => smaller.forward(x)).toThrow(refused(callBytes, callBytes - 1) as Error);
  });

  test.each(['Exp', 'IsNaN'])(
    'counts what lies between, in native programs and between those of the host: %s',
    (op) => {
      const nodes = [
        node('Tile', ['x', 'times'], ['t']),
        node(op, ['t'], ['b']),
        node('Cast', ['b'], ['c'], { to: int(1) }),
        node('ReduceSum', ['c'], ['y']),
      ];
      const file = model(graph(nodes, { times: longs(1, 1, 1000) }));
      const network = parseOnnx(file, { limits: { callBytes: 4000 } });
      expect(() => network.forward(zeros(1, 1, 10))).toThrow(refused(bytesOfCall(file, [1, 1, 10], 1), 4000) as Error);
    },
  );

  test('has the limit for each of its sizes', () => {
    const file = tiled(100, [1, 1, 'time']);
    const callBytes = bytesOfCall(file, [1, 1, 20], 2000);
    const network = parseOnnx(file, { limits: { callBytes } });
    expect(network.forward(zeros(1, 1, 20)).shape).toEqual([1, 1, 2000]);
    const larger = bytesOfCall(file, [1, 1, 40], 4000);
    expect(() => network.forward(zeros(1, 1, 40))).toThrow(refused(larger, callBytes) as Error);
    expect(network.forward(zeros(1, 1, 20)).shape).toEqual([1, 1, 2000]);
  });

  test('of the network in another thread, or saved and loaded, has the same limit', () => {
    const file = tiled(100);
    const network = parseOnnx(file, { limits: { callBytes: 3999 } });
    const opened = Network.open<[Tensor], Tensor>(network.share());
    const saved = parseNetwork<[Tensor], Tensor>(
      serializeNetwork(parseOnnx(tiled(100, [1, 1, 'time']), { limits: { callBytes: 20_000 } })),
    );
    const again = parseNetwork<[Tensor], Tensor>(serializeNetwork(saved));
    const error = refused(bytesOfCall(file, [1, 1, 10], 1000), 3999);
    expect(() => opened.forward(zeros(1, 1, 10))).toThrow(error as Error);
    for (const each of [saved, again]) {
      expect(each.forward(zeros(1, 1, 10)).shape).toEqual([1, 1, 1000]);
      expect(() => each.forward(zeros(1, 1, 200))).toThrow(/20000; the option limits.callBytes/);
    }
  });
});

describe('A push of a stream', () => {
  /** Each element 100 times. */
  const stretched = (): OnnxNetwork => {
    const nodes = [node('ConvTranspose', ['x', 'w'], ['y'], { strides: ints(100) })];
    const file = model(graph(nodes, { w: constant([1, 1, 100], new Array(100).fill(1)) }, ['batch', 1, 'time']));
    return parseOnnx(file, { limits: { callBytes: 30_000 } });
  };
  const tooLarge = expect.objectContaining({
    code: 'ERR_CONV1D_MEMORY',
    message: expect.stringContaining('30000; the option limits.callBytes'),
  });

  test('has the limit of a call', () => {
    const stream = stretched().stream();
    expect(stream.push(zeros(1, 1, 10)).shape).toEqual([1, 1, 1000]);
    expect(() => stream.push(zeros(1, 1, 1000))).toThrow(tooLarge);
    expect(stream.push(zeros(1, 1, 5)).shape).toEqual([1, 1, 500]);
  });

  test('has it in streams of chunks, and for each of many', () => {
    const network = stretched();
    expect(network.stream({ chunk: 10 }).push(zeros(1, 1, 10)).shape).toEqual([1, 1, 1000]);
    expect(() => network.stream({ chunk: 1000 })).toThrow(tooLarge);
    const streams = network.streams({ capacity: 2 });
    const row = streams.open();
    expect(() => streams.push([row], [zeros(1, 1, 1000)])).toThrow(tooLarge);
    expect(streams.push([row], [zeros(1, 1, 10)])[0]!.shape).toEqual([1, 1, 1000]);
  });
});

describe('While a file is loaded, it is refused', () => {
  const reduced = [
    [
      'Conv',
      [zerosOf('a', 'x1'), zerosOf('b', 'w1'), node('Conv', ['x1', 'w1'], ['c'])],
      { a: longs(1, 1, 200_000), b: longs(1, 1, 100_000) },
    ],
    ['MatMul', [zerosOf('a', 'm'), node('MatMul', ['m', 'm'], ['c'])], { a: longs(1700, 1700) }],
    [
      'MaxPool',
      [zerosOf('a', 'x1'), node('MaxPool', ['x1'], ['c'], { kernel_shape: ints(100_000) })],
      { a: longs(1, 1, 200_000) },
    ],
    [
      'AveragePool',
      [zerosOf('a', 'x1'), node('AveragePool', ['x1'], ['c'], { kernel_shape: ints(100_000) })],
      { a: longs(1, 1, 200_000) },
    ],
    [
      'GRU',
      [
        zerosOf('a', 'x1'),
        zerosOf('b', 'w1'),
        zerosOf('d', 'r1'),
        node('GRU', ['x1', 'w1', 'r1'], ['c'], { hidden_size: int(64) }),
      ],
      { a: longs(50_000, 1, 1), b: longs(1, 192, 1), d: longs(1, 192, 64) },
    ],
  ] as const;
  test.each(reduced)('for what a %s of constants multiplies', (_op, nodes, constants) => {
    expect(() => parseOnnx(folded(nodes, constants))).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_MEMORY', message: expect.stringContaining('limits.constantFlops') }),
    );
  });

  const scalar = (value: number) => ({ dims: [], type: 'int64', values: [value] }) as const;
  test.each([
    [
      'tables of transforms',
      graph([node('DFT', ['x', 'n'], ['y'], { axis: int(1) })], { n: scalar(1500) }, [1, 10, 1]),
      'limits.constantBytes',
    ],
    ['windows', folded([node('HannWindow', ['n'], ['c'])], { n: scalar(2 ** 25) }), 'there is no window'],
    [
      'lists',
      graph([zerosOf('a', 's'), node('Reshape', ['x', 's'], ['y'])], { a: longs(2_000_000) }),
      'list of 2000000',
    ],
  ])('for %s', (_what, file, sentence) => {
    const bytes = file instanceof Uint8Array ? file : model(file);
    expect(() => parseOnnx(bytes, { limits: { constantBytes: 2 ** 24 } })).toThrow(sentence);
  });

  test('for copies of a weight that many nodes have, of which the first is free', () => {
    const convolutions = (count: number) => {
      const names = Array.from({ length: count }, (_, i) => `c${i}`);
      const weight = constant([1, 1, 1000], new Array(1000).fill(1));
      const nodes = [...names.map((name) => node('Conv', ['x', 'w'], [name])), node('Sum', names, ['y'])];
      return model(graph(nodes, { w: weight }, [1, 1, 1000]));
    };
    const limits = { constantBytes: 12_000 };
    expect(parseOnnx(convolutions(4), { limits }).forward(zeros(1, 1, 1000)).shape).toEqual([1, 1, 1]);
    expect(() => parseOnnx(convolutions(5), { limits })).toThrow('limits.constantBytes');
  });

  test('for a window of a crop that reaches beyond all bounds', () => {
    for (const scale of [1e-9, 1e-30]) {
      const attributes = {
        mode: text('linear'),
        antialias: int(1),
        coordinate_transformation_mode: text('tf_crop_and_resize'),
      };
      const constants = { region: constant([6], [0, 0, 0, 1, 1, 1 / scale]), scales: constant([3], [1, 1, scale]) };
      const file = model(graph([node('Resize', ['x', 'region', 'scales'], ['y'], attributes)], constants), 18);
      expect(() => parseOnnx(file)).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_SHAPE' }));
    }
  });

  /** A function that calls itself nowhere, but has two nodes. */
  const functionOf = (name: string) =>
    message(
      textField(1, 'f'),
      textField(4, 'a'),
      textField(5, 'b'),
      field(7, nodeMessage(node('Neg', ['a'], [name]))),
      field(7, nodeMessage(node('Neg', [name], ['b']))),
      field(9, message(textField(1, ''), integer(2, 17))),
      textField(10, 'own'),
    );

  test('for a long name that each call of a function has again', () => {
    const calls = Array.from({ length: 200 }, (_, i) => ({
      ...node('f', [i === 0 ? 'x' : `v${i}`], [i === 199 ? 'y' : `v${i + 1}`]),
      domain: 'own',
    }));
    const file = (name: string) => message(model(graph(calls), 17, { own: 1 }), field(25, functionOf(name)));
    expect(parseOnnx(file('short')).forward(zeros(1, 1, 10)).shape).toEqual([1, 1, 10]);
    expect(() => parseOnnx(file('z'.repeat(1_000_000)))).toThrow('characters');
  });

  test('for functions that call each other twice, and compute where they are few', () => {
    const functions = (levels: number) =>
      Array.from({ length: levels }, (_, i) => {
        const inner = (from: string, to: string) =>
          i === 0 ? node('Neg', [from], [to]) : { ...node(`f${i - 1}`, [from], [to]), domain: 'own' };
        return message(
          textField(1, `f${i}`),
          textField(4, 'a'),
          textField(5, 'b'),
          field(7, nodeMessage(inner('a', 't'))),
          field(7, nodeMessage(inner('t', 'b'))),
          field(9, message(textField(1, ''), integer(2, 17))),
          textField(10, 'own'),
        );
      });
    const file = (levels: number) => {
      const call = { ...node(`f${levels - 1}`, ['x'], ['y']), domain: 'own' };
      return message(model(graph([call]), 17, { own: 1 }), ...functions(levels).map((each) => field(25, each)));
    };
    expect(parseOnnx(file(6)).forward(zeros(1, 1, 10)).shape).toEqual([1, 1, 10]);
    for (const levels of [14, 40, 63, 100]) {
      expect(() => parseOnnx(file(levels))).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_ONNX' }));
    }
  });

  test('for lists of numbers that no model has', () => {
    const attribute = message(textField(1, 'axes'), field(8, new Uint8Array(5_000_000)), integer(20, 7));
    const squeeze = message(textField(1, 'x'), textField(2, 'y'), textField(4, 'Squeeze'), field(5, attribute));
    const file = message(model(graph([])), field(7, field(1, squeeze)));
    expect(() => parseOnnx(file)).toThrow('names and numbers');
  });

  test('for inputs of more dimensions than tensors have', () => {
    const dims = Array.from({ length: 5000 }, (_, i) => `n${i}`);
    expect(() => parseOnnx(model(graph([node('Neg', ['x'], ['y'])], {}, dims)))).toThrow('dimensions');
  });
});

test('Constants that depend on sizes take no more for all sizes together than the limit allows', () => {
  // c has a million elements for every length.
  const nodes = [
    node('Shape', ['x'], ['s']),
    node('Gather', ['s', 'two'], ['n']),
    node('Min', ['n', 'one'], ['m']),
    node('Mul', ['m', 'million'], ['k']),
    zerosOf('k', 'c'),
  ];
  const constants = { two: longs(2), one: longs(1), million: longs(1_000_000) };
  const file = folded(nodes, constants, ['batch', 1, 'time']);
  const limits = { constantBytes: 5_000_000 };
  // Sizes beyond the limit count as such that the model does not take: those of the example it takes.
  const network = parseOnnx(file, { limits, dimensions: { batch: 1, time: 16 } });
  expect(network.forward(zeros(1, 1, 16)).shape).toEqual([1, 1, 16]);
});

test('A network without inputs computes, and is refused by what needs one', async () => {
  const constants = { c: constant([2], [1, -2]) };
  const file = model({ nodes: [node('Neg', ['c'], ['y'])], inputs: [], outputs: [{ name: 'y' }], constants });
  const network = parseOnnx(file) as unknown as Network<[], Tensor>;
  expect(network.forward().toArray()).toEqual([-1, 2]);
  expect(Network.open<[], Tensor>(network.share()).forward().toArray()).toEqual([-1, 2]);
  expect((await network.forwardAsync()).toArray()).toEqual([-1, 2]);
  const calls = [
    () => serializeNetwork(network),
    () => network.stream(),
    () => network.stream({ chunk: 1 }),
    () => network.streams({ capacity: 1 }),
  ];
  for (const call of calls) {
    expect(call, String(call)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  }
});

test('Names that objects have of themselves are names', () => {
  const file = model({
    nodes: [node('Neg', ['__proto__'], ['constructor']), node('Add', ['constructor', 'toString'], ['hasOwnProperty'])],
    inputs: [{ name: '__proto__', dims: [1, 1, 'valueOf'] }],
    outputs: [{ name: 'constructor' }, { name: 'hasOwnProperty' }],
    constants: { toString: constant([1], [2]) },
  });
  const network = parseOnnx(file);
  const results = network.forward({ ['__proto__']: zeros(1, 1, 3) } as never) as unknown as Record<string, Tensor>;
  const [, sum] = Object.values(results);
  expect(Object.keys(results)).toEqual(['constructor', 'hasOwnProperty']);
  expect(sum!.shape).toEqual([1, 1, 3]);
  for (const op of ['__proto__', 'constructor', 'toString']) {
    const one = model(graph([node(op, ['x'], ['y'], { __proto: float(1) })]));
    expect(() => parseOnnx(one)).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_ONNX' }));
  }
});
