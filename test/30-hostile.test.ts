import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as api from '../lib/index.ts';
import {
  Conv1d,
  ConvTranspose1d,
  compile,
  Module,
  Network,
  NetworkStream,
  NetworkStreams,
  optim,
  Parameter,
  rand,
  Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { ConvolutionLayer } from '../lib/nn/convolutionLayer.ts';

// Everything that is public, with values and receivers that nobody means well with: whatever comes back, an error has a code, and
// all calls come to an end.

const folder = mkdtempSync(join(tmpdir(), 'conv1d-hostile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the code of a hostile value throws: it comes through as it is. */
const THEIRS = new Error('thrown by the value itself');
function theirs(): never {
  throw THEIRS;
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const JUNK_SHAPE = { get: () => [Symbol('rows'), {}] };

const endless = Object.assign([1, 2, 3], {
  *[Symbol.iterator]() {
    for (;;) yield 1;
  },
});

const traps = { get: theirs, has: theirs, ownKeys: theirs, getPrototypeOf: theirs, getOwnPropertyDescriptor: theirs };

const HOSTILE: readonly [name: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ['NaN', Number.NaN],
  ['-1', -1],
  ['1.5', 1.5],
  ['2^53', 2 ** 53],
  ['a bigint', 5n],
  ['a string with a NUL', 'a\0b'],
  ['a symbol', Symbol('hostile')],
  ['an empty object', {}],
  ['an empty array', []],
  ['a function', () => {}],
  ['a revoked proxy', revoked({})],
  ['a revoked proxy of an array', revoked([])],
  ['a revoked proxy of a function', revoked(() => {})],
  ['a revoked proxy of bytes', revoked(new Uint8Array(8))],
  ['a proxy that throws', new Proxy({}, traps)],
  ['an object that throws as a string', { toString: theirs, valueOf: theirs, [Symbol.toPrimitive]: theirs }],
  ['an array of 2^32 - 1 holes', new Array(2 ** 32 - 1)],
  ['an array with an endless iterator', endless],
  ['an array of revoked proxies', [revoked({}), revoked([])]],
  ['an array of symbols', [Symbol('a'), Symbol('b')]],
  ['a heir of the prototype', Object.create(Tensor.prototype)],
  ['a proxy of a tensor', new Proxy(rand(2, 6), {})],
  ['a tensor with a shape of junk', Object.defineProperty(zeros(6), 'shape', JUNK_SHAPE)],
  ['integers', new Int32Array(4)],
  ['bytes of nothing', new Uint8Array(0)],
  ['memory that is gone', detached(new Float32Array(4))],
  ['bytes that are gone', detached(new Uint8Array(64))],
  ['memory that is gone and hidden', Object.defineProperty(detached(new Float32Array(4)), 'length', { value: 4 })],
  ['options with junk', { dtype: Symbol('x'), stride: {}, signal: revoked({}), prefix: revoked({}), out: revoked({}) }],
  [
    'a signal that throws',
    {
      signal: {
        get aborted() {
          return theirs();
        },
        addEventListener() {},
        removeEventListener() {},
      },
    },
  ],
];

function detached<T extends Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(array: T): T {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** What a call that went wrong threw or rejected with, unless that is fine: an error with a code, or one of the value's own. */
async function uncoded(call: () => unknown): Promise<unknown> {
  try {
    const result = await call();
    if (Object.prototype.toString.call(result) === '[object AsyncGenerator]') {
      for await (const _ of result as AsyncIterable<unknown>);
    }
    return undefined;
  } catch (error) {
    if (error === THEIRS) return undefined;
    return typeof (error as { code?: unknown } | undefined)?.code === 'string' ? undefined : error;
  }
}

/** A call for each hostile value in each place, and for every place at once; those that fail without a code. */
async function failures(good: readonly unknown[], call: (args: unknown[]) => unknown): Promise<string[]> {
  const found: string[] = [];
  for (const [name, value] of HOSTILE) {
    const calls = [good.map(() => value), ...good.map((_, i) => good.with(i, value)), [...good, value]];
    for (const args of calls) {
      const error = await uncoded(() => call(args));
      if (error !== undefined) found.push(`${name}: ${String(error)}`);
    }
  }
  return found;
}

const makeConv = () => new Conv1d(2, 3, 5);
const makeTransposed = () => new ConvTranspose1d(2, 3, 5);
const makeNetwork = () => compile(makeConv().eval(), { input: rand(2, 6) });
const makeStreams = () => {
  const streams = makeNetwork().streams({ capacity: 2 });
  streams.open();
  return streams;
};
const file = (name: string) => join(folder, name);
const conv = makeConv();

/** A parameter with a gradient, and what learns it. */
function makeParameter(): Tensor {
  const parameter = tensor([1, 2], { requiresGrad: true });
  parameter.grad = tensor([3, 4]);
  return parameter;
}
const makeSgd = () => new optim.SGD([makeParameter()], { lr: 0.1 });
const makeStepLR = () => new optim.lrScheduler.StepLR(makeSgd(), 2);
const makePlateau = () => new optim.lrScheduler.ReduceLROnPlateau(makeSgd());

/** Arguments that make sense, where a call needs some to come far. */
const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  loadCheckpoint: [file('none.pt'), {}],
  loadNpy: [file('none.npy')],
  loadSafetensors: [file('none.safetensors'), {}],
  loadWav: [file('none.wav')],
  parseCheckpoint: [new Uint8Array(20), {}],
  parseNpy: [new Uint8Array(20), 'bytes'],
  parseSafetensors: [new Uint8Array(20), {}],
  parseWav: [new Uint8Array(20), 'bytes'],
  saveNpy: [file('x.npy'), zeros(2)],
  saveSafetensors: [file('x.safetensors'), { x: zeros(2) }, { a: 'b' }],
  serializeNpy: [zeros(2)],
  ones: [1, {}],
  rand: [1, {}],
  randn: [1, {}],
  zeros: [[1], {}],
  tensor: [[1, 2], [2], {}],
  'functional.conv1d': [rand(2, 6), conv.weight, conv.bias, {}],
  'functional.convTranspose1d': [rand(2, 6), rand(2, 3, 5), conv.bias, {}],
  manualSeed: [1],
  setPrintOptions: [{}],
  'Tensor.from': [{ data: new Float32Array(2), shape: [2] }],
  'Conv1d.fromWeights': [conv.weight, conv.bias, {}],
  'Conv1d.fromSafetensors': [file('none.safetensors'), {}],
  setNumThreads: [1],
  'new Conv1d': [2, 3, 5, {}],
  'new ConvTranspose1d': [2, 3, 5, {}],
  'ConvTranspose1d.forward': [rand(2, 6), {}],
  'ConvTranspose1d.forwardAsync': [rand(2, 6), {}],
  'new Parameter': [new Float32Array(2), [2], true],
  'new Tensor': [new Float32Array(2), [2], false, 0, [1]],
  'new Module': [],
  'new Network': [],
  compile: [makeConv().eval(), { input: rand(2, 6) }],
  'Network.open': [{ conv1dNetwork: 'none' }],
  'Network.forward': [rand(2, 6)],
  'Network.forwardAsync': [rand(2, 6), {}],
  'Network.profile': [rand(2, 6)],
  'Network.summary': [[2, 6]],
  'Network.update': [conv.stateDict()],
  'Conv1d.forward': [rand(2, 6), {}],
  'Conv1d.forwardAsync': [rand(2, 6), {}],
  'Conv1d.forwardMany': [[rand(2, 6)], {}],
  'Conv1d.explain': [16, {}],
  'Conv1d.stream': [{}],
  'Conv1d.loadStateDict': [conv.stateDict(), {}],
  'Conv1d.train': [true],
  'Tensor.at': [0],
  'Tensor.add': [1],
  'Tensor.sub': [1],
  'Tensor.mul': [1],
  'Tensor.dot': [tensor([1])],
  'Tensor.reshape': [1],
  'optim.clipGradNorm': [[makeParameter()], 1, {}],
  'optim.clipGradValue': [[makeParameter()], 1],
  'new SGD': [[makeParameter()], { lr: 0.1 }],
  'new Adam': [[makeParameter()], {}],
  'new AdamW': [[makeParameter()], {}],
  'Optimizer.step': [() => 1],
  'Optimizer.zeroGrad': [{ setToNull: false }],
  'Optimizer.addParamGroup': [{ params: [makeParameter()] }],
  'Optimizer.loadStateDict': [makeSgd().stateDict()],
  'new StepLR': [makeSgd(), 2, {}],
  'new MultiStepLR': [makeSgd(), [2, 3], {}],
  'new ExponentialLR': [makeSgd(), 0.9, {}],
  'new CosineAnnealingLR': [makeSgd(), 10, {}],
  'new OneCycleLR': [makeSgd(), 0.1, { totalSteps: 10 }],
  'new LambdaLR': [makeSgd(), () => 1, {}],
  'new ReduceLROnPlateau': [makeSgd(), {}],
  'LRScheduler.loadStateDict': [makeStepLR().stateDict()],
  'ReduceLROnPlateau.step': [1],
  'ReduceLROnPlateau.loadStateDict': [makePlateau().stateDict()],
  'Conv1dStream.push': [rand(2, 6), {}],
  'Conv1dStream.flush': [{}],
  'Conv1dStream.reset': [[0]],
  'Conv1dStream.setState': [conv.stream().getState()],
  'Conv1dStream.outLength': [1],
  'Conv1dStream.over': [[rand(2, 6)]],
};

/** Nobody but a subclass calls these, and some need no receiver. */
const PROTECTED = new Set([
  'track',
  'onMode',
  'ownParameters',
  'ownBuffers',
  'bufferDefaults',
  'refresh',
  'knowsNorms',
  'extraRepr',
  'typeName',
  'learned',
  'learnedWeights',
]);

const Stream = conv.stream().constructor as { readonly prototype: object; readonly name: string };
const CLASSES = [
  { kind: Tensor, make: () => rand(2) },
  { kind: Parameter, make: () => new Parameter(new Float32Array(2), [2]) },
  { kind: Module, make: makeConv },
  { kind: ConvolutionLayer, make: makeConv },
  { kind: Conv1d, make: makeConv },
  { kind: ConvTranspose1d, make: makeTransposed },
  { kind: Stream, make: () => makeConv().stream() },
  { kind: Network, make: makeNetwork },
  { kind: NetworkStream, make: () => makeNetwork().stream() },
  { kind: NetworkStreams, make: makeStreams },
  { kind: optim.Optimizer, make: makeSgd },
  { kind: optim.lrScheduler.LRScheduler, make: makeStepLR },
  { kind: optim.lrScheduler.ReduceLROnPlateau, make: makePlateau },
] as const;

const { lrScheduler, clipGradNorm, clipGradValue, ...optimizers } = optim;

/** The members that a class adds, its constructor aside. */
function membersOf({ prototype }: { readonly prototype: object }): [key: string | symbol, PropertyDescriptor][] {
  const keys = Reflect.ownKeys(prototype).filter((key) => key !== 'constructor');
  return keys.map((key) => [key, Object.getOwnPropertyDescriptor(prototype, key)!]);
}

describe('every public function refuses hostile values with a code', () => {
  const functions: [name: string, call: (...args: unknown[]) => unknown][] = [];
  for (const [name, value] of [
    ...Object.entries(api),
    ['functional.conv1d', api.functional.conv1d],
    ['functional.convTranspose1d', api.functional.convTranspose1d],
  ] as const) {
    if (typeof value !== 'function') continue;
    const callee = value as unknown as ((...args: unknown[]) => unknown) & (new (...args: unknown[]) => unknown);
    const isClass = CLASSES.some(({ kind }) => (kind as unknown) === callee);
    functions.push(isClass ? [`new ${name}`, (...args) => new callee(...args)] : [name, callee]);
  }
  functions.push(['Tensor.from', Tensor.from as never], ['Conv1d.fromWeights', Conv1d.fromWeights as never]);
  functions.push(['Conv1d.fromSafetensors', Conv1d.fromSafetensors as never]);
  functions.push(['Network.open', Network.open as never]);
  functions.push(['optim.clipGradNorm', clipGradNorm as never], ['optim.clipGradValue', clipGradValue as never]);
  for (const [name, kind] of [...Object.entries(optimizers), ...Object.entries(lrScheduler)]) {
    functions.push([`new ${name}`, (...args) => Reflect.construct(kind, args)]);
  }
  functions.push(['new Conv1dStream', (...args) => Reflect.construct(Stream as never, args)]);

  test('all of them', () => {
    expect(functions.length).toBeGreaterThan(20);
  });

  test.each(functions)('%s', async (name, call) => {
    const found = await failures(GOOD[name] ?? [], (args) => call(...args));
    // The caller's function may throw what it likes.
    const calls = name === 'noGrad' || name === 'enableGrad' || name === 'new LambdaLR';
    expect(found.filter((each) => !(calls && each.startsWith('a revoked proxy of a function')))).toEqual([]);
  });
});

describe('every method refuses hostile values with a code', () => {
  const methods = CLASSES.flatMap(({ kind, make }) =>
    membersOf(kind)
      .filter(([key, { value }]) => typeof value === 'function' && !PROTECTED.has(String(key)))
      .map(([key]) => [`${kind.name}.${String(key)}`, key, make] as const),
  );
  test.each(methods)('%s', async (name, key, make) => {
    const call = (args: unknown[]) => {
      const owner = make() as unknown as Record<string | symbol, (...args: unknown[]) => unknown>;
      return owner[key]!(...args);
    };
    const found = await failures(GOOD[name] ?? GOOD[name.replace(/^(Module|ConvolutionLayer)/, 'Conv1d')] ?? [], call);
    // The caller's function that apply or step calls may throw what it likes.
    const calls = key === 'apply' || name === 'Optimizer.step';
    expect(found.filter((each) => !(calls && each.startsWith('a revoked proxy of a function')))).toEqual([]);
  });

  test.each([
    ['Tensor.isTensor', Tensor.isTensor],
    ['Module.isModule', Module.isModule],
    ['Conv1d.isConv1d', Conv1d.isConv1d],
    ['ConvTranspose1d.isConvTranspose1d', ConvTranspose1d.isConvTranspose1d],
    ['Optimizer.isOptimizer', optim.Optimizer.isOptimizer],
    ['LRScheduler.isLRScheduler', optim.lrScheduler.LRScheduler.isLRScheduler],
  ])('%s answers for any value', (_, is) => {
    const answers = HOSTILE.filter(([, value]) => is(value)).map(([name]) => name);
    expect(answers).toEqual(is === Tensor.isTensor ? ['a tensor with a shape of junk'] : []);
  });
});

describe('a getter or method on a wrong receiver is ERR_CONV1D_TYPE', () => {
  const cases = CLASSES.flatMap(({ kind, make }) =>
    membersOf(kind).map(
      ([key, descriptor]) => [`${kind.name}.${String(key)}`, String(key), kind, make, descriptor] as const,
    ),
  );
  test.each(cases)('%s', async (_, key, kind, make, { get, value }) => {
    const member = (get ?? value) as (this: unknown) => unknown;
    const receivers = [...HOSTILE.map(([, each]) => each), kind.prototype, kind, Object.create(kind.prototype)];
    const others = [new Proxy(make(), {}), make() instanceof Tensor ? conv : rand(2)];
    for (const receiver of [...receivers, ...others]) {
      if (Tensor.isTensor(receiver) && make() instanceof Tensor) continue;
      const call = async () => member.call(receiver);
      if (PROTECTED.has(key)) expect(await uncoded(call)).toBeUndefined();
      else await expect(call()).rejects.toMatchObject({ code: 'ERR_CONV1D_TYPE' });
    }
  });
});

describe('arrays are read by index and length', () => {
  test('of 2^20 signals at most', async () => {
    const signals = new Array<Tensor>(2 ** 20 + 1).fill(rand(2, 6));
    await expect(conv.forwardMany(signals)).rejects.toMatchObject({
      code: 'ERR_CONV1D_VALUE',
      message: 'forwardMany: signals may have at most 1048576 tensors, but has 1048577; give them in several calls',
    });
    await expect(conv.forwardMany(new Array(2 ** 32 - 1))).rejects.toMatchObject({ code: 'ERR_CONV1D_VALUE' });
  });

  test('whatever their iterators do', async () => {
    const signals = Object.assign([rand(2, 6)], { [Symbol.iterator]: endless[Symbol.iterator] });
    expect((await conv.forwardMany(signals as unknown as Tensor[])).map(({ shape }) => shape)).toEqual([[3, 2]]);
    const stream = conv.stream();
    const state = { ...stream.getState(), padding: Object.assign([0, 0] as const, { [Symbol.iterator]: theirs }) };
    stream.setState(state as never);
    expect(stream.outLength(6)).toBe(2);
  });
});

describe('typed arrays are read as they are, whatever properties hide it', () => {
  const lies = ['length', 'buffer', 'byteOffset', 'byteLength', 'subarray', 'slice', 'set'].flatMap((name) =>
    [Symbol('lie'), 1e9, undefined].map((value) => [name, value] as const),
  );
  const hide = <T extends object>(array: T, name: string, value: unknown): T =>
    Object.defineProperty(array, name, { value });
  test.each(lies)('%s: %s', async (name, value) => {
    const numbers = () => hide(new Float32Array([1, 2, 3, 4]), name, value);
    expect(tensor(numbers()).clone().toArray()).toEqual([1, 2, 3, 4]);
    expect(tensor(numbers(), { dtype: 'float64' }).toArray()).toEqual([1, 2, 3, 4]);
    expect(new Parameter(numbers(), [2, 2]).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(api.parseNpy(hide(Buffer.from(api.serializeNpy(tensor(numbers()))), name, value)).toArray()).toEqual([
      1, 2, 3, 4,
    ]);
    const stream = new Conv1d(1, 1, 1).stream();
    const lengths: number[] = [];
    for await (const y of stream.over([numbers()])) lengths.push(y.numel);
    expect(lengths).toEqual([4]);
  });
});

describe('a signal of somebody else settles its call', () => {
  /** Like an AbortSignal, of another make. */
  function signalLike(aborted: () => boolean) {
    const listeners = new Set<() => void>();
    return {
      get aborted() {
        return aborted();
      },
      reason: 'enough',
      addEventListener: (_: string, listener: () => void) => void listeners.add(listener),
      removeEventListener: (_: string, listener: () => void) => void listeners.delete(listener),
      abort: () => {
        for (const listener of listeners) listener();
      },
      listeners,
    };
  }
  const x = rand(2, 6);

  test('also when it throws at the second look: there is none', async () => {
    let looks = 0;
    const signal = signalLike(() => (++looks > 1 ? theirs() : false));
    expect((await conv.forwardAsync(x, { signal: signal as never })).shape).toEqual([3, 2]);
    expect([looks, signal.listeners.size, conv.pending]).toEqual([1, 0, 0]);
  });

  test('when it throws at the first', async () => {
    const signal = signalLike(theirs);
    await expect(conv.forwardAsync(x, { signal: signal as never })).rejects.toBe(THEIRS);
    await expect(conv.forwardMany([x], { signal: signal as never })).rejects.toBe(THEIRS);
    expect(conv.pending).toBe(0);
  });

  test.each(['addEventListener', 'removeEventListener'] as const)('when %s throws', async (name) => {
    const signal = { ...signalLike(() => false), aborted: false, [name]: theirs };
    const call = conv.forwardAsync(x, { signal: signal as never });
    if (name === 'addEventListener') await expect(call).rejects.toBe(THEIRS);
    else expect((await call).shape).toEqual([3, 2]);
    expect(conv.pending).toBe(0);
  });

  test('when its reason throws', async () => {
    const signal = Object.defineProperty(
      signalLike(() => true),
      'reason',
      { get: theirs },
    );
    await expect(conv.forwardAsync(x, { signal: signal as never })).rejects.toMatchObject({ code: 'ABORT_ERR' });
  });

  test('and it aborts', async () => {
    const signal = signalLike(() => false);
    const call = conv.forwardAsync(x, { signal: signal as never });
    signal.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' });
  });
});

describe('what has no elements takes no time', () => {
  test('many empty rows are not written out', () => {
    expect(() => zeros(2 ** 40, 0).toArray()).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_SHAPE' }));
    expect(zeros(2, 0).toArray()).toEqual([[], []]);
    expect(zeros(0, 2 ** 40).toArray()).toEqual([]);
  });

  test('a .npy file in Fortran order of 2^30 empty rows is read at once', () => {
    const dict = "{'descr': '<f4', 'fortran_order': True, 'shape': (1073741824, 0, 2), }";
    const bytes = Buffer.from(`\x93NUMPY\x01\x00${String.fromCharCode(dict.length + 1)}\x00${dict}\n`, 'latin1');
    expect(api.parseNpy(bytes).shape).toEqual([2 ** 30, 0, 2]);
  });
});

test('Module makes no layer, and a class without forward computes nothing', () => {
  expect(() => new Module()).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_TYPE' }));
  class Forgetful extends Module {}
  expect(() => new Forgetful().forward()).toThrow(
    expect.objectContaining({
      code: 'ERR_CONV1D_TYPE',
      message: 'Module [Forgetful] is missing the required "forward" function',
    }),
  );
  expect(new Forgetful().parameters()).toEqual([]);
});
