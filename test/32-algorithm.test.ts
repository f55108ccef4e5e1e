import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import { type Candidate, reasonFor } from '../lib/convolution/explain.ts';
import {
  type Algorithm,
  Conv1d,
  type Conv1dOptions,
  type Explanation,
  functional,
  manualSeed,
  rand,
  randn,
  saveSafetensors,
  type Tensor,
  tensor as tensorOf,
  zeros,
} from '../lib/index.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';

const folder = mkdtempSync(join(tmpdir(), 'conv1d-algorithm-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

manualSeed(32);

describe('the options algorithm and maxWeightBytes', () => {
  const weight = rand(3, 2, 5);
  const file = join(folder, 'layer.safetensors');
  const makers: [name: string, make: (options: object) => unknown][] = [
    ['new Conv1d', (options) => new Conv1d(2, 3, 5, options)],
    ['Conv1d.fromWeights', (options) => Conv1d.fromWeights(weight, null, options)],
    ['Conv1d.fromSafetensors', (options) => Conv1d.fromSafetensors(file, options)],
    ['functional.conv1d', (options) => functional.conv1d(zeros(2, 6), weight, null, options)],
  ];
  const layers = makers.slice(0, 3) as [name: string, make: (options: object) => Conv1d | Promise<Conv1d>][];

  test("are 'direct' and 2^28 unless they are given, and a layer has them as properties", async () => {
    await saveSafetensors(file, { weight });
    for (const [name, make] of layers) {
      const { algorithm, maxWeightBytes } = await make({});
      expect([algorithm, maxWeightBytes], name).toEqual(['direct', 2 ** 28]);
      const given = await make({ algorithm: 'fast', maxWeightBytes: 4096 });
      expect([given.algorithm, given.maxWeightBytes], name).toEqual(['fast', 4096]);
    }
    expectTypeOf(new Conv1d(2, 3, 5).algorithm).toEqualTypeOf<Algorithm>();
  });

  const wrong: [options: object, code: string, says: string][] = [
    [{ algorithm: 'winograd' }, 'ERR_CONV1D_VALUE', "algorithm must be one of {'direct', 'fast'}, but got algorithm="],
    [{ algorithm: 'Fast' }, 'ERR_CONV1D_VALUE', "algorithm='Fast'"],
    [{ algorithm: '' }, 'ERR_CONV1D_VALUE', "algorithm=''"],
    [{ algorithm: null }, 'ERR_CONV1D_TYPE', "algorithm must be one of {'direct', 'fast'}, but got algorithm='null'"],
    [{ algorithm: true }, 'ERR_CONV1D_TYPE', "algorithm='true'"],
    [{ algorithm: ['fast'] }, 'ERR_CONV1D_TYPE', 'an array'],
    [{ maxWeightBytes: -1 }, 'ERR_CONV1D_VALUE', 'maxWeightBytes must be 0 or more, but got -1'],
    [{ maxWeightBytes: 1.5 }, 'ERR_CONV1D_VALUE', 'maxWeightBytes must be an integer, but got 1.5'],
    [{ maxWeightBytes: Number.NaN }, 'ERR_CONV1D_VALUE', 'maxWeightBytes must be an integer, but got NaN'],
    [{ maxWeightBytes: Number.POSITIVE_INFINITY }, 'ERR_CONV1D_VALUE', 'but got Infinity'],
    [{ maxWeightBytes: 2 ** 53 }, 'ERR_CONV1D_VALUE', 'beyond 2^53 - 1'],
    [{ maxWeightBytes: '1' }, 'ERR_CONV1D_TYPE', "maxWeightBytes must be an integer, but got '1'"],
    [{ maxWeightBytes: 1n }, 'ERR_CONV1D_TYPE', 'a bigint'],
    [{ maxWeightBytes: null }, 'ERR_CONV1D_TYPE', 'null'],
    [{ algoritm: 'fast' }, 'ERR_CONV1D_OPTION', "did you mean 'algorithm'?"],
    [{ maxWeigthBytes: 1 }, 'ERR_CONV1D_OPTION', "did you mean 'maxWeightBytes'?"],
  ];
  for (const [name, make] of makers) {
    test.each(wrong)(`${name} refuses %o`, async (options, code, says) => {
      const call = async () => make(options);
      await expect(call()).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
    });

    test(`${name} reads each once`, async () => {
      await saveSafetensors(file, { weight });
      const reads: string[] = [];
      const options = {
        get algorithm() {
          reads.push('algorithm');
          return 'fast';
        },
        get maxWeightBytes() {
          reads.push('maxWeightBytes');
          return 0;
        },
      };
      await make(options);
      expect(reads.sort()).toEqual(['algorithm', 'maxWeightBytes']);
    });
  }

  test.each([0, 1, 2 ** 53 - 1])('maxWeightBytes may be %i', (maxWeightBytes) => {
    const conv = new Conv1d(2, 3, 5, { algorithm: 'fast', maxWeightBytes });
    expect(conv.eval().forward(zeros(4, 2, 6)).shape).toEqual([4, 3, 2]);
  });

  test("are printed as far as they matter: 'direct' as PyTorch prints a layer, 'fast' at the end", () => {
    const options = { bias: false, padding: 1, paddingMode: 'reflect', maxWeightBytes: 7 } as const;
    const text = 'Conv1d(2, 3, kernel_size=(5,), stride=(1,), padding=(1,), bias=False, padding_mode=reflect';
    expect(String(new Conv1d(2, 3, 5, { ...options, algorithm: 'direct' }))).toBe(`${text})`);
    expect(String(new Conv1d(2, 3, 5, { ...options, algorithm: 'fast' }))).toBe(`${text}, algorithm='fast')`);
  });

  test('draw no random numbers and are no part of a state dict', () => {
    const [direct, fast] = (['direct', 'fast'] as const).map((algorithm) => {
      manualSeed(7);
      return new Conv1d(2, 3, 5, { algorithm, maxWeightBytes: 1 });
    });
    expect(fast!.stateDict()).toEqual(direct!.stateDict());
    expect(Object.keys(fast!.stateDict())).toEqual(['weight', 'bias']);
    expect(new Conv1d(2, 3, 5).loadStateDict(fast!.stateDict())).toEqual({ missingKeys: [], unexpectedKeys: [] });
  });

  test('make layers unequal for those who compare them', () => {
    const make = (options: Conv1dOptions) => Conv1d.fromWeights(weight, null, options);
    expect(make({ algorithm: 'fast' })).toEqual(make({ algorithm: 'fast' }));
    expect(make({ algorithm: 'fast' })).not.toEqual(make({ algorithm: 'direct' }));
    expect(make({ maxWeightBytes: 1 })).not.toEqual(make({ maxWeightBytes: 2 }));
    expect({ ...make({ algorithm: 'fast', maxWeightBytes: 1 }) }).toMatchObject({
      algorithm: 'fast',
      maxWeightBytes: 1,
    });
  });
});

/** Layers, each with its input's batch and length. */
const LAYERS: [
  sizes: [inChannels: number, outChannels: number, kernelSize: number],
  Conv1dOptions,
  [number, number],
][] = [
  [[16, 24, 3], { padding: 1 }, [3, 500]],
  [[16, 16, 3], { padding: 'causal', dilation: 4, bias: false }, [2, 301]],
  [[20, 33, 5], { padding: 'same', paddingMode: 'reflect' }, [2, 97]],
  [[12, 16, 11], { padding: 'same', groups: 2 }, [2, 700]],
  [[8, 8, 31], { padding: 15, paddingMode: 'circular' }, [1, 1000]],
  [[8, 8, 31], { padding: 15, groups: 8 }, [3, 1000]],
  [[32, 32, 64], { padding: 32, groups: 2 }, [3, 40]],
  [[1, 40, 128], { stride: 32 }, [2, 3000]],
  [[6, 10, 7], { stride: 2, padding: [1, 5], paddingMode: 'replicate' }, [3, 64]],
  [[16, 16, 3], { padding: 1, dtype: 'float64' }, [2, 200]],
  [[4, 4, 9], {}, [0, 20]],
  [[4, 4, 1], {}, [5, 1]],
];

/** The bits: NaN and the sign of zero count. */
function bits({ data }: Tensor): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function expectBits(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(Buffer.compare(bits(actual), bits(expected))).toBe(0);
}

describe.each(LAYERS)(
  "with algorithm 'fast', Conv1d(%o, %o) on (batch, length) %o",
  (sizes, options, [batch, length]) => {
    const { dtype = 'float32' } = options;
    const direct = new Conv1d(...sizes, options);
    const x = randn(batch, sizes[0], length, { dtype });
    const make = () => {
      const { stride, padding, dilation, groups, paddingMode } = direct;
      const given = { stride, padding, dilation, groups, paddingMode, algorithm: 'fast' } as const;
      return Conv1d.fromWeights(direct.weight, direct.bias, given);
    };
    const conv = make();
    const expected = conv.forward(x);

    test.each(['train', 'eval'] as const)('results are those of the direct sum up to rounding, in %s mode', (mode) => {
      const y = make()[mode]().forward(x).data;
      const exact = direct.forward(x).data;
      const largest = Math.max(0, ...exact.map(Math.abs));
      const tolerance = largest * (dtype === 'float32' ? 1e-4 : 1e-12);
      expect(y.findIndex((value, i) => !(Math.abs(value - exact[i]!) <= tolerance))).toBe(-1);
    });

    test.each(['train', 'eval'] as const)('each way to call gives the same bits, in %s mode', async (mode) => {
      const own = make()[mode]();
      const y = own.forward(x);
      expectBits(own.forward(x), y);
      const out = zeros(...y.shape, { dtype });
      expectBits(own.forward(x, { out }), y);
      expectBits(await own.forwardAsync(x), y);
      for (const threads of [1, 2, 3])
        expectBits(
          withThreads(threads, () => own.forward(x)),
          y,
        );
      const signals = Array.from({ length: batch }, (_, i) => x.at(i) as Tensor);
      const many = await own.forwardMany(signals);
      for (const [i, signal] of signals.entries()) {
        expectBits(own.forward(signal), y.at(i) as Tensor);
        expectBits(many[i]!, y.at(i) as Tensor);
      }
      for (const isa of isas)
        expectBits(
          withIsa(isa, () => make()[mode]().forward(x)),
          y,
        );
    });

    test('the bits are the same in training and in evaluation mode', () => {
      expectBits(make().eval().forward(x), expected);
    });

    test('functional.conv1d gives the bits of a layer in training mode', () => {
      if (direct.paddingMode !== 'zeros') return;
      const { stride, padding, dilation, groups } = direct;
      const given = { stride, padding, dilation, groups, algorithm: 'fast' } as const;
      expectBits(functional.conv1d(x, direct.weight, direct.bias, given), expected);
    });
  },
);

describe('what a fast layer takes', () => {
  test.each<[algorithm: string, sizes: [number, number, number], options: Conv1dOptions, length: number]>([
    ['winograd F(4,3)', [256, 256, 3], {}, 130],
    ['winograd F(6,3)', [64, 64, 3], { padding: 1 }, 3000],
    ['fft 16', [64, 64, 9], { padding: 4 }, 100],
    ['fft 32', [64, 64, 5], {}, 3000],
    ['fft 64', [64, 64, 11], { dilation: 3 }, 3000],
    ['fft 128', [16, 16, 127], { groups: 2, padding: 'same' }, 3000],
  ])('is %s for Conv1d(%o, %o) on a length of %i, close to float64', (algorithm, sizes, options, length) => {
    manualSeed(length);
    const conv = new Conv1d(...sizes, { ...options, algorithm: 'fast' }).eval();
    expect(conv.explain(length).algorithm).toBe(algorithm);
    const x = randn(sizes[0], length);
    const wide = ({ data, shape }: Tensor) => tensorOf(Float64Array.from(data), shape);
    const exact = Conv1d.fromWeights(wide(conv.weight), wide(conv.bias!), options).forward(wide(x)).data;
    // The weights are uniform within 1 / sqrt(n), n of them for each output: their magnitudes add up to sqrt(n) / 2.
    const n = (sizes[1] / (options.groups ?? 1)) * sizes[2];
    const largest = x.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const unit = 2 ** -23 * largest * (Math.sqrt(n) / 2 + 1);
    const y = conv.forward(x).data;
    expect(exact.findIndex((value, i) => !(Math.abs(y[i]! - value) <= 3 * unit))).toBe(-1);
  });

  test('is direct where a weight is not finite', () => {
    const conv = new Conv1d(64, 64, 11);
    conv.weight.data[0] = Number.NaN;
    const fast = Conv1d.fromWeights(conv.weight, conv.bias, { algorithm: 'fast' });
    const x = randn(64, 1000);
    expect(fast.explain(1000).reason).toMatch(/^no fast algorithm suits this call and these weights/);
    expectBits(fast.forward(x), conv.forward(x));
    expectBits(fast.eval().forward(x), conv.forward(x));
  });

  test('has NaN where the direct sum has it and nowhere else', () => {
    const direct = new Conv1d(64, 64, 11, { padding: 5 }).eval();
    const fast = Conv1d.fromWeights(direct.weight, direct.bias, { padding: 5, algorithm: 'fast' }).eval();
    const x = randn(64, 1000);
    x.data[3 * 1000 + 500] = Number.NaN;
    const [a, b] = [direct, fast].map((conv) => conv.forward(x).data);
    expect(fast.explain(1000).exact).toBe(false);
    const where = (values: typeof a) => Array.from(values!, Number.isNaN);
    expect(where(b)).toEqual(where(a));
    expect(where(a).filter(Boolean).length).toBe(64 * 11);
  });
});

describe('stream() of a fast layer', () => {
  test.each(['train', 'eval'] as const)('is refused in %s mode, and the error names the fix', (mode) => {
    const conv = new Conv1d(2, 3, 5, { algorithm: 'fast' })[mode]();
    expect(() => conv.stream()).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        code: 'ERR_CONV1D_VALUE',
        message: expect.stringMatching(
          /^stream\(\) keeps the order of the sum, .* use a layer with algorithm 'direct'/,
        ),
      }),
    );
  });

  test('works once the layer is made again as the error says', () => {
    const conv = new Conv1d(2, 3, 5, { algorithm: 'fast' });
    const direct = Conv1d.fromWeights(conv.weight, conv.bias, { algorithm: 'direct' });
    const x = rand(2, 40);
    expectBits(direct.stream().push(x), direct.forward(x));
  });
});

