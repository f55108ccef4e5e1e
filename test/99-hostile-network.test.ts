import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type CompileOptions,
  compile,
  type Module,
  Network,
  nn,
  rand,
  type StateDict,
  setNumThreads,
  Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import {
  HOSTILE,
  inColumns,
  inSharedMemory,
  lying,
  ofAnotherRealm,
  resultOf,
  revoked,
  THEIRS,
  tensorsIn,
  thatIsGone,
  thatShrank,
  theirs,
  withGaps,
} from './helpers/hostile.ts';
import { codeOf, detach } from './helpers/refusals.ts';

// Whatever compile() and a network's methods are given: a result, or an error with a code.

class Pair extends nn.Module {
  readonly conv = new nn.Conv1d(2, 3, 3);
  override forward(x: Tensor, [a, b]: readonly Tensor[]): readonly Tensor[] {
    return [this.conv.forward(x), a!.add(b!)];
  }
}

type Loose = Network<readonly unknown[], unknown>;

const plain = () => compile(new nn.Conv1d(2, 3, 3).eval(), { input: rand(1, 2, 9) }) as unknown as Loose;
const named = () =>
  compile(new Pair().eval(), {
    inputs: { x: rand(2, 2, 9), pair: [rand(2, 4), rand(2, 4)] },
    outputs: ['y', 'sum'],
  }) as unknown as Loose;

const good = () => rand(3, 2, 12);
const goodPair = () => ({ x: good(), pair: [rand(3, 4), rand(3, 4)] });

/** The code of what a promise rejects with; 'nothing' when it resolves. */
async function codeOfAsync(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'nothing';
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return error === THEIRS ? 'theirs' : name === 'AbortError' ? name : (code ?? name);
  }
}

/** Resolves as a promise, or rejects with a code or what the value itself threw. */
async function expectSafeAsync(promise: Promise<unknown>): Promise<void> {
  expect(await codeOfAsync(promise)).toMatch(/^(nothing|theirs|ERR_CONV1D_\w+|AbortError)$/);
}

/** An object whose properties throw. */
const throwing = (names: readonly string[]) =>
  Object.defineProperties({}, Object.fromEntries(names.map((name) => [name, { enumerable: true, get: theirs }])));

const circle: unknown[] = [];
circle.push(circle);
const ring: Record<string, unknown> = {};
ring.x = ring;
const NESTED: readonly [name: string, value: unknown][] = [
  ['an array in itself', circle],
  ['an object in itself', ring],
  ['deep arrays', Array.from({ length: 10_000 }).reduce((inner: unknown) => [inner], rand(1))],
  ['a list that lies', lying(2 ** 53)],
  ['a list that is long', lying(2 ** 40)],
  ['a tensor among others', [rand(1, 2, 9), null]],
  ['an object with a getter that throws', throwing(['x'])],
  ['an array with a getter that throws', Object.defineProperty([1], 0, { get: theirs })],
  ['a proxy of a list', new Proxy([rand(1, 2, 9)], {})],
  ['a list of proxies', [new Proxy(rand(1, 2, 9), {}), revoked({})]],
  ['what pollutes', JSON.parse('{"__proto__": {"input": 1}}')],
];

const ALL = [...HOSTILE, ...NESTED];

