import assert from 'node:assert';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Conv1d, functional, manualSeed, Parameter, rand, Tensor, tensor, zeros } from '../lib/index.ts';

const COMPARISONS: readonly [name: string, compare: (a: unknown, b: unknown) => void][] = [
  ['assert.deepStrictEqual', (a, b) => assert.deepStrictEqual(a, b)],
  ['assert.deepEqual', (a, b) => assert.deepEqual(a, b)],
  ['toEqual', (a, b) => expect(a).toEqual(b)],
  ['toStrictEqual', (a, b) => expect(a).toStrictEqual(b)],
];

function layer(options = {}): Conv1d {
  manualSeed(0);
  return new Conv1d(2, 3, 5, options);
}

function pushed(length: number) {
  const stream = layer().stream();
  stream.push(tensor(new Float32Array(2 * length).fill(0.5), [2, length]));
  return stream;
}

function transferred(): Tensor {
  const t = tensor([1, 2]);
  structuredClone(t.data, { transfer: [t.data.buffer as ArrayBuffer] });
  return t;
}

const grid = tensor([
  [1, 2],
  [3, 4],
]);

const EQUAL: readonly [name: string, a: unknown, b: unknown][] = [
  ['tensors of the same values', tensor([1, 2]), tensor([1, 2])],
  ['scalars', tensor(7), tensor(7)],
  ['empty tensors', zeros(2, 0), zeros(2, 0)],
  ['a row of a matrix and a vector', grid.at(1), tensor([3, 4])],
  ['a column of a matrix and a vector', grid.at([0, 2], 1), tensor([2, 4])],
  ['parameters', new Parameter(Float32Array.of(1, 2), [2]), new Parameter(Float32Array.of(1, 2), [2])],
  ['tensors inside of other values', { y: [tensor([1])] }, { y: [tensor([1])] }],
  ['layers of one seed', layer(), layer()],
  ['state dicts', layer().stateDict(), layer().stateDict()],
  ['streams that stand at the same place', pushed(7), pushed(7)],
];

const UNEQUAL: readonly [name: string, a: unknown, b: unknown][] = [
  ['other values', tensor([1, 2]), tensor([3, 4])],
  ['other shapes', tensor([1, 2]), tensor([[1, 2]])],
  ['other shapes without elements', zeros(2, 0), zeros(0, 2)],
  ['other dtypes', tensor([1, 2]), tensor([1, 2], { dtype: 'float64' })],
  ['other requiresGrad', tensor([1]), tensor([1], { requiresGrad: true })],
  ['scalars', tensor(7), tensor(8)],
  ['columns', grid.at([0, 2], 0), grid.at([0, 2], 1)],
  ['parameters', new Parameter(Float32Array.of(1), [1]), new Parameter(Float32Array.of(2), [1])],
  ['tensors inside of other values', { y: [tensor([1])] }, { y: [tensor([2])] }],
  ['weights', layer(), new Conv1d(2, 3, 5)],
  ['options', layer(), layer({ padding: 1 })],
  ['modes', layer(), layer().eval()],
  ['state dicts', layer().stateDict(), new Conv1d(2, 3, 5).stateDict()],
  ['places of streams', pushed(7), pushed(8)],
];

describe.each(COMPARISONS)('%s', (_, compare) => {
  test.each(EQUAL)('accepts %s', (_, a, b) => {
    expect(() => compare(a, b)).not.toThrow();
  });

  test.each(UNEQUAL)('refuses %s', (_, a, b) => {
    expect(() => compare(a, b)).toThrow();
  });

  test('says of a tensor without memory that it is gone', () => {
    expect(() => compare(transferred(), tensor([1, 2]))).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_DETACHED' }),
    );
  });
});

test('strict comparisons tell a parameter from a tensor', () => {
  const [a, b] = [new Parameter(Float32Array.of(1), [1]), tensor([1], { requiresGrad: true })];
  expect(() => assert.deepStrictEqual(a, b)).toThrow();
  expect(a).not.toStrictEqual(b);
});

test('a failed assertion shows the elements that differ', () => {
  expect(() => assert.deepStrictEqual(tensor([1, 2]), tensor([1, 3]))).toThrow(/\+ +2\n- +3\n/);
});

test('a tensor still prints as torch prints it, and no property can be assigned to unnoticed', () => {
  const t = tensor([1, 2]);
  expect(inspect({ t })).toBe('{ t: tensor([1., 2.]) }');
  expect(() => Object.assign(t, { data: Float32Array.of(3) })).toThrow(TypeError);
  Object.assign(t, { shape: [2, 1] });
  for (const use of [() => t.at(0), () => functional.conv1d(t, zeros(1, 2, 1)), () => t.reshape(1, 2), () => t.data]) {
    expect(use).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }));
  }
});

