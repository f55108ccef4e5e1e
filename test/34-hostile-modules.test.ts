import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { functional, Module, nn, Parameter, rand, type StateDict, Tensor, tensor, zeros } from '../lib/index.ts';
import { revoked, THEIRS, theirs } from './helpers/hostile.ts';
import { codeOf, detach } from './helpers/refusals.ts';

// Networks that nobody means well with: they answer with an error that has a code, and what they hold is as it was or as it should be.

class Twin extends Module {
  constructor(
    readonly left: Module,
    readonly right: Module,
  ) {
    super();
  }
}

const linear = () => new nn.Linear(3, 2);

describe('a module that contains itself is refused', () => {
  class Loop extends Module {
    inner: Module = this;
  }
  const throughList = () => {
    const list = new nn.ModuleList();
    const outer = new Twin(list, linear());
    list.append(outer.right);
    Object.defineProperty(outer.right, 'list', { value: list, enumerable: true });
    return outer;
  };
  const calls: [name: string, call: (module: Module) => unknown][] = [
    ['eval', (module) => module.eval()],
    ['train', (module) => module.train()],
    ['stateDict', (module) => module.stateDict()],
    ['loadStateDict', (module) => module.loadStateDict({})],
    ['parameters', (module) => module.parameters()],
    ['modules', (module) => module.modules()],
    ['toString', (module) => String(module)],
    ['apply', (module) => module.apply(() => {})],
    ['pending', (module) => module.pending],
  ];
  test.each(calls)('by %s', (_, call) => {
    expect(codeOf(() => call(new Loop()))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => call(throughList()))).toBe('ERR_CONV1D_VALUE');
  });

  test('by append, and by the forward of a Sequential', () => {
    const sequence = new nn.Sequential();
    expect(codeOf(() => sequence.append(sequence))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => sequence.append(new nn.Sequential(sequence)))).toBe('ERR_CONV1D_VALUE');
    expect(sequence.length).toBe(0);
    class Again extends Module {
      sequence: nn.Sequential | undefined;
      override forward(x: Tensor): Tensor {
        return this.sequence!.forward(x);
      }
    }
    const again = new Again();
    sequence.append(again);
    again.sequence = sequence;
    expect(codeOf(() => sequence.forward(rand(2)))).toBe('ERR_CONV1D_VALUE');
    again.sequence = new nn.Sequential(new nn.ReLU());
    expect(sequence.forward(tensor([-1])).toArray()).toEqual([0]);
  });

  test('and so are too many, and too deep', () => {
    let twins: Module = linear();
    let deep: Module = linear();
    for (let i = 0; i < 40; i++) twins = new Twin(twins, twins);
    for (let i = 0; i < 600; i++) {
      const inner = deep;
      deep = new (class extends Module {
        readonly inner = inner;
      })();
    }
    expect(twins.modules().length).toBe(41);
    expect(twins.eval().training).toBe(false);
    for (const call of [() => twins.stateDict(), () => String(twins), () => twins.apply(() => {}), () => deep.eval()]) {
      expect(codeOf(call)).toBe('ERR_CONV1D_VALUE');
    }
  });
});

test('a module in two places has both names in the state dict, and is one module', () => {
  const shared = linear();
  const twin = new Twin(shared, shared);
  expect(Object.keys(twin.stateDict())).toEqual(['left.weight', 'left.bias', 'right.weight', 'right.bias']);
  expect([twin.children().length, twin.modules().length, twin.parameters().length]).toEqual([1, 2, 2]);
  twin.loadStateDict(new Twin(linear(), linear()).stateDict());
  const [left, right] = [twin.stateDict()['left.weight']!, twin.stateDict()['right.weight']!];
  expect(left.toArray()).toEqual(right.toArray());
});

test('two values of one name are refused, not lost', () => {
  class Hidden extends Module {
    constructor() {
      super();
      this.registerBuffer('weight', zeros(2));
    }
    readonly other = new Parameter(zeros(2));
  }
  const hidden = new Hidden();
  Object.defineProperty(hidden, 'weight', { value: new Parameter(zeros(3)), enumerable: true });
  expect(codeOf(() => hidden.stateDict())).toBe('ERR_CONV1D_VALUE');
  expect(codeOf(() => hidden.loadStateDict({}, { strict: false }))).toBe('ERR_CONV1D_VALUE');
});