describe('compile()', () => {
  test.each(ALL)('of %s as module, as options, and as each option', (_, value) => {
    const module = new nn.Conv1d(2, 3, 3).eval();
    resultOf(() => compile(value as Module, { input: rand(1, 2, 9) }));
    resultOf(() => compile(value as Module, value as CompileOptions));
    resultOf(() => compile(module, value as CompileOptions));
    for (const name of ['input', 'inputs', 'outputs', 'algorithm', 'maxWeightBytes', 'maxWorkingBytes']) {
      resultOf(() => compile(module, { input: rand(1, 2, 9), [name]: value } as CompileOptions));
      resultOf(() => compile(module, { inputs: [rand(1, 2, 9)], [name]: value } as CompileOptions));
      resultOf(() => compile(module, { [name]: value } as CompileOptions));
    }
    resultOf(() => compile(module, { inputs: { x: value } } as CompileOptions));
    resultOf(() => compile(module, { inputs: [value, value] } as CompileOptions));
    resultOf(() => compile(module, { input: rand(1, 2, 9), outputs: [value] } as CompileOptions));
  });

  test.each(ALL)('of a forward that returns %s', (_, value) => {
    class Returns extends nn.Module {
      override forward(): unknown {
        return value;
      }
    }
    resultOf(() => compile(new Returns().eval(), { input: rand(1, 2, 9) }));
  });

  test('reads each option once', () => {
    const reads = new Map<string, number>();
    const given = {
      input: rand(1, 2, 9),
      algorithm: 'direct',
      maxWeightBytes: 1000,
      outputs: ['y'],
      maxWorkingBytes: 9,
    };
    const counting = {};
    for (const [name, value] of Object.entries(given)) {
      Object.defineProperty(counting, name, {
        enumerable: true,
        get: () => {
          reads.set(name, (reads.get(name) ?? 0) + 1);
          return value;
        },
      });
    }
    compile(new nn.Conv1d(2, 3, 3).eval(), counting as CompileOptions);
    expect([...reads.values()]).toEqual([1, 1, 1, 1, 1]);
  });

  test('names unknown options, and what is missing', () => {
    const module = new nn.Conv1d(2, 3, 3).eval();
    const [x, inputs] = [rand(1, 2, 9), [rand(1, 2, 9)]];
    const CASES: readonly [options: unknown, code: string][] = [
      [{ input: x, inptu: x }, 'ERR_CONV1D_OPTION'],
      [{ input: x, [Symbol('input')]: x }, 'ERR_CONV1D_OPTION'],
      [{}, 'ERR_CONV1D_TYPE'],
      [undefined, 'ERR_CONV1D_TYPE'],
      [{ input: x, inputs }, 'ERR_CONV1D_TYPE'],
      [{ inputs: [] }, 'ERR_CONV1D_TYPE'],
      [{ inputs: {} }, 'ERR_CONV1D_TYPE'],
      [{ input: [] }, 'ERR_CONV1D_TYPE'],
      [{ input: rand(1, 2, 9).to('int64') }, 'ERR_CONV1D_DTYPE'],
      [{ input: rand(1, 2, 9, { dtype: 'float64' }) }, 'ERR_CONV1D_DTYPE'],
      [{ input: x, algorithm: 'fastest' }, 'ERR_CONV1D_VALUE'],
      [{ input: x, maxWeightBytes: -1 }, 'ERR_CONV1D_VALUE'],
    ];
    for (const [options, code] of CASES) {
      expect(codeOf(() => compile(module, options as CompileOptions))).toBe(code);
    }
  });

  test('needs no elements of its inputs, only shapes', () => {
    const x = rand(1, 2, 9);
    detach(x.data);
    const network = compile(new nn.Conv1d(2, 3, 3).eval(), { input: x });
    expect(network.forward(good()).shape).toEqual([3, 3, 10]);
  });

  test('of shapes that are huge, or empty', () => {
    const module = new nn.Conv1d(2, 3, 3).eval();
    for (const shape of [[0, 2, 9], [2 ** 30, 2, 9, 0], [1, 2, 0], [2 ** 40, 2, 0], [0], [], new Array(64).fill(1)]) {
      // biome-ignore format: shapes
      resultOf(() => compile(module, { input: zeros(shape) }));
    }
    class Any extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.relu();
      }
    }
    for (const shape of [[0, 2, 9], [1, 2, 0], [2 ** 40, 0], [0], [], new Array(64).fill(1)]) {
      // biome-ignore format: shapes
      const network = compile(new Any().eval(), { input: zeros(shape) });
      expect(network.forward(zeros(shape)).shape).toEqual(shape);
    }
  });

  test('of a forward that grows what it is given beyond all bounds', () => {
    class Grows extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x
          .unsqueeze(0)
          .expand(2 ** 31, -1, -1, -1)
          .mul(2) as Tensor;
      }
    }
    expect(codeOf(() => compile(new Grows().eval(), { input: rand(1, 2, 9) }))).toBe('ERR_CONV1D_SHAPE');
    class Endless extends nn.Module {
      override forward(x: Tensor): Tensor {
        for (;;) x.relu();
      }
    }
    expect(codeOf(() => compile(new Endless().eval(), { input: rand(1, 1, 1) }))).toBe('ERR_CONV1D_TRACE');
  });

  test('within a forward that compile() follows', () => {
    const inner = new nn.Conv1d(2, 3, 3).eval();
    class Outer extends nn.Module {
      override forward(x: Tensor): Tensor {
        return compile(inner, { input: rand(1, 2, 9) }).forward(x);
      }
    }
    expect(codeOf(() => compile(new Outer().eval(), { input: rand(1, 2, 9) }))).toBe('ERR_CONV1D_TRACE');
    class Beside extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.add(
          compile(inner, { input: rand(1, 2, 9) })
            .forward(zeros(1, 2, 9))
            .mean(),
        );
      }
    }
    expect(compile(new Beside().eval(), { input: rand(1, 2, 9) }).forward(good()).shape).toEqual([3, 2, 12]);
  });

  test('leaves nobody tracing behind when the forward throws', () => {
    class Throws extends nn.Module {
      override forward(): never {
        return theirs();
      }
    }
    expect(() => compile(new Throws().eval(), { input: rand(1, 2, 9) })).toThrow(THEIRS);
    expect(rand(2).add(1).data).toHaveLength(2);
  });
});

