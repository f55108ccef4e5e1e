import { describe, expect, test } from 'vitest';
import { SEANetDecoder } from '../examples/networks/encodec.ts';
import { Generator } from '../examples/networks/hifigan.ts';
import { InceptionTime } from '../examples/networks/inceptionTime.ts';
import { Decoder } from '../examples/networks/snac.ts';
import { TCN } from '../examples/networks/tcn.ts';
import { VoiceDetector } from '../examples/networks/voiceDetector.ts';
import { compile, manualSeed, type nn, noGrad, rand, randn, setNumThreads, Tensor } from '../lib/index.ts';

type Made = { new (...args: never[]): nn.Module };

function tensorsIn(value: unknown): Tensor[] {
  return Tensor.isTensor(value) ? [value as Tensor] : Array.isArray(value) ? value.flatMap(tensorsIn) : [];
}

/** Inputs to compile with, and inputs of other sizes to run. */
const NETWORKS: readonly [name: string, make: () => nn.Module, first: number[][], others: number[][][]][] = [
  ['SNAC', () => new Decoder(), [[1, 768, 4]], [[[2, 768, 3]], [[1, 768, 9]]]],
  [
    'SNAC with noise',
    () => new Decoder(),
    [
      [1, 768, 2],
      [1, 1, 16],
      [1, 1, 128],
      [1, 1, 512],
      [1, 1, 1024],
    ],
    [
      [
        [2, 768, 3],
        [2, 1, 24],
        [2, 1, 192],
        [2, 1, 768],
        [2, 1, 1536],
      ],
    ],
  ],
  ['HiFi-GAN', () => new (Generator as unknown as Made)(64 as never), [[1, 80, 5]], [[[2, 80, 4]], [[1, 80, 11]]]],
  ['EnCodec', () => new SEANetDecoder(), [[1, 128, 8]], [[[2, 128, 7]], [[1, 128, 13]]]],
  ['TCN', () => new TCN(1, 10), [[2, 1, 100]], [[[1, 1, 77]], [[5, 1, 1000]]]],
  [
    'voice activity',
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
      [
        [2, 1, 1088],
        [1, 2, 128],
        [1, 2, 128],
      ],
    ],
  ],
];

describe('a compiled network', () => {
  test.each(NETWORKS)('%s has the bits of its module', (_, make, first, others) => {
    manualSeed(3);
    const module = make().eval();
    const args = (tensors: readonly Tensor[]) => (tensors.length === 5 ? [tensors[0], tensors.slice(1)] : tensors);
    const network = compile(module, { inputs: args(first.map((shape) => rand(...shape))) as Tensor[] });
    for (const shapes of [first, ...others]) {
      const inputs = args(shapes.map((shape) => randn(...shape)));
      const [mine, modules] = [network.forward(...inputs), noGrad(() => module.forward(...inputs))].map(tensorsIn);
      expect(mine).toEqual(modules);
    }
  });

  test('has the same bits on any number of threads', () => {
    const module = new (Generator as unknown as Made)(32 as never).eval() as Generator;
    const network = compile(module, { input: rand(1, 80, 4) });
    const x = rand(3, 80, 7);
    const results = [1, 2, 7].map((threads) => {
      setNumThreads(threads);
      return network.forward(x);
    });
    setNumThreads(2);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  test.each([
    ['HiFi-GAN', () => new (Generator as unknown as Made)(32 as never), [2, 80, 300], 700_000],
    ['TCN', () => new TCN(1, 3, 8, 3, 5), [3, 1, 5000], 60_000],
  ] as const)('%s has the same bits in stretches as whole, in memory that does not grow', (_, make, shape, most) => {
    manualSeed(4);
    const module = make().eval();
    const input = rand(1, shape[1], 20);
    const whole = compile(module, { input, maxWorkingBytes: Number.POSITIVE_INFINITY });
    const cut = compile(module, { input, maxWorkingBytes: most });
    const x = randn(...shape);
    expect(cut.forward(x)).toEqual(whole.forward(x));
    const bytes = (times: number) => cut.summary(([...shape] as number[]).with(2, shape[2] * times)).workingBytes;
    expect(bytes(1)).toBeLessThan(whole.summary([...shape]).workingBytes / 4);
    expect(bytes(8)).toBeLessThanOrEqual(bytes(1) * 1.1);
  });

  test('folds batch norms into weights', () => {
    manualSeed(5);
    const module = new InceptionTime(3, 4).eval();
    const network = compile(module, { input: rand(1, 3, 100) });
    const x = randn(2, 3, 150);
    const [mine, modules] = [network.forward(x).data, module.forward(x).data];
    for (const [i, value] of modules.entries()) expect(Math.abs(mine[i]! - value)).toBeLessThan(1e-6);
  });
});