test('comparing reads the memory itself', () => {
  const t = rand(4, 2, 6);
  expect(Object.entries(t)).toContainEqual(['data', t.data]);
  expect(Object.getOwnPropertyDescriptor(t, 'data')!.get!.call(t)).toBe(t.data);
});

describe('a tensor that is carried elsewhere', () => {
  const tensors: readonly [name: string, t: Tensor][] = [
    ['float32', rand(4, 2, 6)],
    ['float64', rand([3], { dtype: 'float64', requiresGrad: true })],
    ['a scalar', tensor(5)],
    ['an empty one', zeros(2, 0)],
    ['a view', grid.at([0, 2], 1)],
    ['a result', layer().forward(rand(4, 2, 6))],
  ];

  test.each(tensors)('%s comes back whole from structuredClone', (_, t) => {
    const record = structuredClone(t);
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
    expect(Tensor.from(record)).toStrictEqual(t);
    expect(Tensor.from(record).data).toBe(record.data);
  });

  test('its memory moves when it is listed', async () => {
    const { port1, port2 } = new MessageChannel();
    const y = layer().forward(rand(4, 2, 6));
    const copy = y.clone();
    port1.postMessage(y, [y.data.buffer as ArrayBuffer]);
    const [message] = await once(port2, 'message');
    port1.close();
    expect(Tensor.from(message)).toStrictEqual(copy);
    expect(() => y.data).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_DETACHED' }));
  });

  test('one without memory cannot be cloned', () => {
    expect(() => structuredClone(transferred())).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_DETACHED' }));
  });

  test('a layer arrives with options and weights, a stream with its state', () => {
    const conv = layer({ padding: 'causal' });
    const record = structuredClone(conv);
    expect(record).toMatchObject({ inChannels: 2, padding: 'causal', dtype: 'float32', training: true });
    const twin = new Conv1d(2, 3, 5, { padding: 'causal' });
    twin.loadStateDict({ weight: Tensor.from(record.weight), bias: Tensor.from(record.bias!) });
    expect(twin).toStrictEqual(conv);
    const { state } = structuredClone(pushed(7)) as unknown as {
      state: ReturnType<ReturnType<typeof pushed>['getState']>;
    };
    const stream = layer().stream();
    stream.setState(state);
    expect(stream).toStrictEqual(pushed(7));
  });

  const uses: readonly [name: string, use: (x: Tensor) => unknown][] = [
    ['forward', (x) => layer().forward(x)],
    ['add', (x) => zeros(1).add(x)],
    ['loadStateDict', (x) => layer().loadStateDict({ weight: x, bias: x })],
  ];
  test.each(uses)('%s says that Tensor.from is missing', (_, use) => {
    expect(() => use(structuredClone(rand(2, 6)))).toThrow(/Tensor\.from\(\)/);
  });
});

describe('Tensor.from', () => {
  const data = Float32Array.of(1, 2);
  const refused: readonly [record: unknown, code: string][] = [
    [undefined, 'ERR_CONV1D_TYPE'],
    [[1, 2], 'ERR_CONV1D_TYPE'],
    [data, 'ERR_CONV1D_TYPE'],
    [{ data: [1, 2], shape: [2] }, 'ERR_CONV1D_TYPE'],
    [{ data }, 'ERR_CONV1D_TYPE'],
    [{ data, shape: 2 }, 'ERR_CONV1D_TYPE'],
    [{ data, shape: ['2'] }, 'ERR_CONV1D_TYPE'],
    [{ data, shape: [2], requiresGrad: 1 }, 'ERR_CONV1D_TYPE'],
    [{ data, shape: [2], dims: [2] }, 'ERR_CONV1D_OPTION'],
    [{ data, shape: [3] }, 'ERR_CONV1D_SHAPE'],
    [{ data, shape: [-2] }, 'ERR_CONV1D_SHAPE'],
    [{ data, shape: [0.5] }, 'ERR_CONV1D_VALUE'],
  ];
  test.each(refused)('refuses %j', (record, code) => {
    expect(() => Tensor.from(record as Tensor)).toThrow(expect.objectContaining({ code }));
  });

  test('gives a tensor back as it is', () => {
    expect(Tensor.from(grid)).toBe(grid);
  });
});