describe('forward() and forwardAsync()', () => {
  const networks = [plain(), named()];

  test.each(ALL)('of %s', async (_, value) => {
    for (const network of networks) {
      for (const args of [
        [value],
        [value, value],
        [good(), value],
        [good(), [value, rand(3, 4)]],
        [good(), [rand(3, 4), rand(3, 4)], value],
        [{ x: value, pair: [rand(3, 4), value] }],
        [{ ...goodPair(), more: value }],
        [{ x: good(), pair: value }],
      ]) {
        const result = resultOf(() => network.forward(...args));
        for (const each of tensorsIn(result)) expect(each.data.length).toBe(each.numel);
        await expectSafeAsync(network.forwardAsync(...args));
      }
      await expectSafeAsync(network.forwardAsync(good(), { signal: value }));
      await expectSafeAsync(network.forwardAsync(goodPair(), value));
    }
    await Promise.all(networks.map((network) => network.idle()));
  });

  test('of wrong counts and forms', () => {
    const network = named();
    const [x, pair] = [good(), [rand(3, 4), rand(3, 4)]];
    for (const args of [
      [],
      [x],
      [x, pair, x],
      [x, pair[0]],
      [x, [pair[0]]],
      [x, [...pair, x]],
      [[x], pair],
      [x, [pair]],
      [x, { a: pair[0], b: pair[1] }],
      [pair, x],
    ]) {
      expect(codeOf(() => network.forward(...args))).toBe('ERR_CONV1D_TYPE');
    }
  });

  test('of memory that is gone', async () => {
    const network = plain();
    for (const change of [thatIsGone, thatShrank]) {
      expect(codeOf(() => network.forward(change(good())))).toBe('ERR_CONV1D_DETACHED');
      expect(await codeOfAsync(network.forwardAsync(change(good())))).toBe('ERR_CONV1D_DETACHED');
    }
    expect(Tensor.isTensor(network.forward(good()))).toBe(true);
  });

  test('of memory that is shared, of another realm, in another order or with gaps: the same result', async () => {
    const network = plain();
    const x = good();
    const expected = network.forward(x);
    for (const change of [inSharedMemory, ofAnotherRealm, withGaps, inColumns]) {
      expect(network.forward(change(x))).toEqual(expected);
      expect(await network.forwardAsync(change(x))).toEqual(expected);
    }
  });

  test('of an input that goes while a call is under way', async () => {
    const network = plain();
    const x = rand(3, 2, 5000);
    const expected = network.forward(x);
    const running = network.forwardAsync(x);
    detach(x.data);
    expect(await running).toEqual(expected);
  });

  test('of a getter that takes the memory away', () => {
    const network = named();
    const x = good();
    const tricky = {
      x,
      get pair() {
        detach(x.data);
        return [rand(3, 4), rand(3, 4)];
      },
    };
    expect(codeOf(() => network.forward(tricky))).toBe('ERR_CONV1D_DETACHED');
  });

  test('of a getter that disposes of the network, or gives it other weights', () => {
    const network = named();
    const module = new Pair();
    const tricky = (act: () => void) => ({
      x: good(),
      get pair() {
        act();
        return [rand(3, 4), rand(3, 4)];
      },
    });
    resultOf(() => network.forward(tricky(() => network.update(module.stateDict()))));
    resultOf(() => network.forward(tricky(() => network.dispose())));
    expect(codeOf(() => network.forward(goodPair()))).toBe('ERR_CONV1D_TYPE');
  });

  test('of names that objects inherit', () => {
    const network = named();
    expect(codeOf(() => network.forward({ ...goodPair(), constructor: good() }))).toBe('ERR_CONV1D_OPTION');
    expect(codeOf(() => network.forward(JSON.parse('{"__proto__": 1}')))).toBe('ERR_CONV1D_OPTION');
    expect(codeOf(() => network.forward(Object.create({ ...goodPair() })))).toBe('ERR_CONV1D_TYPE');
    const withoutPrototype = Object.assign(Object.create(null), goodPair());
    expect(tensorsIn(network.forward(withoutPrototype))).toHaveLength(2);
  });

  test('where Object.prototype is polluted', () => {
    const network = named();
    try {
      Object.assign(Object.prototype, { inputs: 1, signal: 5, more: good() });
      expect(tensorsIn(network.forward({ ...goodPair() }))).toHaveLength(2);
    } finally {
      for (const name of ['inputs', 'signal', 'more']) delete (Object.prototype as Record<string, unknown>)[name];
    }
  });

  test('of names of outputs that objects have: they are own properties', () => {
    const network = compile(new nn.ReLU().eval(), {
      inputs: { x: rand(2, 3) },
      outputs: ['__proto__'],
    }) as unknown as Loose;
    const result = network.forward({ x: rand(2, 3) }) as object;
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    expect(Object.keys(result)).toEqual(['__proto__']);
  });

  test('of shapes whose results are too large', () => {
    class Wide extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x
          .unsqueeze(1)
          .expand(-1, 2 ** 24, -1)
          .mul(2) as Tensor;
      }
    }
    const network = compile(new Wide().eval(), { input: zeros(1, 2), maxWorkingBytes: 1 });
    expect(codeOf(() => network.forward(zeros(2 ** 8, 2)))).toMatch(/^ERR_CONV1D_(SHAPE|MEMORY)$/);
  });

  test('what a tensor says of itself is not asked for', () => {
    const network = plain();
    const x = good();
    const expected = network.forward(x);
    const lie = x.clone();
    const asked: string[] = [];
    for (const name of ['shape', 'dtype', 'data', 'numel', 'ndim', 'isContiguous', 'contiguous', 'clone']) {
      Object.defineProperty(lie, name, { get: () => asked.push(name), configurable: true });
    }
    expect(network.forward(lie)).toEqual(expected);
    expect(asked).toEqual([]);
  });
});

