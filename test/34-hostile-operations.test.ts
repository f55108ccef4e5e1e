import { describe, expect, test } from 'vitest';
import * as api from '../lib/index.ts';
import {
  type Dtype,
  functional,
  Module,
  manualSeed,
  nn,
  Parameter,
  rand,
  Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import {
  contents,
  HOSTILE,
  inColumns,
  inSharedMemory,
  ofAnotherRealm,
  resultOf,
  tensorsIn,
  thatIsGone,
  thatShrank,
  withGaps,
  withTensors,
} from './helpers/hostile.ts';
import { codeOf } from './helpers/refusals.ts';

// Every method of Tensor, every function and every layer, found by the exports, called with what nobody means well with: it gives a
// result or an error with a code, and changes nothing that it was given.

const integers = (...values: number[]) => tensor(values, { dtype: 'int64' });
const x = () => tensor([[1, 2, 3], [4, 5, -6]]); // biome-ignore format: a matrix
const signals = () => tensor([[[1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, -1]]]); // biome-ignore format: two channels
const mask = () => tensor([[true, false, true], [false, true, false]]); // biome-ignore format: a matrix

/** Arguments that make sense: of a method, the tensor first. */
type Arguments = () => unknown[];

const ofOne: Arguments = () => [x()];
const ofTwo: Arguments = () => [x(), x()];
const overDims: Arguments = () => [x(), [0, 1], { keepdim: true }];
const overOne: Arguments = () => [x(), 1, { keepdim: true }];
const extremeOf: Arguments = () => [x(), 1, { keepdim: true }];

const METHODS: Readonly<Record<string, Arguments>> = {
  ...Object.fromEntries(['add', 'sub', 'mul', 'div', 'pow', 'minimum', 'maximum'].map((name) => [name, ofTwo])),
  ...Object.fromEntries(['eq', 'ne', 'lt', 'le', 'gt', 'ge'].map((name) => [name, ofTwo])),
  ...Object.fromEntries(
    ['neg', 'abs', 'relu', 'sqrt', 'exp', 'log', 'sin', 'cos', 'tanh'].map((name) => [name, ofOne]),
  ),
  ...Object.fromEntries(['sigmoid', 'erf', 'square', 'reciprocal', 'rsqrt', 'log1p'].map((name) => [name, ofOne])),
  ...Object.fromEntries(['expm1', 'floor', 'ceil', 'round', 'sign', 'logicalNot'].map((name) => [name, ofOne])),
  ...Object.fromEntries(
    ['item', 'toArray', 'toJSON', 'toString', 'detach', 'clone', 'contiguous'].map((n) => [n, ofOne]),
  ),
  ...Object.fromEntries(['sum', 'mean', 'amax', 'amin', 'norm'].map((name) => [name, overDims])),
  ...Object.fromEntries(['prod', 'any', 'all', 'argmax', 'argmin'].map((name) => [name, overOne])),
  var: () => [x(), [0, 1], { keepdim: true, correction: 0 }],
  std: () => [x(), [0, 1], { keepdim: true, correction: 0 }],
  max: extremeOf,
  min: extremeOf,
  item: () => [tensor([3])],
  logicalAnd: () => [mask(), mask()],
  logicalOr: () => [mask(), mask()],
  matmul: () => [x(), tensor([[1], [2], [3]])],
  clamp: () => [x(), 0, 2],
  dot: () => [tensor([1, 2]), tensor([3, 4])],
  softmax: () => [x(), 1],
  logSoftmax: () => [x(), 1],
  cumsum: () => [x(), 1],
  sort: () => [x(), 1, { descending: true }],
  topk: () => [x(), 2, 1, { largest: false, sorted: true }],
  gather: () => [x(), 1, tensor([[0n, 2n], [1n, 0n]])], // biome-ignore format: a matrix
  indexSelect: () => [x(), 1, integers(2, 0)],
  at: () => [x(), 1, [0, 2]],
  reshape: () => [x(), 3, -1],
  permute: () => [x(), 1, 0],
  transpose: () => [x(), 0, 1],
  flatten: () => [x(), 0, 1],
  squeeze: () => [x(), 0],
  unsqueeze: () => [x(), 1],
  expand: () => [x(), 2, -1, 3],
  repeatInterleave: () => [x(), 2, 1],
  narrow: () => [x(), 1, 1, 2],
  split: () => [x(), [1, 2], 1],
  chunk: () => [x(), 2, 1],
  flip: () => [x(), 0, 1],
  to: () => [x(), 'float64'],
};

const ofInput: Arguments = () => [signals()];
const norm = () => [tensor([1, 2]), tensor([3, 4])] as const;

const ofPair: Arguments = () => [x(), x(), { reduction: 'sum' }];
const ofLogits: Arguments = () => [x(), x(), { weight: rand(3), posWeight: rand(2, 1), reduction: 'sum' }];
const ofClasses: Arguments = () => [x(), integers(2, 0), { weight: rand(3), ignoreIndex: 0, labelSmoothing: 0.1 }];

const FUNCTIONS: Readonly<Record<string, Arguments>> = {
  cat: () => [[x(), x()], 1],
  stack: () => [[x(), x()], 1],
  where: () => [mask(), x(), x()],
  ...Object.fromEntries(['relu', 'sigmoid', 'tanh', 'silu'].map((name) => [`functional.${name}`, ofInput])),
  'functional.leakyRelu': () => [x(), 0.1],
  'functional.elu': () => [x(), 2],
  'functional.gelu': () => [x(), { approximate: 'tanh' }],
  'functional.softplus': () => [x(), 2, 10],
  'functional.hardtanh': () => [x(), -2, 2],
  'functional.glu': () => [signals(), 1],
  'functional.softmax': () => [x(), 1],
  'functional.logSoftmax': () => [x(), 1],
  'functional.prelu': () => [signals(), tensor([0.1, 0.2])],
  'functional.snake': () => [signals(), tensor([0.1, 0.2])],
  'functional.conv1d': () => [signals(), rand(3, 2, 5), rand(3), { stride: 1, padding: 1, dilation: 1, groups: 1 }],
  'functional.convTranspose1d': () => [signals(), rand(2, 3, 5), rand(3), { stride: 1, padding: 1 }],
  'functional.dropout': () => [signals(), 0.5, { training: true }],
  'functional.interpolate': () => [signals(), { scaleFactor: 2, size: null, mode: 'linear', alignCorners: true }],
  'functional.embedding': () => [integers(1, 0), rand(3, 2), { paddingIdx: 1 }],
  'functional.linear': () => [x(), rand(4, 3), rand(4)],
  'functional.batchNorm': () => [signals(), ...norm(), ...norm(), { training: false, momentum: 0.1, eps: 1e-5 }],
  'functional.instanceNorm': () => [
    signals(),
    ...norm(),
    ...norm(),
    { useInputStats: false, momentum: 0.1, eps: 1e-5 },
  ],
  'functional.groupNorm': () => [signals(), 2, ...norm(), { eps: 1e-5 }],
  'functional.layerNorm': () => [x(), [3], rand(3), rand(3), { eps: 1e-5 }],
  'functional.stft': () => [
    rand(2, 30),
    8,
    {
      hopLength: 3,
      winLength: 6,
      window: rand(6),
      center: true,
      padMode: 'reflect',
      normalized: true,
      onesided: false,
      returnComplex: false,
    },
  ],
  'functional.istft': () => [
    rand(2, 5, 7, 2),
    8,
    { hopLength: 2, winLength: 8, window: rand(8).add(0.5), center: true, normalized: true, onesided: true, length: 9 },
  ],
  'functional.spectrogram': () => [
    rand(2, 30),
    8,
    { hopLength: 3, winLength: 6, window: rand(6), center: true, padMode: 'constant', power: 1, normalized: true },
  ],
  'functional.melFilterbank': () => [
    9,
    { fMin: 100, fMax: 4000, nMels: 4, sampleRate: 16000, norm: 'slaney', melScale: 'slaney', dtype: 'float64' },
  ],
  'functional.resample': () => [
    signals(),
    3,
    2,
    { lowpassFilterWidth: 6, rolloff: 0.9, resamplingMethod: 'sinc_interp_kaiser', beta: 10 },
  ],
  ...Object.fromEntries(
    ['hannWindow', 'blackmanWindow', 'bartlettWindow'].map((name) => [
      `functional.${name}`,
      () => [5, { periodic: false, dtype: 'float64' }],
    ]),
  ),
  'functional.hammingWindow': () => [5, { periodic: false, alpha: 0.5, beta: 0.5, dtype: 'float64' }],
  'functional.kaiserWindow': () => [5, { periodic: false, beta: 8, dtype: 'float64' }],
  'functional.pad': () => [signals(), [1, 2], { mode: 'constant', value: 1 }],
  'functional.maxPool1d': () => [
    signals(),
    2,
    { stride: 1, padding: 1, dilation: 1, ceilMode: true, returnIndices: true },
  ],
  'functional.avgPool1d': () => [signals(), 2, { stride: 1, padding: 1, ceilMode: true, countIncludePad: false }],
  'functional.adaptiveAvgPool1d': () => [signals(), 2],
  'functional.adaptiveMaxPool1d': () => [signals(), [2], { returnIndices: true }],
  ...Object.fromEntries(['mseLoss', 'l1Loss'].map((name) => [`functional.${name}`, ofPair])),
  'functional.smoothL1Loss': () => [x(), x(), { beta: 0.5, reduction: 'none' }],
  ...Object.fromEntries(
    ['bceWithLogitsLoss', 'binaryCrossEntropyWithLogits'].map((name) => [`functional.${name}`, ofLogits]),
  ),
  'functional.nllLoss': () => [x(), integers(2, 0), { weight: rand(3), ignoreIndex: 0, reduction: 'sum' }],
  ...Object.fromEntries(['crossEntropyLoss', 'crossEntropy'].map((name) => [`functional.${name}`, ofClasses])),
  'nn.weightNorm': () => [new nn.Linear(3, 2), 'weight', 0],
  'nn.removeWeightNorm': () => [nn.weightNorm(new nn.Linear(3, 2)), 'weight'],
};

interface LayerEntry {
  /** Of the constructor. */
  readonly make: Arguments;
  /** Of forward. */
  readonly call: Arguments;
}

const plain: LayerEntry = { make: () => [], call: ofInput };
const running = { eps: 1e-5, momentum: 0.1, affine: true, trackRunningStats: false, dtype: 'float32' };
const recurrent = { numLayers: 2, bias: true, batchFirst: true, dropout: 0, bidirectional: true, dtype: 'float32' };

const LAYERS: Readonly<Record<string, LayerEntry>> = {
  ...Object.fromEntries(['ReLU', 'SiLU', 'Tanh', 'Sigmoid', 'Identity'].map((name) => [name, plain])),
  LeakyReLU: { make: () => [0.1], call: ofInput },
  ELU: { make: () => [2], call: ofInput },
  GELU: { make: () => [{ approximate: 'tanh' }], call: ofInput },
  Softplus: { make: () => [{ beta: 2, threshold: 10 }], call: ofInput },
  Hardtanh: { make: () => [{ minVal: -2, maxVal: 2 }], call: ofInput },
  PReLU: { make: () => [2, { init: 0.1, dtype: 'float32' }], call: ofInput },
  Snake: { make: () => [2, { dtype: 'float32' }], call: ofInput },
  Dropout: { make: () => [0.5], call: ofInput },
  Upsample: { make: () => [{ size: 3, scaleFactor: null, mode: 'linear', alignCorners: true }], call: ofInput },
  Softmax: { make: () => [1], call: ofInput },
  LogSoftmax: { make: () => [1], call: ofInput },
  GLU: { make: () => [1], call: ofInput },
  Flatten: { make: () => [0, 1], call: ofInput },
  Linear: { make: () => [3, 4, { bias: true, dtype: 'float32' }], call: ofOne },
  Embedding: { make: () => [3, 2, { paddingIdx: 1, dtype: 'float32' }], call: () => [integers(1, 0)] },
  BatchNorm1d: { make: () => [2, running], call: ofInput },
  InstanceNorm1d: { make: () => [2, running], call: ofInput },
  GroupNorm: { make: () => [1, 2, { eps: 1e-5, affine: true, dtype: 'float32' }], call: ofInput },
  LayerNorm: { make: () => [[3], { eps: 1e-5, elementwiseAffine: true, dtype: 'float32' }], call: ofOne },
  ConstantPad1d: { make: () => [[1, 2], 3], call: ofInput },
  ZeroPad1d: { make: () => [[1, 2]], call: ofInput },
  ReflectionPad1d: { make: () => [[1, 2]], call: ofInput },
  ReplicationPad1d: { make: () => [[1, 2]], call: ofInput },
  MaxPool1d: {
    make: () => [2, { stride: 1, padding: 1, dilation: 1, ceilMode: true, returnIndices: true }],
    call: ofInput,
  },
  AvgPool1d: { make: () => [2, { stride: 1, padding: 1, ceilMode: true, countIncludePad: false }], call: ofInput },
  AdaptiveAvgPool1d: { make: () => [2], call: ofInput },
  AdaptiveMaxPool1d: { make: () => [2, { returnIndices: true }], call: ofInput },
  LSTM: { make: () => [6, 3, recurrent], call: () => [signals(), [rand(4, 1, 3), rand(4, 1, 3)]] },
  GRU: { make: () => [6, 3, recurrent], call: () => [signals(), rand(4, 1, 3)] },
  ...Object.fromEntries(['MSELoss', 'L1Loss'].map((name) => [name, { make: () => [{}], call: ofTwo }])),
  SmoothL1Loss: { make: () => [{ beta: 0.5, reduction: 'none' }], call: ofTwo },
  BCEWithLogitsLoss: { make: () => [{ weight: rand(3), posWeight: rand(2, 1), reduction: 'sum' }], call: ofTwo },
  NLLLoss: { make: () => [{ weight: rand(3), ignoreIndex: 0 }], call: () => [x(), integers(2, 0)] },
  CrossEntropyLoss: {
    make: () => [{ weight: rand(3), ignoreIndex: 0, labelSmoothing: 0.1, reduction: 'sum' }],
    call: () => [x(), integers(2, 0)],
  },
  Conv1d: { make: () => [2, 3, 5, { padding: 1, dtype: 'float32' }], call: ofInput },
  ConvTranspose1d: { make: () => [2, 3, 5, { padding: 1, dtype: 'float32' }], call: ofInput },
  Sequential: { make: () => [new nn.ReLU(), new nn.Tanh()], call: ofInput },
  ModuleList: { make: () => [[new nn.ReLU()]], call: ofInput },
};

/** Tested elsewhere, and no operations: factories, files, the classes themselves. */
const NOT_HERE = [
  'NetworkStream',
  'NetworkStreams',
  'compile',
  'Network',
  ...['noGrad', 'enableGrad', 'isGradEnabled'],

  ...[
    'Conv1d',
    'ConvTranspose1d',
    'Module',
    'Parameter',
    'Tensor',
    'functional',
    'nn',
    'optim',
    'cpuInfo',
    'getNumThreads',
  ],
  ...[
    'setNumThreads',
    'setPrintOptions',
    'manualSeed',
    'tensor',
    'zeros',
    'ones',
    'rand',
    'randn',
    'loadNpy',
    'parseNpy',
  ],
  ...['saveNpy', 'serializeNpy', 'loadSafetensors', 'parseSafetensors', 'saveSafetensors', 'loadWav', 'parseWav'],
  ...['loadCheckpoint', 'parseCheckpoint'],
];

/** Nobody but a subclass calls these. */
const INTERNAL = new Set([
  'typeName',
  'extraRepr',
  'onMode',
  'bufferDefaults',
  'run',
  'check',
  'ownParameters',
  'knowsNorms',
]);

type Callee = (...args: never[]) => unknown;
type Layer = Module & { forward(...args: unknown[]): unknown };

function methodsOf(prototype: object): string[] {
  return Object.getOwnPropertyNames(prototype).filter(
    (name) => name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(prototype, name)!.value === 'function',
  );
}

function makeLayer(name: string, args: readonly unknown[]): Layer {
  manualSeed(1);
  return Reflect.construct(nn[name as 'ReLU'], args) as Layer;
}

/** All that is called here: its name, its good arguments, and a call with any. */
const CALLS: readonly [name: string, good: Arguments, call: (args: readonly unknown[]) => unknown][] = [
  ...Object.entries(METHODS).map(([name, good]): (typeof CALLS)[number] => [
    `Tensor.${name}`,
    good,
    ([self, ...args]) => (Tensor.prototype[name as 'add'] as Callee).apply(self as Tensor, args as never[]),
  ]),
  ...Object.entries(FUNCTIONS).map(([name, good]): (typeof CALLS)[number] => {
    const path = name.split('.');
    const callee = path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], api) as Callee;
    return [name, good, (args) => callee(...(args as never[]))];
  }),
  ...Object.entries(LAYERS).map(([name, { make }]): (typeof CALLS)[number] => [
    `new ${name}`,
    make,
    (args) => makeLayer(name, args),
  ]),
  ...Object.entries(LAYERS)
    .filter(([name]) => name !== 'ModuleList')
    .map(([name, { make, call }]): (typeof CALLS)[number] => [
      `${name}.forward`,
      call,
      (args) => makeLayer(name, make()).forward(...args),
    ]),
];