describe('a Sequential', () => {
  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a promise', Promise.resolve(rand(2))],
    ['a number', 5],
  ])('whose module gives %s to the next says so', (_, value) => {
    class Broken extends Module {
      override forward(): unknown {
        return value;
      }
    }
    const sequence = new nn.Sequential(new Broken() as never, new nn.ReLU());
    expect(codeOf(() => sequence.forward(rand(2)))).toBe('ERR_CONV1D_TYPE');
  });
  test('lets through what a module throws, and works again', () => {
    const thrower = Object.assign(new nn.ReLU(), { forward: theirs });
    const sequence = new nn.Sequential(thrower as never);
    for (let i = 0; i < 1000; i++) expect(() => sequence.forward(rand(2))).toThrow(THEIRS);
    expect(new nn.Sequential(new nn.ReLU()).forward(tensor([-1])).toArray()).toEqual([0]);
  });
  test('has what it says, whatever its iterator does', () => {
    const sequence = new nn.Sequential(new nn.ReLU());
    Object.defineProperty(sequence, Symbol.iterator, { value: theirs });
    expect(sequence.forward(tensor([-1])).toArray()).toEqual([0]);
    const endless = Object.assign([new nn.ReLU()], { [Symbol.iterator]: theirs });
    expect(new nn.ModuleList(endless).length).toBe(1);
  });
});

describe('fields', () => {
  const cases: [name: string, layer: Module][] = [
    ['weight', linear()],
    ['bias', linear()],
    ['weight', new nn.Embedding(3, 2)],
    ['weight_ih_l0', new nn.LSTM(2, 3)],
    ['hiddenSize', new nn.GRU(2, 3)],
    ['runningMean', new nn.BatchNorm1d(2)],
    ['numBatchesTracked', new nn.BatchNorm1d(2)],
    ['mode', new nn.Upsample({ scaleFactor: 2 })],
    ['0', new nn.Sequential(linear())],
  ];
  test.each(cases)('%s of %s cannot be assigned to where the assignment would be ignored', (name, layer) => {
    const before = Reflect.get(layer, name);
    expect(() => Object.assign(layer, { [name]: zeros(1) })).toThrow(TypeError);
    expect(() => Object.defineProperty(layer, name, { value: null })).toThrow(TypeError);
    expect(Reflect.get(layer, name)).toBe(before);
  });

  const others: [name: string, layer: Module & { forward(x: Tensor): unknown }][] = [
    ['p', new nn.Dropout()],
    ['kernelSize', new nn.MaxPool1d(2)],
    ['stride', new nn.AvgPool1d(2)],
    ['outputSize', new nn.AdaptiveAvgPool1d(2)],
    ['outputSize', new nn.AdaptiveMaxPool1d(2)],
    ['padding', new nn.ConstantPad1d(1, 2)],
    ['dim', new nn.Softmax(1)],
    ['startDim', new nn.Flatten()],
    ['weight', new nn.PReLU()],
    ['alpha', new nn.Snake(2)],
    ['weight', new nn.GroupNorm(1, 2)],
    ['normalizedShape', new nn.LayerNorm(6)],
    ['negativeSlope', new nn.LeakyReLU()],
    ['approximate', new nn.GELU()],
  ];
  test.each(others)('%s of %s is read and checked at each call', (name, layer) => {
    for (const value of [undefined, null, 'x', Number.NaN, -1, {}, [], revoked([]), rand(7), 2 ** 53, Symbol('x')]) {
      Object.assign(layer, { [name]: value });
      expect(codeOf(() => layer.forward(rand(1, 2, 6)))).toMatch(/^(nothing|ERR_CONV1D_.*)$/);
    }
  });
});