describe('signals', () => {
  const abort = (reason?: unknown) => {
    const controller = new AbortController();
    controller.abort(reason);
    return controller.signal;
  };

  test('that are aborted before the call', async () => {
    const network = plain();
    await expect(network.forwardAsync(good(), { signal: abort() })).rejects.toMatchObject({ name: 'AbortError' });
    expect(network.pending).toBe(0);
    expect(tensorsIn(await network.forwardAsync(good()))).toHaveLength(1);
  });

  test('that are aborted during calls', async () => {
    const network = compile(
      new nn.Sequential(...Array.from({ length: 4 }, () => new nn.Conv1d(8, 8, 7, { padding: 3 }))).eval(),
      { input: rand(1, 8, 100) },
    );
    const x = rand(2, 8, 10_000);
    const expected = network.forward(x);
    for (let round = 0; round < 10; round++) {
      const controllers = Array.from({ length: 3 }, () => new AbortController());
      const calls = controllers.map(({ signal }) => codeOfAsync(network.forwardAsync(x, { signal })));
      const last = network.forwardAsync(x);
      if (round % 2 === 1) await Promise.resolve();
      for (const controller of controllers) controller.abort();
      for (const call of calls) expect(await call).toMatch(/^(AbortError|nothing)$/);
      expect((await last).sub(expected).abs().amax().item()).toBe(0);
    }
    await network.idle();
    expect(network.pending).toBe(0);
  });

  test('that are none, or lie', async () => {
    const network = plain();
    for (const signal of [5, {}, null, 'x', { aborted: true }, Object.create(AbortSignal.prototype), revoked({})]) {
      expect(await codeOfAsync(network.forwardAsync(good(), { signal }))).toMatch(/^(ERR_CONV1D_TYPE|nothing)$/);
    }
    for (const options of [5, 'x', [], null, { signal: abort(), more: 1 }, throwing(['signal'])]) {
      expect(await codeOfAsync(network.forwardAsync(good(), options))).toMatch(/^(ERR_CONV1D_\w+|theirs)$/);
    }
  });
});