const COMPUTING = CALLS.filter(([name]) => !name.startsWith('new ') && !name.startsWith('nn.'));

/** The call with the generator at one place, so that Dropout does what it did. */
function seeded(call: () => unknown): unknown {
  manualSeed(2);
  return call();
}

/** In training mode a norm writes its running mean and variance, its second and third argument. */
function keptBy(call: unknown, args: readonly unknown[]): readonly unknown[] {
  const learns = CALLS.some(([name, , own]) => own === call && /functional.(batch|instance)Norm/.test(name));
  return learns ? args.filter((_, i) => i !== 1 && i !== 2) : args;
}

/** The result or an error with a code, a result that can be looked at, and all tensors as they were. */
function expectSafe(call: (args: readonly unknown[]) => unknown, args: readonly unknown[]): void {
  const given = tensorsIn(keptBy(call, args)).filter((each) => resultOf(() => each.data) !== undefined);
  const before = contents(given);
  const results = tensorsIn(resultOf(() => call(args)));
  for (const result of results) {
    expect(result.shape.every((size) => Number.isSafeInteger(size) && size >= 0)).toBe(true);
    if (result.numel < 1000) resultOf(() => expect(result.data.length).toBe(result.numel));
    resultOf(() => String(result));
  }
  expect(contents(given)).toEqual(before);
}

