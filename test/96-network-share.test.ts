import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SEANetDecoder } from '../examples/networks/encodec.ts';
import { Generator } from '../examples/networks/hifigan.ts';
import { InceptionTime } from '../examples/networks/inceptionTime.ts';
import { TCN } from '../examples/networks/tcn.ts';
import { VoiceDetector } from '../examples/networks/voiceDetector.ts';
import {
  type CompileOptions,
  compile,
  Module,
  manualSeed,
  Network,
  type NetworkHandle,
  nn,
  rand,
  randn,
  Tensor,
  tensor,
} from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { isOperation, nameOf, OPERATIONS } from '../lib/network/share/operations.ts';
import { revive } from './helpers/share/opener.ts';
import { Opener } from './helpers/share/worker.ts';

type Made = { new (...args: never[]): nn.Module };

/** Positions that the forward knows, sizes that it computes, and attributes of several kinds. */
class Corners extends Module {
  readonly up = new nn.ConvTranspose1d(4, 4, 4, { stride: 2, padding: 1 });
  readonly norm = new nn.LayerNorm(4);
  readonly groups = new nn.GroupNorm(2, 4);
  readonly gru = new nn.GRU(4, 3, { batchFirst: true, bidirectional: true });
  readonly prelu = new nn.PReLU(4);
  readonly scale = this.registerBuffer('scale', tensor([[[0.5], [2], [-1], [Number.POSITIVE_INFINITY]]]));

  override forward(x: Tensor): Tensor {
    const { shape } = x;
    const long = this.up.forward(x, { outputSize: [2 * shape[2]! + 1] }).narrow(2, 1, 2 * shape[2]! - 3);
    const normed = this.norm.forward(this.groups.forward(this.prelu.forward(long)).transpose(1, 2));
    const [hidden] = this.gru.forward(normed);
    return hidden
      .at([0, shape[0]!], [1, shape[2]! - 1])
      .softmax(2)
      .add(this.scale.narrow(1, 0, 1));
  }
}

/** Inputs, options beside them, and other shapes than those at compile(). */
const NETWORKS: readonly [
  name: string,
  make: () => nn.Module,
  first: number[][],
  others: number[][][],
  options?: Omit<CompileOptions, 'input' | 'inputs'>,
][] = [
  ['HiFi-GAN', () => new (Generator as unknown as Made)(32 as never), [[1, 80, 5]], [[[3, 80, 4]], [[1, 80, 11]]]],
  [
    'HiFi-GAN, fast',
    () => new (Generator as unknown as Made)(32 as never),
    [[1, 80, 5]],
    [[[2, 80, 40]]],
    { algorithm: 'fast' },
  ],
  ['EnCodec with its LSTM', () => new SEANetDecoder(), [[1, 128, 8]], [[[2, 128, 7]]]],
  ['TCN in stretches', () => new TCN(1, 3, 8, 3, 5), [[1, 1, 20]], [[[2, 1, 5000]]], { maxWorkingBytes: 60_000 }],
  ['InceptionTime with folded norms', () => new InceptionTime(3, 4), [[1, 3, 50]], [[[4, 3, 70]]]],
  [
    'a voice detector with states',
    () => new VoiceDetector(),
    [
      [1, 1, 576],
      [1, 1, 128],
      [1, 1, 128],
    ],
    [
      [
        [3, 1, 576],
        [1, 3, 128],
        [1, 3, 128],
      ],
    ],
  ],
  ['corners', () => new Corners(), [[2, 4, 9]], [[[1, 4, 17]], [[5, 4, 6]]]],
];

function tensorsIn(value: unknown): Tensor[] {
  return Tensor.isTensor(value) ? [value as Tensor] : Array.isArray(value) ? value.flatMap(tensorsIn) : [];
}

const refused = (code: string) => expect.objectContaining({ code });

let opener: Opener;
beforeAll(() => {
  opener = new Opener();
});
afterAll(async () => {
  await opener.terminate();
});