describe('update(), summary() and profile()', () => {
  test.each(ALL)('of %s', (_, value) => {
    const network = plain();
    const x = good();
    const before = network.forward(x);
    resultOf(() => network.update(value as StateDict));
    resultOf(() => network.update({ weight: value, bias: value } as StateDict));
    resultOf(() => network.update({ weight: rand(3, 2, 3), bias: value } as StateDict));
    expect(network.forward(x)).toEqual(before);
    resultOf(() => network.summary(value as number[]));
    resultOf(() => network.summary([value, value, value] as number[]));
    resultOf(() => network.summary([3, 2, value] as number[]));
    resultOf(() => network.profile(value as never));
  });

  test('of memory that is gone: the network is as before', () => {
    const network = plain();
    const x = good();
    const before = network.forward(x);
    const state = { weight: thatIsGone(rand(3, 2, 3)), bias: rand(3) };
    expect(codeOf(() => network.update(state as StateDict))).toBe('ERR_CONV1D_DETACHED');
    expect(network.forward(x)).toEqual(before);
  });

  test('summary() of sizes that calls may not have', () => {
    const network = plain();
    for (const shape of [[3, 3, 9], [3, 2, 2], [3, 2], [], [2 ** 53 - 1, 2, 9], [1, 2, -1]]) {
      // biome-ignore format: shapes
      expect(codeOf(() => network.summary(shape))).toMatch(/^ERR_CONV1D_(SHAPE|VALUE)$/);
    }
    expect(codeOf(() => network.summary([3, 2, 9], [3, 2, 9]))).toBe('ERR_CONV1D_TYPE');
  });
});

describe('a wrong receiver', () => {
  const receivers = [
    ...HOSTILE.map(([, value]) => value),
    Object.create(Network.prototype),
    Network.prototype,
    Network,
    new Proxy(plain(), {}),
    new nn.ReLU(),
    { ...plain() },
  ];
  const members = Object.getOwnPropertyNames(Network.prototype).filter((name) => name !== 'constructor');
  const symbols = Object.getOwnPropertySymbols(Network.prototype);

  test.each([...members, ...symbols].map((name) => [String(name), name] as const))('of %s', async (_, name) => {
    const { get, value } = Object.getOwnPropertyDescriptor(Network.prototype, name)!;
    const member = (get ?? value) as (this: unknown, ...args: unknown[]) => unknown;
    for (const receiver of receivers) {
      const call = async () => member.apply(receiver, [good()]);
      await expect(call()).rejects.toMatchObject({ code: 'ERR_CONV1D_TYPE' });
    }
  });

  test('is no network', () => {
    for (const receiver of receivers) expect(Network.isNetwork(receiver)).toBe(false);
    expect(Network.isNetwork(plain())).toBe(true);
  });

  test('nobody constructs one', () => {
    type Any = new (...args: unknown[]) => object;
    for (const args of [[], [Symbol('made')], [undefined, new nn.ReLU()]]) {
      expect(codeOf(() => new (Network as unknown as Any)(...args))).toBe('ERR_CONV1D_TYPE');
    }
    class Heir extends (Network as unknown as Any) {}
    expect(codeOf(() => new Heir())).toBe('ERR_CONV1D_TYPE');
  });
});

describe('a module that is tampered with', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    setNumThreads(2);
  });

  test('whose forward is another one at update()', () => {
    const module = new nn.Conv1d(2, 3, 3).eval();
    const network = compile(module, { input: rand(1, 2, 9) });
    const x = good();
    const before = network.forward(x);
    for (const forward of [theirs, () => 5, () => tensor(1), (y: Tensor) => [y, y], async (y: Tensor) => y]) {
      Object.defineProperty(module, 'forward', { value: forward, configurable: true });
      resultOf(() => network.update({ weight: rand(3, 2, 3), bias: rand(3) }));
      resultOf(() => network.forward(x));
    }
    Reflect.deleteProperty(module, 'forward');
    network.update(module.stateDict());
    expect(network.forward(x)).toEqual(before);
  });

  test('whose stateDict throws, or is something else', () => {
    for (const stateDict of [theirs, () => 5, () => null, () => ({ weight: 5 })]) {
      const module = new nn.Conv1d(2, 3, 3).eval();
      const network = compile(module, { input: rand(1, 2, 9) });
      const x = good();
      const before = network.forward(x);
      Object.defineProperty(module, 'stateDict', { value: stateDict, configurable: true });
      resultOf(() => network.update({ weight: rand(3, 2, 3), bias: rand(3) }));
      expect(Network.isNetwork(network)).toBe(true);
      resultOf(() => expect(network.forward(x).shape).toEqual(before.shape));
    }
  });

  test('that contains itself', () => {
    class Loop extends nn.Module {
      self: Module | null = null;
      override forward(x: Tensor): Tensor {
        return x;
      }
    }
    const loop = new Loop().eval();
    const network = compile(loop, { input: rand(2) });
    loop.self = loop;
    expect(codeOf(() => compile(loop, { input: rand(2) }))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => network.update({}))).toBe('ERR_CONV1D_VALUE');
    expect(network.forward(rand(2)).shape).toEqual([2]);
  });
});