describe('the tables name everything that is exported', () => {
  test('all methods of Tensor', () => {
    const computing = methodsOf(Tensor.prototype).filter((name) => name !== 'backward' && name !== 'retainGrad');
    expect(Object.keys(METHODS).sort()).toEqual(computing.sort());
  });
  test('all functions', () => {
    const own = Object.keys(api).filter((name) => !NOT_HERE.includes(name));
    const functions = [...own, ...Object.keys(functional).map((name) => `functional.${name}`)];
    expect(
      Object.keys(FUNCTIONS)
        .filter((name) => !name.startsWith('nn.'))
        .sort(),
    ).toEqual(functions.sort());
  });
  test('all layers and functions of nn', () => {
    const functions = Object.keys(FUNCTIONS).filter((name) => name.startsWith('nn.'));
    const named = [...Object.keys(LAYERS), ...functions.map((name) => name.slice(3)), 'Module', 'Parameter'];
    expect(named.sort()).toEqual(Object.keys(nn).sort());
  });
  test.each(CALLS)('%s takes its good arguments', (_, good, call) => {
    expect(() => call(good())).not.toThrow();
  });
});

describe('hostile values in each place, in all of them, and as one more', () => {
  test.each(CALLS)('%s', (_, good, call) => {
    for (const [, value] of HOSTILE) {
      const count = good().length;
      for (let i = 0; i < count; i++) expectSafe(call, good().with(i, value));
      expectSafe(call, [...good(), value]);
      expectSafe(call, new Array(count + 1).fill(value));
    }
  });
});