describe('explain', () => {
  test('gives a frozen record of the algorithm that a call takes', () => {
    const explanation = new Conv1d(64, 64, 11).eval().explain(16000, { batch: 8 });
    expectTypeOf(explanation).toEqualTypeOf<Explanation>();
    expect(Object.isFrozen(explanation)).toBe(true);
    expect(explanation).toEqual({
      algorithm: 'direct',
      description: expect.stringMatching(/\w/),
      exact: true,
      weightBytes: 4 * 64 * 64 * 11,
      scratchBytes: expect.any(Number),
      reason: "the order of the sum is kept: algorithm 'direct'",
    });
    expect(explanation.scratchBytes).toBeGreaterThan(0);
  });

  test.each([
    [40, true],
    [96, true],
    [97, false],
  ])('a signal of %i is transformed as a whole while it fits 128 with its padding: %o', (length, isWhole) => {
    const conv = new Conv1d(32, 32, 64, { padding: 32, groups: 2, algorithm: 'fast' }).eval();
    expect(conv.explain(length).algorithm === 'whole fft 128').toBe(isWhole);
  });

  test('asks for a batch of one unless it is told', () => {
    const conv = new Conv1d(1, 8, 3);
    expect(conv.explain(4)).toEqual(conv.explain(4, { batch: 1 }));
    expect(conv.explain(4, {})).toEqual(conv.explain(4, { batch: undefined }));
    expect(conv.explain(4, { batch: 0 }).exact).toBe(true);
  });

  test.each(LAYERS)("says for Conv1d(%o, %o) with algorithm 'fast' on (batch, length) %o what holds", (...layer) => {
    const [sizes, options, [batch, length]] = layer;
    for (const maxWeightBytes of [0, 2 ** 28]) {
      const conv = new Conv1d(...sizes, { ...options, algorithm: 'fast', maxWeightBytes }).eval();
      const { exact, weightBytes, reason } = conv.explain(length, { batch });
      if (exact) expect(reason).toMatch(/^no fast algorithm (suits|pays)/);
      else {
        expect(reason).toMatch(/^estimated at [\d.]+ of the time of the direct sum$/);
        expect(weightBytes).toBeLessThanOrEqual(maxWeightBytes);
      }
    }
  });

  const conv = new Conv1d(2, 3, 5);
  const reflecting = new Conv1d(2, 3, 5, { padding: 4, paddingMode: 'reflect' });
  test.each<[why: string, call: () => unknown, code: string, says: string]>([
    ['a length that is no number', () => conv.explain('16' as never), 'ERR_CONV1D_TYPE', 'explain: length must be an'],
    [
      'half an element',
      () => conv.explain(16.5),
      'ERR_CONV1D_VALUE',
      'explain: length must be an integer, but got 16.5',
    ],
    ['a negative length', () => conv.explain(-1), 'ERR_CONV1D_VALUE', 'explain: length must be 0 or more, but got -1'],
    ['a negative batch', () => conv.explain(16, { batch: -1 }), 'ERR_CONV1D_VALUE', 'explain: batch must be 0 or more'],
    [
      'a batch that is no number',
      () => conv.explain(16, { batch: null as never }),
      'ERR_CONV1D_TYPE',
      'explain: batch',
    ],
    ['options that are none', () => conv.explain(16, 8 as never), 'ERR_CONV1D_TYPE', 'the options of explain must be'],
    ['a misspelt option', () => conv.explain(16, { bach: 8 } as never), 'ERR_CONV1D_OPTION', "did you mean 'batch'?"],
    ['a length too short', () => conv.explain(4), 'ERR_CONV1D_SHAPE', "Kernel size can't be greater than actual input"],
    ['a length too short to reflect', () => reflecting.explain(4), 'ERR_CONV1D_SHAPE', 'Padding size should be less'],
    ['more than can be counted', () => conv.explain(2 ** 40, { batch: 2 ** 40 }), 'ERR_CONV1D_SHAPE', 'too large'],
  ])('refuses %s', (_, call, code, says) => {
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringContaining(says) }));
  });
});