describe('a network that was opened from a handle', () => {
  test.each(NETWORKS)(
    'has the bits of the shared one, here and in a worker: %s',
    async (_, make, first, others, options) => {
      manualSeed(9);
      const inputs = first.map((shape) => rand(...shape));
      const network = compile(make().eval(), { ...options, inputs }) as unknown as Network<readonly Tensor[], unknown>;
      const calls = [first, ...others].map((shapes) => shapes.map((shape) => randn(...shape)));
      const handle = network.share();
      const opened = Network.open<readonly Tensor[], unknown>(structuredClone(handle));
      const reply = await opener.ask({ handle, how: 'run', calls });
      for (const [i, args] of calls.entries()) {
        const expected = tensorsIn(network.forward(...args));
        expect(tensorsIn(opened.forward(...args))).toEqual(expected);
        const { results } = reply as { results: unknown[][] };
        for (const result of results[i]!) expect(tensorsIn(revive([result]))).toEqual(expected);
      }
      const shapes = others[0]!;
      expect(String(opened.summary(...shapes))).toBe(String(network.summary(...shapes)));
    },
  );

  test('takes and gives tensors by name', async () => {
    class Two extends Module {
      readonly conv = new nn.Conv1d(2, 3, 3, { dtype: 'float64' });
      override forward(x: Tensor, offset: Tensor): Tensor[] {
        const y = this.conv.forward(x as never) as Tensor;
        return [y.add(offset), y.relu()];
      }
    }
    const double = (...shape: number[]) => rand(...shape, { dtype: 'float64' }) as Tensor;
    const network = compile(new Two().eval(), {
      inputs: { x: double(1, 2, 9), offset: double(1, 3, 1) },
      outputs: ['moved', 'positive'],
    });
    const named = { offset: double(4, 3, 1), x: double(4, 2, 30) };
    const expected = network.forward(named) as never as { moved: Tensor; positive: Tensor };
    const opened = Network.open(network.share());
    expect(opened.forward(named)).toEqual(expected);
    const { results } = (await opener.ask({ handle: network.share(), how: 'run', calls: [[named]] })) as {
      results: unknown[][];
    };
    for (const result of results[0]!) expect(revive(result)).toEqual(expected);
  });

  const make = () =>
    compile(new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval(), { input: rand(1, 2, 20) });

  test('outlives the one that was shared, and can be shared itself', () => {
    const network = make();
    const x = rand(2, 2, 30);
    const expected = network.forward(x);
    const handle = network.share();
    expect(network.share()).toEqual(handle);
    const opened = Network.open(handle);
    network.dispose();
    const again = Network.open(opened.share());
    expect([opened.forward(x), again.forward(x)]).toEqual([expected, expected]);
    expect(() => network.share()).toThrow(refused('ERR_CONV1D_TYPE'));
    opened.dispose();
    expect(() => opened.forward(x)).toThrow(refused('ERR_CONV1D_TYPE'));
    expect(again.forward(x)).toEqual(expected);
    again.dispose();
    expect(() => Network.open(handle)).toThrow(refused('ERR_CONV1D_VALUE'));
  });

  test('has no module to update, and keeps its weights when the shared one is', () => {
    const network = make();
    const x = rand(2, 2, 30);
    const before = network.forward(x);
    const handle = network.share();
    const opened = Network.open(handle);
    const weights = { '0.weight': rand(3, 2, 5), '0.bias': rand(3) };
    expect(() => opened.update(weights)).toThrow(refused('ERR_CONV1D_TYPE'));
    network.update(weights);
    expect(network.forward(x)).not.toEqual(before);
    expect(opened.forward(x)).toEqual(before);
    expect(network.share()).not.toEqual(handle);
    expect(Network.open(network.share()).forward(x)).toEqual(network.forward(x));
  });

  test('has the weights of compile(), whatever became of the module', () => {
    const module = new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval();
    const network = compile(module, { input: rand(1, 2, 20) });
    const x = rand(2, 2, 30);
    const expected = network.forward(x);
    module.train();
    module.loadStateDict({ '0.weight': rand(3, 2, 5), '0.bias': rand(3) });
    expect(Network.open(network.share()).forward(x)).toEqual(expected);
  });

  test('profiles, and says what it is', () => {
    const opened = Network.open(make().share());
    expect(opened.profile(rand(1, 2, 20)).steps).toHaveLength(1);
    expect(`${(opened as never as Record<symbol, () => string>)[Symbol.for('nodejs.util.inspect.custom')]!()}`).toBe(
      'Network(Sequential, 1 nodes)',
    );
  });

  test('reads the memory of the shared one', () => {
    const width = 2000;
    const network = compile(new nn.Linear(width, width, { bias: false }).eval(), { input: rand(1, width) });
    const x = rand(1, width);
    const expected = network.forward(x);
    const handle = network.share();
    Network.open(handle).forward(x);
    const before = process.memoryUsage.rss();
    const opened = Array.from({ length: 20 }, () => Network.open(handle));
    for (const each of opened) expect(each.forward(x)).toEqual(expected);
    // One copy of the weights is 16 MB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(4 * width * width);
  });
});