test('a layer with more elements than a tensor may have is refused before its memory is asked for', () => {
  const calls = [
    () => new nn.PReLU(2 ** 32),
    () => new nn.Snake(2 ** 32),
    () => new nn.Linear(2 ** 32, 1),
    () => new nn.Embedding(2 ** 16, 2 ** 16),
    () => new nn.LayerNorm([2 ** 16, 2 ** 16]),
    () => new nn.GroupNorm(1, 2 ** 32),
    () => new nn.BatchNorm1d(2 ** 32),
    () => new nn.InstanceNorm1d(2 ** 32, { trackRunningStats: true }),
  ];
  for (const call of calls) expect(codeOf(call)).toBe('ERR_CONV1D_SHAPE');
});

describe('a layer made of hostile values prints itself and computes, or throws an error with a code', () => {
  test.each(Object.keys(LAYERS))('%s', (name) => {
    const { make, call } = LAYERS[name]!;
    for (const [, value] of HOSTILE) {
      const parts = make().flatMap((part, i) => {
        const options = isOptions(part) ? Object.keys(part) : [];
        return [value, ...options.map((key) => ({ ...(part as object), [key]: value }))].map((each) =>
          make().with(i, each),
        );
      });
      for (const args of parts) {
        const layer = resultOf(() => makeLayer(name, args)) as Layer | undefined;
        if (layer === undefined) continue;
        expect(typeof String(layer)).toBe('string');
        expectSafe((given) => layer.forward(...given), call());
        resultOf(() => layer.eval());
        expectSafe((given) => layer.forward(...given), call());
      }
    }
  });
});