describe('the reason of a choice', () => {
  const candidate = (name: string, share: number, more: Partial<Candidate> = {}): Candidate => {
    const bytes = { weightBytes: 0, scratchBytes: 0 };
    return { name, description: '', cost: 100, share, chosen: false, exact: true, ...bytes, ...more };
  };
  const chosen = { chosen: true };
  const inexact = { exact: false };
  const fast = { algorithm: 'fast', maxWeightBytes: 4096 } as const;

  test.each<[name: string, parameters: Parameters<typeof reasonFor>[0], candidates: Candidate[], reason: string]>([
    [
      "that algorithm 'direct' made",
      { algorithm: 'direct', maxWeightBytes: 4096 },
      [candidate('direct', 1, chosen), candidate('winograd', 0.31, inexact)],
      "the order of the sum is kept: algorithm 'direct'",
    ],
    [
      'of a fast algorithm is its estimate',
      fast,
      [
        candidate('direct', 1),
        candidate('swapped', 1),
        candidate('depthwise', Number.POSITIVE_INFINITY),
        candidate('winograd', 0.31, { ...inexact, ...chosen }),
        candidate('overlap-save', 0.6, inexact),
      ],
      'estimated at 0.31 of the time of the direct sum',
    ],
    [
      'of a direct one names the best fast one',
      fast,
      [
        candidate('direct', 1, chosen),
        candidate('winograd', 1.5, inexact),
        candidate('overlap-save', 1.2, inexact),
        candidate('dft', Number.POSITIVE_INFINITY, inexact),
      ],
      'no fast algorithm pays: overlap-save is estimated at 1.20 of the time of the direct sum',
    ],
    [
      'of a direct one where no fast one can be used names the bound',
      fast,
      [candidate('direct', 1, chosen), candidate('winograd', Number.POSITIVE_INFINITY, inexact)],
      'no fast algorithm suits this call and these weights, which may take up 4096 bytes',
    ],
  ])('%s', (_, parameters, candidates, reason) => {
    expect(reasonFor(parameters, candidates)).toBe(reason);
  });
});