describe('parameters whose memory is gone', () => {
  const layers: [name: string, layer: Module & { forward(x: never): unknown }, input: Tensor<'float32' | 'int64'>][] = [
    ['Linear', linear(), rand(4, 3)],
    ['Embedding', new nn.Embedding(3, 2), tensor([1n, 0n])],
    ['PReLU', new nn.PReLU(), rand(1, 2, 6)],
    ['Snake', new nn.Snake(2), rand(1, 2, 6)],
    ['LSTM', new nn.LSTM(6, 3), rand(1, 2, 6)],
    ['GRU', new nn.GRU(6, 3), rand(1, 2, 6)],
    ['BatchNorm1d', new nn.BatchNorm1d(2), rand(1, 2, 6)],
    ['GroupNorm', new nn.GroupNorm(1, 2), rand(1, 2, 6)],
    ['LayerNorm', new nn.LayerNorm(6), rand(1, 2, 6)],
  ];
  test.each(layers)('%s', (_, layer, input) => {
    layer.forward(input as never);
    detach(layer.parameters()[0]!.data);
    expect(codeOf(() => layer.forward(input as never))).toBe('ERR_CONV1D_DETACHED');
    expect(codeOf(() => layer.loadStateDict(layer.stateDict()))).toBe('ERR_CONV1D_DETACHED');
    expect(String(layer)).toMatch(/^\w+\(/);
  });
});

describe('eval and train', () => {
  test('change all modules or none', () => {
    const network = new nn.Sequential(linear(), linear(), linear());
    const x = rand(4, 3);
    const first = network.at(0);
    detach(network.at(2).parameters()[0]!.data);
    expect(codeOf(() => network.eval())).toBe('ERR_CONV1D_DETACHED');
    expect(network.modules().map(({ training }) => training)).toEqual([true, true, true, true]);
    const before = first.forward(x).toArray();
    for (const parameter of first.parameters()) parameter.data.fill(0);
    expect(first.forward(x).toArray()).not.toEqual(before);
  });

  test('let through what a child throws', () => {
    class Thrower extends Module {
      protected override onMode(): void {
        theirs();
      }
    }
    const twin = new Twin(linear(), new Thrower());
    for (const call of [() => twin.eval(), () => twin.train(), () => twin.train(false)]) {
      expect(call).toThrow(THEIRS);
      expect(twin.modules().map(({ training }) => training)).toEqual([true, true, true]);
    }
  });
});

test('apply lets through what its callback throws, at once', () => {
  const seen: Module[] = [];
  const network = new nn.Sequential(linear(), linear());
  const visit = (module: Module): void => {
    seen.push(module);
    theirs();
  };
  expect(() => network.apply(visit)).toThrow(THEIRS);
  expect(seen).toEqual([network.at(0)]);
  let count = 0;
  network.apply((module) => {
    count++;
    if (module === network) network.append(new nn.ReLU() as never);
  });
  expect([count, network.length]).toEqual([3, 3]);
});

test('names of buffers are refused where they are none, or taken', () => {
  class Own extends Module {
    readonly weight = new Parameter(zeros(2));
  }
  const own = new Own();
  own.registerBuffer('fine', zeros(1));
  for (const name of ['', 'a.b', 'fine', 'weight', 'forward', 'training', 'constructor', '__proto__', 'toString']) {
    expect(codeOf(() => own.registerBuffer(name, zeros(1)))).toBe('ERR_CONV1D_VALUE');
  }
  for (const name of [undefined, null, 5, {}, Symbol('x'), ['a'], revoked({})]) {
    expect(codeOf(() => own.registerBuffer(name as never, zeros(1)))).toBe('ERR_CONV1D_TYPE');
  }
  for (const value of [undefined, null, 5, new Float32Array(1), Object.create(Tensor.prototype)]) {
    expect(codeOf(() => own.registerBuffer('other', value as never))).toBe('ERR_CONV1D_TYPE');
  }
  expect(Object.keys(own.stateDict())).toEqual(['weight', 'fine']);
});

describe('loadStateDict', () => {
  const network = () => new nn.Sequential(linear(), new nn.BatchNorm1d(2));
  const valuesOf = (module: Module) => Object.entries(module.stateDict()).map(([key, x]) => [key, x.toArray()]);

  const wrong: [name: string, change: (dict: StateDict) => unknown, code: string][] = [
    ['one shape', (dict) => ({ ...dict, '1.running_var': zeros(3) }), 'ERR_CONV1D_STATE_DICT'],
    ['one missing', ({ '0.bias': _, ...dict }) => dict, 'ERR_CONV1D_STATE_DICT'],
    ['one too many', (dict) => ({ ...dict, '2.weight': zeros(1) }), 'ERR_CONV1D_STATE_DICT'],
    ['one no tensor', (dict) => ({ ...dict, '1.bias': [1, 2] }), 'ERR_CONV1D_STATE_DICT'],
    ['one revoked', (dict) => ({ ...dict, '1.bias': revoked({}) }), 'ERR_CONV1D_STATE_DICT'],
    ['one an heir', (dict) => ({ ...dict, '1.bias': Object.create(Tensor.prototype) }), 'ERR_CONV1D_STATE_DICT'],
    ['all revoked', () => revoked({}), 'ERR_CONV1D_TYPE'],
    ['a map', (dict) => new Map(Object.entries(dict)), 'ERR_CONV1D_TYPE'],
    ['an array', (dict) => Object.values(dict), 'ERR_CONV1D_TYPE'],
  ];
  test.each(wrong)('copies nothing with %s', (_, change, code) => {
    const module = network();
    const before = valuesOf(module);
    expect(codeOf(() => module.loadStateDict(change(network().stateDict()) as StateDict))).toBe(code);
    expect(valuesOf(module)).toEqual(before);
  });

  test('copies nothing when memory is gone or a getter throws, and reads each value once', () => {
    const module = network();
    const before = valuesOf(module);
    const dict = network().stateDict();
    const gone = { ...dict, '1.bias': rand(2) };
    detach(gone['1.bias'].data);
    expect(codeOf(() => module.loadStateDict(gone))).toBe('ERR_CONV1D_DETACHED');
    const throwing = Object.defineProperty({ ...dict }, '1.bias', { get: theirs, enumerable: true });
    expect(() => module.loadStateDict(throwing)).toThrow(THEIRS);
    expect(() => module.loadStateDict(new Proxy(dict, { ownKeys: theirs }))).toThrow(THEIRS);
    expect(valuesOf(module)).toEqual(before);
    let reads = 0;
    const counting = Object.defineProperty({ ...dict }, '1.bias', { get: () => reads++ && theirs(), enumerable: true });
    expect(codeOf(() => module.loadStateDict(counting))).toBe('ERR_CONV1D_STATE_DICT');
    expect(reads).toBe(1);
    module.loadStateDict(new Proxy(dict, {}));
    expect(Object.fromEntries(valuesOf(module))).toEqual(
      Object.fromEntries(Object.entries(dict).map(([k, x]) => [k, x.toArray()])),
    );
  });

  test('converts integers and bools, and does without num_batches_tracked', () => {
    const module = network();
    const { '1.num_batches_tracked': _, ...dict } = network().stateDict();
    module.forward(rand(4, 3));
    module.loadStateDict({
      ...dict,
      '0.weight': tensor([[1n, 2n, 3n], [4n, 5n, 6n]]), // biome-ignore format: a matrix
      '0.bias': tensor([true, false]),
      '1.running_mean': tensor([7, 8], { dtype: 'int32' }),
    });
    expect(Object.fromEntries(valuesOf(module))).toMatchObject({
      '0.weight': [[1, 2, 3], [4, 5, 6]], // biome-ignore format: a matrix
      '0.bias': [1, 0],
      '1.running_mean': [7, 8],
      '1.num_batches_tracked': 0,
    });
    module.loadStateDict({ ...dict, '1.num_batches_tracked': tensor(3.7) });
    expect(module.stateDict()['1.num_batches_tracked']!.item()).toBe(3);
  });

  test('takes both styles of weight norm under nested prefixes, and none of them in part', () => {
    const source = nn.weightNorm(linear());
    const { bias, weight_g: g, weight_v: v } = source.stateDict() as Record<string, Tensor>;
    const styles = [
      { 'a.0.bias': bias!, 'a.0.weight_g': g!, 'a.0.weight_v': v! },
      { 'a.0.bias': bias!, 'a.0.parametrizations.weight.original0': g!, 'a.0.parametrizations.weight.original1': v! },
    ];
    const x = rand(4, 3);
    for (const dict of styles) {
      for (const layer of [linear(), nn.weightNorm(linear()), nn.weightNorm(linear()).eval()]) {
        const outer = new nn.Sequential(layer);
        outer.loadStateDict(dict, { prefix: 'a.' });
        expect(outer.forward(x).toArray()).toEqual(source.forward(x).toArray());
      }
    }
    const mixed = { bias: bias!, weight_g: g!, 'parametrizations.weight.original1': v! };
    const plain = linear();
    const before = valuesOf(plain);
    expect(codeOf(() => plain.loadStateDict(mixed))).toBe('ERR_CONV1D_STATE_DICT');
    expect(codeOf(() => plain.loadStateDict({ bias: bias!, weight_g: zeros(3, 1), weight_v: v! }))).toBe(
      'ERR_CONV1D_STATE_DICT',
    );
    expect(valuesOf(plain)).toEqual(before);
  });
});

describe('running values', () => {
  const stateOf = (norm: nn.BatchNorm1d) => ({
    mean: norm.runningMean!.toArray(),
    variance: norm.runningVar!.toArray(),
    count: norm.numBatchesTracked!.item(),
  });
  const gone: (keyof nn.BatchNorm1d & ('weight' | 'bias' | 'runningMean' | 'runningVar'))[] = [
    'weight',
    'bias',
    'runningMean',
    'runningVar',
  ];
  test.each(gone)('stay as they were when forward throws as the memory of %s is gone', (name) => {
    const norm = new nn.BatchNorm1d(2);
    norm.forward(rand(4, 2, 6));
    const before = { mean: norm.runningMean!.clone(), variance: norm.runningVar!.clone() };
    detach(norm[name]!.data);
    expect(codeOf(() => norm.forward(rand(4, 2, 6)))).toBe('ERR_CONV1D_DETACHED');
    expect(norm.numBatchesTracked!.item()).toBe(1);
    if (name !== 'runningMean') expect(norm.runningMean!.toArray()).toEqual(before.mean.toArray());
    if (name !== 'runningVar') expect(norm.runningVar!.toArray()).toEqual(before.variance.toArray());
  });

  test('stay as they were when the counter is gone, or the input does not fit', () => {
    const norm = new nn.BatchNorm1d(2);
    for (const x of [
      rand(4, 3, 6),
      rand(1, 2),
      rand(2),
      rand(4, 2, 6, { dtype: 'float64' }),
      zeros(4, 2, { dtype: 'int64' }),
    ]) {
      expect(codeOf(() => norm.forward(x as Tensor))).toMatch(/^ERR_CONV1D_/);
      expect(stateOf(norm)).toEqual({ mean: [0, 0], variance: [1, 1], count: 0 });
    }
    detach(norm.numBatchesTracked!.data);
    expect(codeOf(() => norm.forward(rand(4, 2, 6)))).toBe('ERR_CONV1D_DETACHED');
    expect(norm.runningMean!.toArray()).toEqual([0, 0]);
  });

  test('learn nothing from nothing, as in PyTorch', () => {
    const norm = new nn.BatchNorm1d(2);
    expect(norm.forward(zeros(0, 2, 6)).shape).toEqual([0, 2, 6]);
    expect(norm.forward(zeros(3, 2, 0)).shape).toEqual([3, 2, 0]);
    expect(stateOf(norm)).toEqual({ mean: [0, 0], variance: [1, 1], count: 2 });
    const instance = new nn.InstanceNorm1d(2, { trackRunningStats: true });
    instance.forward(zeros(3, 2, 0));
    expect(instance.runningVar!.toArray()).toEqual([1, 1]);
  });

  test('are refused where they lie apart, since a copy would learn', () => {
    const apart = zeros(2, 2).at([0, 2], 0);
    const x = rand(4, 2, 6);
    const training = { training: true };
    expect(codeOf(() => functional.batchNorm(x, apart, zeros(2), null, null, training))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => functional.instanceNorm(x, zeros(2), apart))).toBe('ERR_CONV1D_VALUE');
    expect(functional.batchNorm(x, apart, apart.add(1)).shape).toEqual([4, 2, 6]);
  });

  test('that are the input itself do not change the result', () => {
    const x = tensor([[1, 2], [3, 5]]); // biome-ignore format: a matrix
    const expected = functional.batchNorm(x, null, null, null, null, { training: true });
    const first = x.at(0);
    expect(functional.batchNorm(x, first, null, null, null, { training: true }).toArray()).toEqual(expected.toArray());
  });
});