describe('Network.open refuses', () => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const kinds: [name: string, handle: unknown][] = [
    ['undefined', undefined],
    ['null', null],
    ['a string', 'f3b8e0a4-0000-4000-8000-000000000000'],
    ['an array', ['conv1dNetwork']],
    ['an empty object', {}],
    ['a number as the name', { conv1dNetwork: 1 }],
    ['a graph in place of the name', { conv1dNetwork: { nodes: [], inputs: [0], outputs: [0] } }],
    [
      'a getter',
      {
        get conv1dNetwork() {
          throw new Error('called');
        },
      },
    ],
    ['an heir of a handle', Object.create({ conv1dNetwork: 'f3b8e0a4-0000-4000-8000-000000000000' })],
    ['a revoked proxy', revoked],
  ];
  test.each(kinds)('%s', (_, handle) => {
    expect(() => Network.open(handle as NetworkHandle)).toThrow(refused('ERR_CONV1D_TYPE'));
  });

  const names = ['', 'x', 'f3b8e0a4-0000-4000-8000-000000000000', '\0', 'é'.repeat(33), 'a'.repeat(1e6)];
  test.each(names.map((name, i) => [i, name] as const))('a forged name: number %i', async (_, name) => {
    const handle = { conv1dNetwork: name };
    expect(() => Network.open(handle)).toThrow(refused('ERR_CONV1D_VALUE'));
    expect(await opener.ask({ handle, how: 'run', calls: [] })).toEqual({ code: 'ERR_CONV1D_VALUE' });
  });

  test('what somebody put into the prototype of all objects', () => {
    const network = compile(new nn.Conv1d(1, 1, 1).eval(), { input: rand(1, 1, 4) });
    Object.defineProperty(Object.prototype, 'conv1dNetwork', {
      value: network.share().conv1dNetwork,
      configurable: true,
    });
    try {
      expect(() => Network.open({} as NetworkHandle)).toThrow(refused('ERR_CONV1D_TYPE'));
    } finally {
      delete (Object.prototype as { conv1dNetwork?: string }).conv1dNetwork;
    }
  });

  test('a name with something behind it', () => {
    const network = compile(new nn.Conv1d(1, 1, 1).eval(), { input: rand(1, 1, 4) });
    const { conv1dNetwork } = network.share();
    expect(() => Network.open({ conv1dNetwork: `${conv1dNetwork}x` })).toThrow(refused('ERR_CONV1D_VALUE'));
    expect(() => Network.open({ conv1dNetwork: `${conv1dNetwork}\0` })).toThrow(refused('ERR_CONV1D_VALUE'));
    expect(() => Network.open({ conv1dNetwork: conv1dNetwork.slice(1) })).toThrow(refused('ERR_CONV1D_VALUE'));
    expect(Network.isNetwork(Network.open({ conv1dNetwork }))).toBe(true);
  });
});

