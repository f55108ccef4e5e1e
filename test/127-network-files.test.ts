import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as encodec from '../examples/networks/encodec.ts';
import * as hifigan from '../examples/networks/hifigan.ts';
import * as inceptionTime from '../examples/networks/inceptionTime.ts';
import * as tcn from '../examples/networks/tcn.ts';
import * as voiceDetector from '../examples/networks/voiceDetector.ts';
import {
  type CompileOptions,
  cat,
  compile,
  functional,
  loadNetwork,
  loadSafetensors,
  Module,
  manualSeed,
  Network,
  nn,
  parseNetwork,
  parseSafetensors,
  rand,
  randn,
  saveNetwork,
  saveSafetensors,
  serializeNetwork,
  Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import {
  decode,
  type Input,
  type Layer,
  largestDistance,
  largestOf,
  makeInput,
  pairs,
  readGolden,
} from './golden/calls.ts';
import { temporaryFolder } from './helpers/cli.ts';
import { checkNetwork } from './helpers/networks/check.ts';
import { cleaner, listener, RECURRENT, recurrent } from './helpers/networks/deployed.ts';

type AnyNetwork = Network<readonly Tensor[], unknown>;
type Made = { new (...args: never[]): nn.Module };

/** Positions that the forward knows, sizes that it computes, and attributes of several kinds. */
class Corners extends Module {
  readonly up = new nn.ConvTranspose1d(4, 4, 4, { stride: 2, padding: 1 });
  readonly norm = new nn.LayerNorm(4);
  readonly groups = new nn.GroupNorm(2, 4);
  readonly gru = new nn.GRU(4, 3, { batchFirst: true, bidirectional: true, bias: false });
  readonly lstm = new nn.LSTM(6, 3, { batchFirst: true, numLayers: 2 });
  readonly prelu = new nn.PReLU(4);
  readonly scale = this.registerBuffer('scale', tensor([[[0.5], [2], [-1], [Number.POSITIVE_INFINITY]]]));

  override forward(x: Tensor): Tensor {
    const { shape } = x;
    const long = this.up.forward(x, { outputSize: [2 * shape[2]! + 1] }).narrow(2, 1, 2 * shape[2]! - 3);
    const normed = this.norm.forward(this.groups.forward(this.prelu.forward(long)).transpose(1, 2));
    const [hidden] = this.lstm.forward(this.gru.forward(normed)[0]);
    return hidden
      .at([0, shape[0]!], [1, shape[2]! - 1])
      .softmax(2)
      .add(this.scale.narrow(1, 0, 1));
  }
}

/** What padding lacks is shared between both ends: the same again for every third length. */
class Shared extends Module {
  override forward(x: Tensor): Tensor {
    const lacking = (3 - (x.shape[2]! % 3)) % 3;
    return functional.pad(x, [Math.floor(lacking / 2), Math.ceil(lacking / 2)]);
  }
}

/** Inputs at compile(), and at other calls. */
const NETWORKS: readonly [
  name: string,
  make: () => nn.Module,
  first: number[][],
  others: number[][][],
  options?: Omit<CompileOptions, 'input' | 'inputs'>,
][] = [
  [
    'HiFi-GAN, fast',
    () => new (hifigan.Generator as unknown as Made)(32 as never),
    [[1, 80, 5]],
    [[[2, 80, 40]]],
    { algorithm: 'fast' },
  ],
  ['EnCodec with its LSTM', () => new encodec.SEANetDecoder(), [[1, 128, 8]], [[[2, 128, 7]]]],
  ['TCN in stretches', () => new tcn.TCN(1, 3, 8, 3, 5), [[1, 1, 20]], [[[2, 1, 5000]]], { maxWorkingBytes: 60_000 }],
  ['InceptionTime with folded norms', () => new inceptionTime.InceptionTime(3, 4), [[1, 3, 50]], [[[4, 3, 70]]]],
  ['padding in shares', () => new Shared(), [[2, 3, 9]], [[[1, 3, 10]], [[2, 3, 11]], [[1, 3, 100]]]],
  ['corners', () => new Corners(), [[2, 4, 9]], [[[1, 4, 17]], [[5, 4, 6]]]],
];

function tensorsIn(value: unknown): Tensor[] {
  return Tensor.isTensor(value) ? [value as Tensor] : Array.isArray(value) ? value.flatMap(tensorsIn) : [];
}

const refused = (code: string) => expect.objectContaining({ code });
const small = () => compile(new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval(), { input: rand(1, 2, 20) });

describe('a network that was saved and loaded', () => {
  test.each(NETWORKS)('gives the same bits in every way: %s', async (_, make, first, others, options) => {
    manualSeed(9);
    const inputs = first.map((shape) => rand(...shape));
    const network = compile(make().eval(), { ...options, inputs }) as unknown as AnyNetwork;
    const path = join(temporaryFolder(), 'network.safetensors');
    await saveNetwork(path, network);
    const loaded = await loadNetwork<readonly Tensor[], unknown>(path);
    // Weights of one that was opened are on the native side alone.
    const reopened = parseNetwork<readonly Tensor[], unknown>(serializeNetwork(Network.open(loaded.share())));
    for (const shapes of [first, ...others]) {
      const args = shapes.map((shape) => randn(...shape));
      const expected = tensorsIn(network.forward(...args));
      expect(tensorsIn(loaded.forward(...args))).toEqual(expected);
      expect(tensorsIn(await loaded.forwardAsync(...args))).toEqual(expected);
      expect(tensorsIn(reopened.forward(...args))).toEqual(expected);
      expect(String(loaded.summary(...shapes))).toBe(String(network.summary(...shapes)));
    }
    expect(Buffer.compare(serializeNetwork(loaded), serializeNetwork(network))).toBe(0);
  });

  const around: readonly [name: string, make: () => AnyNetwork, calls: readonly number[][][]][] = [
    ['one between spectra, at two rates', cleaner, [[[2, 96]], [[5, 4001]], [[1, 33]]]],
    ['one of float64 that listens', listener, [[[1, 80]], [[3, 500]]]],
    ...RECURRENT.map(([name, kind, attributes]): (typeof around)[number] => {
      const directions = attributes?.direction === 'bidirectional' ? 2 : 1;
      const states = (batch: number) => Array.from({ length: kind === 'LSTM' ? 2 : 1 }, () => [directions, batch, 2]);
      return [name, () => recurrent(kind, attributes), [1, 7].map((size) => [[size, size, 3], ...states(size)])];
    }),
  ];

  test.each(around)('gives the same bits with what is around layers: %s', (_, make, calls) => {
    const network = make();
    const loaded = parseNetwork<readonly Tensor[], unknown>(serializeNetwork(network as never));
    for (const shapes of calls) {
      const args = shapes.map((shape) => randn(...shape).to(network.inputs[0]!.dtype) as Tensor);
      expect(tensorsIn(loaded.forward(...args))).toEqual(tensorsIn(network.forward(...args)));
    }
    expect(Buffer.compare(serializeNetwork(loaded as never), serializeNetwork(network as never))).toBe(0);
  });

  test('computes what PyTorch computes', async () => {
    interface Case {
      readonly file: string;
      readonly network: string;
      readonly arguments: readonly number[];
      readonly seed: number;
      readonly calls: readonly {
        readonly training: boolean;
        readonly arguments: readonly unknown[];
        readonly inputs: readonly Input[];
        readonly deviation: readonly number[];
        readonly result: Parameters<typeof pairs>[1];
      }[];
    }
    const files = { encodec, inceptionTime, tcn, voiceDetector } as Readonly<Record<string, unknown>>;
    let compared = 0;
    for (const drawn of readGolden<Case>('networks.json.gz')) {
      const kinds = files[drawn.file] as
        | Readonly<Record<string, new (...args: readonly number[]) => Layer>>
        | undefined;
      if (kinds === undefined) continue;
      manualSeed(drawn.seed);
      const module = new kinds[drawn.network]!(...drawn.arguments) as unknown as nn.Module;
      for (const call of drawn.calls) {
        const tensors = call.inputs.map(makeInput);
        const args = call.arguments.map((each) => decode(each, tensors)) as Tensor[];
        // Training changes what norms know.
        module.train(call.training);
        const network = call.training ? module : compile(module, { inputs: args });
        const saved = call.training ? module : parseNetwork(serializeNetwork(network as Network<never, unknown>));
        pairs((saved as unknown as AnyNetwork).forward(...args), call.result).forEach(({ name, got, expected }, i) => {
          const largest = largestOf(expected);
          const unit = 2 ** (Math.floor(Math.log2(largest)) - 23);
          const allowed = 8 * Math.max(call.deviation[i]!, 2 ** -24 * largest);
          expect(largestDistance(got, expected, largest) * unit, `${drawn.network} ${name}`).toBeLessThanOrEqual(
            allowed,
          );
        });
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(3);
  });

  test('is the random network that it was', async () => {
    let calls = 0;
    // Those whose seeds have networks of files among what is compared.
    for (const seed of [1000, 1001, 1005, 1006, 1010, 1011]) calls += await checkNetwork(seed);
    expect(calls).toBeGreaterThan(60);
  });

  test('takes and gives tensors by name, of float64 too', () => {
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
    expect(parseNetwork(serializeNetwork(network)).forward(named)).toEqual(network.forward(named));
  });

  test('streams as the one that was saved', () => {
    const x = rand(1, 2, 40);
    const network = small();
    const stream = parseNetwork(serializeNetwork(network)).stream();
    const parts = [x.narrow(2, 0, 7), x.narrow(2, 7, 1), x.narrow(2, 8, 32)].map((part) => stream.push(part as Tensor));
    expect(cat([...parts, stream.flush()], 2)).toEqual(network.forward(x));
  });

  test('keeps its weights, and has no module to update', () => {
    const network = small();
    const x = rand(2, 2, 30);
    const before = network.forward(x);
    const loaded = parseNetwork(serializeNetwork(network));
    network.update({ '0.weight': rand(3, 2, 5), '0.bias': rand(3) });
    expect(loaded.forward(x)).toEqual(before);
    expect(() => loaded.update({})).toThrow(/loaded from a file and has no module/);
  });

  test('refuses what the saved one refuses', () => {
    const loaded = parseNetwork(serializeNetwork(small()));
    expect(() => loaded.forward(rand(1, 2, 4))).toThrow(refused('ERR_CONV1D_SHAPE'));
    expect(() => loaded.forward(rand(1, 3, 9))).toThrow(refused('ERR_CONV1D_SHAPE'));
    expect(() => loaded.forward(rand(1, 2, 9, { dtype: 'float64' }) as never)).toThrow(refused('ERR_CONV1D_DTYPE'));
    loaded.dispose();
    expect(() => serializeNetwork(loaded)).toThrow(refused('ERR_CONV1D_TYPE'));
  });
});

describe('the file of a network', () => {
  test("has the weights under the state dict's names, bit for bit", async () => {
    const module = new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU(), new nn.ConvTranspose1d(3, 2, 4)).eval();
    const path = join(temporaryFolder(), 'network.safetensors');
    await saveNetwork(path, compile(module, { input: rand(1, 2, 20) }), { sample_rate: '16000' });
    const tensors = await loadSafetensors(path);
    expect({ ...tensors }).toEqual(module.stateDict());
  });

  test('has those of linear and recurrent layers and of norms, too', () => {
    const module = new Corners().eval();
    const state = module.stateDict();
    const tensors = parseSafetensors(serializeNetwork(compile(module, { input: rand(1, 4, 20) })));
    for (const name of [
      'lstm.weight_ih_l0',
      'lstm.weight_hh_l1',
      'gru.weight_ih_l0_reverse',
      'norm.weight',
      'prelu.weight',
    ]) {
      expect(tensors[name], name).toEqual(state[name]);
    }
    // Both biases are added up, as the gates have them.
    const sum = tensors['lstm.bias_ih_l1']!.add(tensors['lstm.bias_hh_l1']!);
    expect(sum).toEqual(state['lstm.bias_ih_l1']!.add(state['lstm.bias_hh_l1']!));
    const lstm = new nn.LSTM(6, 3, { numLayers: 2 });
    lstm.loadStateDict(
      Object.fromEntries(
        Object.entries(tensors)
          .filter(([name]) => name.startsWith('lstm.'))
          .map(([name, each]) => [name.slice(5), each]),
      ),
    );
  });

  test('has the weights of a module that is called twice once', () => {
    class Twice extends Module {
      readonly conv = new nn.Conv1d(2, 2, 3, { padding: 1 });
      override forward(x: Tensor): Tensor {
        return this.conv.forward(this.conv.forward(x));
      }
    }
    const tensors = parseSafetensors(serializeNetwork(compile(new Twice().eval(), { input: rand(1, 2, 20) })));
    expect(Object.keys(tensors)).toEqual(['conv.bias', 'conv.weight']);
  });

  test('says nothing of where the forward was written', () => {
    expect(
      Buffer.from(serializeNetwork(compile(new Corners().eval(), { input: rand(1, 4, 20) }))).toString('latin1'),
    ).not.toContain('.ts');
  });

  test('is refused where it is none, with what to do', async () => {
    const path = join(temporaryFolder(), 'weights.safetensors');
    await saveSafetensors(path, { x: zeros(2) });
    await expect(loadNetwork(path)).rejects.toThrow(/has no network in it.*saveNetwork/);
    await expect(loadNetwork(join(path, 'missing'))).rejects.toThrow();
    expect(() => parseNetwork(new Uint8Array(3), { source: 'body' })).toThrow(refused('ERR_CONV1D_FORMAT'));
    expect(() => parseNetwork(new Uint8Array(3), { sauce: 'body' } as never)).toThrow(/did you mean 'source'/);
  });

  test('is made of networks alone', () => {
    for (const value of [undefined, null, 5, {}, new nn.ReLU(), Object.create(Network.prototype)]) {
      expect(() => serializeNetwork(value as never)).toThrow(refused('ERR_CONV1D_TYPE'));
    }
  });

  test('takes metadata but for its own', () => {
    expect(() => serializeNetwork(small(), { conv1d_network: 'x' })).toThrow(refused('ERR_CONV1D_VALUE'));
    expect(() => serializeNetwork(small(), { rate: 5 } as never)).toThrow(refused('ERR_CONV1D_TYPE'));
    expect(() => serializeNetwork(small(), [] as never)).toThrow(refused('ERR_CONV1D_TYPE'));
  });
});

describe('copyWeights of the addon', () => {
  const f = (count: number) => rand(count).data as Float32Array;

  test.each([
    ['plain', [4, 6, 5, 1, 1, false]],
    ['depthwise', [6, 6, 7, 1, 6, false]],
    ['in groups, strided', [4, 8, 3, 2, 2, false]],
    ['transposed', [5, 3, 8, 4, 1, true]],
    ['transposed in groups', [4, 6, 5, 3, 2, true]],
  ] as const)('gives back what pack() got: %s', (_, [inChannels, outChannels, taps, stride, groups, transposed]) => {
    for (const algorithm of ['direct', 'fast'] as const) {
      const layer = new addon.Convolution(
        'float32',
        inChannels,
        outChannels,
        taps,
        stride,
        0,
        0,
        1,
        groups,
        'zeros',
        algorithm,
        2 ** 28,
        transposed,
        transposed ? 0 : undefined,
      );
      const weight = f(((transposed ? inChannels * outChannels : outChannels * inChannels) / groups) * taps);
      // Whatever the bits are.
      weight.set([Number.NaN, Number.NEGATIVE_INFINITY, -0, 1e-45]);
      const bias = f(outChannels);
      layer.pack(weight, bias);
      const [ownWeight, ownBias] = [new Float32Array(weight.length), new Float32Array(outChannels)];
      layer.copyWeights(ownWeight, ownBias);
      expect([ownWeight, ownBias]).toEqual([weight, bias]);
    }
  });

  test('refuses a layer without weights, and arrays that do not fit', () => {
    const layer = new addon.Convolution(
      'float32',
      2,
      3,
      3,
      1,
      0,
      0,
      1,
      1,
      'zeros',
      'direct',
      2 ** 28,
      false,
      undefined,
    );
    expect(() => layer.copyWeights(f(18), null)).toThrow(refused('ERR_CONV1D_TYPE'));
    layer.pack(f(18), null);
    expect(() => layer.copyWeights(f(17), null)).toThrow(refused('ERR_CONV1D_SHAPE'));
    expect(() => layer.copyWeights(f(18), f(3))).toThrow(refused('ERR_CONV1D_VALUE'));
    expect(() => layer.copyWeights(null as never, null)).toThrow(refused('ERR_CONV1D_TYPE'));
    const cell = new addon.Recurrent('gru', 'float32', 3, 2);
    expect(() => cell.copyWeights(f(18), f(12), f(6), f(6))).toThrow(refused('ERR_CONV1D_TYPE'));
    cell.pack(f(18), f(12), null, null);
    expect(() => cell.copyWeights(f(18), f(12), f(6), f(5))).toThrow(refused('ERR_CONV1D_SHAPE'));
  });
});