describe('states of recurrent layers', () => {
  test('may be each other, the input, or views of it', () => {
    const lstm = new nn.LSTM(3, 3);
    const x = rand(4, 2, 3);
    const first = x.narrow(0, 0, 1);
    const copy = () => first.clone();
    const expected = lstm.forward(x.clone(), [copy(), copy()])[0].toArray();
    const before = x.toArray();
    expect(lstm.forward(x, [first, first])[0].toArray()).toEqual(expected);
    const one = copy();
    expect(lstm.forward(x, [one, one])[0].toArray()).toEqual(expected);
    const [, state] = lstm.forward(x, [one, one]);
    expect(one.toArray()).toEqual(copy().toArray());
    lstm.forward(x, state);
    expect(x.toArray()).toEqual(before);
  });

  test('belong to their kind of layer', () => {
    const [lstm, gru] = [new nn.LSTM(3, 3), new nn.GRU(3, 3)];
    expect(codeOf(() => lstm.forward.call(gru as never, rand(4, 2, 3)))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => gru.forward.call(lstm as never, rand(4, 2, 3)))).toBe('ERR_CONV1D_TYPE');
  });
});

describe('weight norm', () => {
  test('is refused twice, on foreign modules, and for what is no parameter', () => {
    const layer = nn.weightNorm(linear());
    expect(codeOf(() => nn.weightNorm(layer))).toBe('ERR_CONV1D_VALUE');
    class Own extends Module {
      readonly weight = new Parameter(rand(2, 2));
    }
    expect(codeOf(() => nn.weightNorm(new Own()))).toBe('ERR_CONV1D_TYPE');
    for (const name of ['weights', 'forward', '__proto__', '', 'training', 5, null, {}, revoked({})]) {
      expect(codeOf(() => nn.weightNorm(linear(), name as string))).toBe('ERR_CONV1D_TYPE');
    }
    for (const dim of [2, -3, 0.5, 2 ** 53, Number.NaN, '0', {}]) {
      const plain = linear();
      expect(codeOf(() => nn.weightNorm(plain, 'weight', dim as number))).toMatch(/^ERR_CONV1D_/);
      expect(Object.keys(plain.stateDict())).toEqual(['weight', 'bias']);
    }
    const gone = linear();
    detach(gone.weight.data);
    expect(codeOf(() => nn.weightNorm(gone))).toBe('ERR_CONV1D_DETACHED');
    expect(Object.keys(gone.stateDict())).toEqual(['weight', 'bias']);
  });

  test('in evaluation mode takes what was written when eval is called again', () => {
    const layer = nn.weightNorm(linear()).eval();
    const x = rand(4, 3);
    const before = layer.forward(x).toArray();
    const g = layer.stateDict().weight_g as Tensor;
    g.data.fill(0);
    expect(layer.forward(x).toArray()).toEqual(before);
    const bias = layer.bias!.toArray();
    expect(layer.eval().forward(x).toArray()).toEqual([bias, bias, bias, bias]);
    expect(layer.train().forward(x).toArray()).toEqual([bias, bias, bias, bias]);
  });

  test('whose parts are gone stops a call in training mode, not a snapshot', () => {
    const layer = nn.weightNorm(linear()).eval();
    detach(layer.parameters()[1]!.data);
    expect(layer.forward(rand(4, 3)).shape).toEqual([4, 2]);
    expect(codeOf(() => layer.eval())).toBe('ERR_CONV1D_DETACHED');
    expect(codeOf(() => nn.removeWeightNorm(layer))).toBe('ERR_CONV1D_DETACHED');
    expect(codeOf(() => layer.train().forward(rand(4, 3)))).toBe('ERR_CONV1D_DETACHED');
  });
});