describe('hostile values within arrays and options', () => {
  test.each(CALLS)('%s', (_, good, call) => {
    for (const [, value] of HOSTILE) {
      good().forEach((part, i) => {
        if (Array.isArray(part)) {
          for (let at = 0; at < part.length; at++) expectSafe(call, good().with(i, part.with(at, value)));
        } else if (isOptions(part)) {
          for (const key of Object.keys(part)) expectSafe(call, good().with(i, { ...part, [key]: value }));
        }
      });
    }
  });
});

function isOptions(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

describe('options', () => {
  const withOptions = CALLS.filter(([, good]) => isOptions(good().at(-1)));
  test.each(withOptions)('of %s are read once, and none is unknown', (_, good, call) => {
    const args = good();
    const options = args.at(-1) as Record<string, unknown>;
    const reads = new Map<string, number>();
    const counting: object = {};
    for (const [key, value] of Object.entries(options)) {
      Object.defineProperty(counting, key, {
        enumerable: true,
        get: () => {
          reads.set(key, (reads.get(key) ?? 0) + 1);
          return value;
        },
      });
    }
    call([...args.slice(0, -1), counting]);
    expect([...reads.values()].filter((count) => count !== 1)).toEqual([]);
    const unknown = [{ ...options, keepdims: true }, { [Symbol('keepdim')]: true }];
    for (const each of unknown) {
      expect(codeOf(() => call([...args.slice(0, -1), each]))).toBe('ERR_CONV1D_OPTION');
    }
    for (const each of [null, 5, 'keepdim', [], () => {}, 5n]) {
      expect(codeOf(() => call([...args.slice(0, -1), each]))).toMatch(/^ERR_CONV1D_(TYPE|OPTION)$/);
    }
  });
});

describe('tensors of other dtypes, without elements, of 64 dimensions', () => {
  const changes: ((one: Tensor<Dtype>) => Tensor<Dtype>)[] = [
    ...(['float32', 'float64', 'int64', 'int32', 'bool'] as const).map(
      (dtype) => (one: Tensor<Dtype>) => one.to(dtype),
    ),
    (one) =>
      zeros(
        one.shape.map(() => 0),
        { dtype: one.dtype },
      ),
    (one) => zeros(one.shape.with(0, 0), { dtype: one.dtype }),
    (one) => zeros(one.shape.with(-1, 0), { dtype: one.dtype }),
    (one) => zeros([2 ** 40, ...one.shape.slice(1), 0], { dtype: one.dtype }),
    (one) => zeros(new Array(64).fill(1), { dtype: one.dtype }),
    (one) => tensor([1]).to(one.dtype).expand(2, 3, 6),
  ];
  test.each(COMPUTING)('%s', (_, good, call) => {
    for (const change of changes) {
      expectSafe(call, withTensors(good(), change) as unknown[]);
      good().forEach((part, i) => {
        expectSafe(call, good().with(i, withTensors(part, change)));
      });
    }
  });
});

describe('memory', () => {
  test.each([withGaps, inColumns])('%o lies in another order', (change) => {
    expect(change(x()).isContiguous).toBe(false);
    expect(change(x()).toArray()).toEqual(x().toArray());
  });

  test.each(COMPUTING)('that is gone gives no result of %s', (_, good, call) => {
    for (const change of [thatIsGone, thatShrank]) {
      good().forEach((part, i) => {
        if (tensorsIn(part).length === 0) return;
        const code = codeOf(() => {
          const result = call(good().with(i, withTensors(part, change)));
          // What is a view says so when it is read.
          return tensorsIn(result).map((each) => each.data);
        });
        expect(code).toBe('ERR_CONV1D_DETACHED');
      });
    }
  });

  test.each(COMPUTING)(
    'that is shared, of another realm, in another order or with gaps gives the same result of %s',
    (_, good, call) => {
      manualSeed(3);
      const args = good();
      const expected = contents(seeded(() => call(args)));
      for (const change of [inSharedMemory, ofAnotherRealm, withGaps, inColumns]) {
        const changed = withTensors(args, change) as unknown[];
        expect(contents(seeded(() => call(changed)))).toEqual(expected);
      }
    },
  );
});

describe('what a tensor says of itself is not asked for', () => {
  const names = Object.getOwnPropertyNames(Tensor.prototype).filter((name) => name !== 'constructor');
  test.each(COMPUTING)('%s', (_, good, call) => {
    manualSeed(3);
    const args = good();
    const expected = contents(seeded(() => call(args)));
    const asked: string[] = [];
    const liars = withTensors(args, (one) => {
      const lie = one.clone();
      for (const name of [...names, 'shape', 'requiresGrad']) {
        Object.defineProperty(lie, name, { get: () => asked.push(name), configurable: true });
      }
      return lie;
    }) as unknown[];
    const result = seeded(() => call(liars));
    expect(asked.filter((name) => name !== 'requiresGrad')).toEqual([]);
    // Some give their input back.
    if (!tensorsIn(liars).some((each) => tensorsIn(result).includes(each))) expect(contents(result)).toEqual(expected);
  });
});

describe('a wrong receiver', () => {
  const receivers = [...HOSTILE.map(([, value]) => value), new nn.ReLU(), Tensor, Tensor.prototype];
  test.each(Object.keys(METHODS))('of Tensor.%s is ERR_CONV1D_TYPE', (name) => {
    const method = Tensor.prototype[name as 'add'] as Callee;
    for (const receiver of receivers) {
      if (Tensor.isTensor(receiver)) continue;
      const args = METHODS[name]!().slice(1) as never[];
      expect(codeOf(() => method.apply(receiver as Tensor, args))).toBe('ERR_CONV1D_TYPE');
    }
  });

  const members = Object.keys(LAYERS).flatMap((name) => {
    const found: [string, string, PropertyDescriptor][] = [];
    for (let at = nn[name as 'ReLU'].prototype; at !== Module.prototype; at = Object.getPrototypeOf(at)) {
      for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
        if (key !== 'constructor' && !INTERNAL.has(key)) found.push([name, key, descriptor]);
      }
    }
    return found;
  });
  test.each(members)(
    'of %s.%s is ERR_CONV1D_TYPE, that of another layer a result or an error',
    async (name, key, { get, value }) => {
      const member = (get ?? value) as (this: unknown, ...args: unknown[]) => unknown;
      const args = key === 'forward' ? LAYERS[name]!.call() : [];
      const heirs = [Object.create(nn[name as 'ReLU'].prototype), nn[name as 'ReLU'].prototype, nn[name as 'ReLU']];
      for (const receiver of [...receivers, ...heirs, rand(2)]) {
        if (Module.isModule(receiver)) continue;
        const call = async () => member.apply(receiver, args);
        await expect(call()).rejects.toMatchObject({ code: 'ERR_CONV1D_TYPE' });
      }
      for (const other of Object.keys(LAYERS)) {
        const layer = makeLayer(other, LAYERS[other]!.make());
        try {
          await member.apply(layer, args);
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_CONV1D_/) });
        }
      }
    },
  );
});

test('parameters are tensors', () => {
  expect(codeOf(() => new Parameter(tensor([true]) as never))).toBe('ERR_CONV1D_DTYPE');
});