describe('the names of operations', () => {
  const folders = ['../lib/tensor/ops/', '../lib/nn/ops/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => `${folder}${name}`));
  files.push(fileURLToPath(new URL('../lib/convolution/operation.ts', import.meta.url)));

  test('are there for every operation that a network may have, each once', async () => {
    const records = (
      await Promise.all(files.map(async (file) => Object.values((await import(file)) as object).filter(isOperation)))
    ).flat();
    expect(records.length).toBeGreaterThan(50);
    expect(records.filter((record) => OPERATIONS.get(nameOf(record) ?? '') !== record)).toEqual([]);
    expect(OPERATIONS.size).toBe(new Set(records).size);
  });
});

describe('the native side checks for itself', () => {
  const { Convolution, Recurrent, SharedNetwork } = addon;
  const construct = (kind: unknown, ...args: unknown[]) => new (kind as new (...args: unknown[]) => object)(...args);
  const conv = new Convolution('float32', 1, 1, 1, 1, 0, 0, 1, 1, 'zeros');
  conv.pack(new Float32Array(1), null);
  const cell = new Recurrent('gru', 'float64', 1, 1);
  cell.pack(new Float64Array(3), new Float64Array(3), null, null);
  const bytes = new Uint8Array([1, 2, 3]);
  const shared = new SharedNetwork('of a test', bytes, [conv, cell]);

  test('finds what was listed, as long as somebody holds it', () => {
    const found = new SharedNetwork('of a test');
    expect(found.description()).toEqual(bytes);
    const out = new Float32Array(1);
    new Convolution(found, 0).forward(new Float32Array(1), 1, 1, null, null, out);
    new Recurrent(found, 1);
    const brief = new SharedNetwork('brief', bytes, []);
    expect(() => new SharedNetwork('brief', bytes, [])).toThrow(refused('ERR_CONV1D_VALUE'));
    expect(new SharedNetwork('brief').description()).toEqual(bytes);
    brief.release();
    brief.release();
    expect(() => brief.description()).toThrow(refused('ERR_CONV1D_TYPE'));
    expect(() => new Convolution(brief, 0)).toThrow(refused('ERR_CONV1D_TYPE'));
  });

  const unpacked = new Convolution('float64', 1, 1, 1, 1, 0, 0, 1, 1, 'zeros');
  const cases: [name: string, call: () => unknown][] = [
    ['no id', () => construct(SharedNetwork)],
    ['an id that is no string', () => construct(SharedNetwork, 5, bytes, [])],
    ['no bytes', () => construct(SharedNetwork, 'a', null, [])],
    ['other elements', () => construct(SharedNetwork, 'a', new Float32Array(1), [])],
    ['no layers', () => construct(SharedNetwork, 'a', bytes)],
    ['layers that are none', () => construct(SharedNetwork, 'a', bytes, [conv, {}])],
    ['a proxy of a layer', () => construct(SharedNetwork, 'a', bytes, [new Proxy(conv, {})])],
    ['another shared network as a layer', () => construct(SharedNetwork, 'a', bytes, [shared])],
    ['a layer without a snapshot', () => construct(SharedNetwork, 'a', bytes, [unpacked])],
    [
      'a recurrent layer without one',
      () => construct(SharedNetwork, 'a', bytes, [new Recurrent('lstm', 'float32', 1, 1)]),
    ],
    ['nobody to open', () => construct(Convolution, {}, 0)],
    ['a layer to open', () => construct(Recurrent, conv, 0)],
    ['no index', () => construct(Convolution, shared)],
    ['a negative index', () => construct(Convolution, shared, -1)],
    ['an index behind the last', () => construct(Convolution, shared, 2)],
    ['the wrong class', () => construct(Convolution, shared, 1)],
    ['the other wrong class', () => construct(Recurrent, shared, 0)],
    ['a proxy of a shared network', () => construct(Recurrent, new Proxy(shared, {}), 1)],
    ['an heir', () => SharedNetwork.prototype.description.call(Object.create(shared))],
  ];
  test.each(cases)('%s', (name, call) => {
    if (name === 'an heir') expect(call).toThrow(TypeError);
    else expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });
});