describe('layers are compared and cloned by what they hold', () => {
  const pairs: [name: string, one: Module, other: Module][] = [
    ['Linear', linear(), linear()],
    ['Sequential', new nn.Sequential(new nn.ReLU()), new nn.Sequential(new nn.Tanh())],
    ['ModuleList', new nn.ModuleList([linear()]), new nn.ModuleList([linear()])],
    ['longer Sequential', new nn.Sequential(new nn.ReLU()), new nn.Sequential(new nn.ReLU(), new nn.ReLU())],
    ['LSTM', new nn.LSTM(2, 3), new nn.LSTM(2, 3)],
    ['BatchNorm1d', new nn.BatchNorm1d(2), new nn.BatchNorm1d(2, { eps: 1e-3 })],
    ['MaxPool1d', new nn.MaxPool1d(2), new nn.MaxPool1d(3)],
    ['Dropout', new nn.Dropout(0.1), new nn.Dropout(0.2)],
    ['ReLU in another mode', new nn.ReLU(), new nn.ReLU().eval()],
  ];
  test.each(pairs)('%s', (_, one, other) => {
    expect(isDeepStrictEqual(one, other)).toBe(false);
    expect(isDeepStrictEqual(one, one)).toBe(true);
    const clone = structuredClone(one) as { training: boolean };
    expect(clone.training).toBe(true);
    expect(Module.isModule(clone)).toBe(false);
    expect(structuredClone(one)).toEqual(structuredClone(one));
  });
  test('a Sequential arrives with its modules', () => {
    const clone = structuredClone(new nn.Sequential(linear())) as unknown as Record<string, { weight: never }>;
    expect(Tensor.from(clone['0']!.weight).shape).toEqual([2, 3]);
  });
});
