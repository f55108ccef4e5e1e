import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { disagreement, fastDisagreement, referenceAt } from '../bench/compare.ts';
import { significant } from '../bench/documents/cells/table.ts';
import { makeValues, noise, samplePositions } from '../bench/inputs.ts';
import { geometricMean, kindOf, limitOf } from '../bench/limits.ts';
import { NATIVE } from '../bench/natives.ts';
import { onnxModel } from '../bench/onnx.ts';
import {
  bytes,
  describeProblem,
  LAYERS,
  nominalFlops,
  outLength,
  type Problem,
  parseProblems,
  STFT,
  sizes,
  usefulFlops,
} from '../bench/problems.ts';
import { decodeSamples, encodeSamples } from '../bench/protocol.ts';
import { fitLine } from '../bench/scaling.ts';
import { gauge } from '../bench/tables.ts';
import { summarize } from '../bench/timing.ts';
import { Conv1d, loadSafetensors, tensor } from '../lib/index.ts';

function problem(fields: object): Problem {
  return parseProblems([{ name: 'p', inChannels: 1, outChannels: 1, kernelSize: 1, length: 8, ...fields }])[0]!;
}

function layer(name: string): Problem {
  return LAYERS.find((candidate) => candidate.name === name)!;
}

const ODD: readonly Problem[] = [
  problem({ kernelSize: 5, padding: 2 }),
  problem({
    inChannels: 6,
    outChannels: 4,
    kernelSize: 3,
    groups: 2,
    padding: [5, 0],
    stride: 2,
    batch: 3,
    length: 11,
  }),
  problem({ inChannels: 4, outChannels: 8, kernelSize: 4, groups: 4, dilation: 3, padding: [0, 7], length: 9 }),
  problem({ kernelSize: 9, padding: 12, length: 2, stride: 5 }),
];

describe('the layers', () => {
  test.each(LAYERS.map((p) => [p.name, p] as const))(
    '%s does the work that DESIGN.md lists, to a unit of its last digit',
    (name, p) => {
      const listed = NATIVE[name]!.mflop;
      const unit = 10 ** -(String(listed).split('.')[1] ?? '').length;
      expect(Math.abs(nominalFlops(p) / 1e6 - listed)).toBeLessThanOrEqual(unit);
    },
  );

  test('there are 23 of them, and native times for each', () => {
    expect(LAYERS.map(({ name }) => name)).toEqual(Object.keys(NATIVE));
    expect(LAYERS).toHaveLength(23);
  });

  test('the positional layer of wav2vec2 has 62 % of its products in the padding', () => {
    const p = layer('wav2vec2 pos');
    expect(1 - usefulFlops(p) / nominalFlops(p)).toBeCloseTo(0.62, 2);
  });

  test.each([
    ['seed', '2->3 k5 b4, L 6'],
    ['wav2vec2 pos', '768->768 k128 g16, L 49'],
    ['tasnet dw', 'dw 512 k3 d8, L 3999'],
  ])('%s is described as %s', (name, text) => {
    expect(describeProblem(layer(name))).toBe(text);
  });
});

describe('the arithmetic of a layer', () => {
  test.each(ODD.map((p) => [describeProblem(p), p] as const))(
    '%s: its useful products are those inside the input',
    (_, p) => {
      let products = 0;
      for (let t = 0; t < outLength(p); t++) {
        for (let k = 0; k < p.kernelSize; k++) {
          const at = t * p.stride + k * p.dilation - p.padLeft;
          if (at >= 0 && at < p.length) products += p.batch * p.outChannels * (p.inChannels / p.groups);
        }
      }
      expect(usefulFlops(p)).toBe(2 * products);
    },
  );

  test('without padding every product is useful', () => {
    const p = layer('wav2vec2 L0');
    expect(usefulFlops(p)).toBe(nominalFlops(p));
  });

  test('bytes are input, weight, bias and output, four each', () => {
    expect(bytes(layer('seed'))).toBe(4 * (4 * 2 * 6 + 3 * 2 * 5 + 3 + 4 * 3 * 2));
  });
});

describe('the limit', () => {
  const p = problem({ inChannels: 100, outChannels: 100, kernelSize: 5, length: 1004 });

  test('is the products at the peak where those take longer', () => {
    expect(limitOf(p, { peak: 100, copy: 20 })).toEqual({ ms: 1, bound: 'compute' });
  });

  test('is the bytes at the speed of a copy where those do', () => {
    const { ms, bound } = limitOf(p, { peak: 1e6, copy: 1 });
    expect(bound).toBe('bandwidth');
    expect(ms).toBeCloseTo((4 * (100_400 + 50_000 + 100 + 100_000)) / 1e6, 12);
  });

  test.each([
    ['seed', 'overhead'],
    ['hifigan 64', 'dense'],
    ['tasnet 1x1', 'compute'],
    ['wav2vec2 pos', 'compute'],
    ['quartznet dw', 'bandwidth'],
    ['wav2vec2 L0', 'bandwidth'],
  ])('%s counts as %s', (name, kind) => {
    expect(kindOf(layer(name), { peak: 187, copy: 20 })).toBe(kind);
  });

  test('the Fourier transform is a kind of its own', () => {
    expect(kindOf(STFT, { peak: 187, copy: 20 })).toBe('transform');
  });

  test('means are geometric', () => {
    expect(geometricMean([1, 4, 16])).toBeCloseTo(4, 12);
    expect(geometricMean([])).toBeNaN();
  });
});

describe('a shapes file', () => {
  const fine = { name: 'a', inChannels: 4, outChannels: 4, kernelSize: 3, length: 9 };
  test.each([
    [{}, 'shapes must be a JSON array'],
    [[], 'at least one layer'],
    [[null], 'shapes[0] must be an object'],
    [[{ ...fine, name: '' }], 'shapes[0].name'],
    [[fine, fine], "two layers are called 'a'"],
    [[{ ...fine, dilaton: 2 }], "unknown property 'dilaton'"],
    [[{ ...fine, kernelSize: 0 }], "('a').kernelSize must be an integer of at least 1, but is 0"],
    [[{ ...fine, stride: '2' }], '.stride must be an integer'],
    [[{ ...fine, padding: [1, 2, 3] }], '.padding must be a number or [left, right]'],
    [[{ ...fine, padding: -1 }], '.padding must be an integer of at least 0'],
    [[{ ...fine, groups: 3 }], 'groups must divide'],
    [[{ ...fine, kernelSize: 10 }], 'longer than the padded input'],
    [[{ name: 'a', outChannels: 4, kernelSize: 3, length: 9 }], '.inChannels must be an integer'],
    [[{ ...fine, weights: 'random' }], ".weights must be 'dft' or left out"],
    [[{ ...fine, weights: 'dft' }], "weights 'dft' need one input channel"],
    [[{ ...fine, inChannels: 1, outChannels: 6, weights: 'dft' }], "weights 'dft' need one input channel"],
  ])('%j is refused: %s', (value, message) => {
    expect(() => parseProblems(value)).toThrow(message);
  });

  test('what it leaves out is 1, and the padding 0', () => {
    expect(parseProblems([fine])).toEqual([
      { ...fine, stride: 1, dilation: 1, groups: 1, batch: 1, padLeft: 0, padRight: 0 },
    ]);
  });
});

describe('inputs', () => {
  test('are float32 values in [-1, 1) that depend on the seed only', () => {
    const values = noise(10_000, 1);
    expect(values.every((value) => value >= -1 && value < 1 && Number.isInteger(value * 2 ** 23))).toBe(true);
    expect(noise(10_000, 1)).toEqual(values);
    expect(noise(10_000, 2)).not.toEqual(values);
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan(0.02);
  });

  test('the weights of the Fourier transform are those of examples/filterbank.safetensors', async () => {
    const path = fileURLToPath(new URL('../examples/filterbank.safetensors', import.meta.url));
    const { weight } = await loadSafetensors(path);
    expect(makeValues(STFT).weight).toEqual(weight!.data);
  });

  test.each([1, 7, 4096, 4097, 100_003, 40_000_000])(
    'the positions to compare out of %i lie inside, in order, once each',
    (numel) => {
      const positions = samplePositions(numel, 4096);
      expect(positions).toHaveLength(Math.min(numel, 4096));
      expect(positions.every((at, i) => at >= 0 && at < numel && (i === 0 || at > positions[i - 1]!))).toBe(true);
    },
  );

  test('samples survive the way through JSON', () => {
    const samples = encodeSamples([1.5, Number.NaN, -0, 3], [0, 3, 1, 9]);
    expect(decodeSamples(samples)).toEqual(Float32Array.of(1.5, 3, Number.NaN, Number.NaN));
  });
});

describe('comparing results', () => {
  const all = (p: Problem) => Array.from({ length: sizes(p).output }, (_, i) => i);

  test.each(ODD.map((p) => [describeProblem(p), p] as const))('%s: the reference and the library agree', (_, p) => {
    const values = makeValues(p);
    const { stride, dilation, groups } = p;
    const padding = [p.padLeft, p.padRight] as const;
    const conv = new Conv1d(p.inChannels, p.outChannels, p.kernelSize, { stride, padding, dilation, groups });
    conv.loadStateDict({ weight: tensor(values.weight, conv.weight.shape), bias: tensor(values.bias) });
    const y = conv.forward(tensor(values.input, [p.batch, p.inChannels, p.length]));
    const { value, magnitude } = referenceAt(p, values, all(p));
    expect(disagreement(p, y.data, value, magnitude)).toBeLessThan(1);
  });

  const p = ODD[1]!;
  const { value, magnitude } = referenceAt(p, makeValues(p), all(p));
  const changed = (at: number, to: number) => value.map((v, i) => (i === at ? to : v));
  test.each([
    ['the same', value, 0, 0],
    ['one value off by 1 %', changed(5, value[5]! + 0.01 * magnitude[5]!), 100, 1e6],
    ['a NaN', changed(5, Number.NaN), Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['an infinity', changed(5, Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    ['too few', value.slice(1), Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ])('%s', (_, other, least, most) => {
    const apart = disagreement(p, other, value, magnitude);
    expect(apart).toBeGreaterThanOrEqual(least);
    expect(apart).toBeLessThanOrEqual(most);
  });

  test('a fast result may be off by four times the rounding of the largest sum, wherever it stands', () => {
    const largest = Math.max(...magnitude);
    const smallest = magnitude.indexOf(Math.min(...magnitude));
    const unit = 2 * Math.sqrt((p.inChannels / p.groups) * p.kernelSize + 1) * 2 ** -23;
    const reference = { value, magnitude };
    const off = (by: number) =>
      fastDisagreement(p, changed(smallest, value[smallest]! + by * unit * largest), reference);
    expect(off(3.9)).toBeLessThan(1);
    expect(off(4.1)).toBeGreaterThan(1);
    expect(fastDisagreement(p, changed(5, Number.NaN), reference)).toBe(Number.POSITIVE_INFINITY);
  });
});

/** The fields of a protobuf message: bytes of wire type 2, numbers of wire type 0. */
function protobuf(message: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const fields = new Map<number, (Uint8Array | number)[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const size = varint();
    const isBytes = tag % 8 === 2;
    const value = isBytes ? message.subarray(at, at + size) : size;
    if (isBytes) at += size;
    fields.set(Math.floor(tag / 8), [...(fields.get(Math.floor(tag / 8)) ?? []), value]);
  }
  expect(at).toBe(message.length);
  return fields;
}

describe('an ONNX model', () => {
  const p = problem({
    inChannels: 4,
    outChannels: 6,
    kernelSize: 300,
    groups: 2,
    stride: 3,
    dilation: 2,
    padding: [130, 7],
    length: 999,
  });
  const string = (value: unknown) => Buffer.from(value as Uint8Array).toString();

  test.each([
    ['ncl', { kernel_shape: [300], strides: [3], dilations: [2], pads: [130, 7] }, [6, 2, 300]],
    ['h1', { kernel_shape: [1, 300], strides: [1, 3], dilations: [1, 2], pads: [0, 130, 0, 7] }, [6, 2, 1, 300]],
  ] as const)('of the form %s says what the layer is', (form, attributes, weightShape) => {
    const values = makeValues(p);
    const graph = protobuf(protobuf(onnxModel(p, values, form)).get(7)![0] as Uint8Array);
    const node = protobuf(graph.get(1)![0] as Uint8Array);
    expect(node.get(4)!.map(string)).toEqual(['Conv']);
    expect(node.get(1)!.map(string)).toEqual(['x', 'w', 'b']);
    const read = node.get(5)!.map((bytes) => protobuf(bytes as Uint8Array));
    const lists = read
      .filter((attribute) => attribute.has(8))
      .map((attribute) => [string(attribute.get(1)![0]), attribute.get(8)]);
    expect(Object.fromEntries(lists)).toEqual(attributes);
    expect(read.find((attribute) => string(attribute.get(1)![0]) === 'group')!.get(3)).toEqual([2]);

    const weight = protobuf(graph.get(5)![0] as Uint8Array);
    expect(weight.get(1)).toEqual([...weightShape]);
    const raw = Uint8Array.from(weight.get(9)![0] as Uint8Array);
    expect(new Float32Array(raw.buffer)).toEqual(values.weight);
  });
});

describe('scaling', () => {
  const curve = (points: readonly (readonly [number, number])[]) => ({
    axis: 'L',
    points: points.map(([x, ms]) => ({ x, ms, outputs: x })),
  });

  test('a straight line fits itself', () => {
    const fitted = fitLine(
      curve([
        [1, 5],
        [10, 23],
        [100, 203],
        [1000, 2003],
      ]),
    );
    for (const { ratio } of fitted) expect(ratio).toBeCloseTo(1, 9);
  });

  test('a cliff stands out', () => {
    const points = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((x) => [x, x === 8 ? 2 * x : x] as const);
    const cliffs = fitLine(curve(points)).filter(({ ratio }) => ratio > 1.2);
    expect(cliffs.map(({ x }) => x)).toEqual([8]);
  });

  test('neither the cost of a call nor that of a unit is negative', () => {
    for (const { fit } of fitLine(
      curve([
        [1, 0.5],
        [10, 20],
        [100, 900],
      ]),
    ))
      expect(fit).toBeGreaterThan(0);
    for (const { fit } of fitLine(
      curve([
        [1, 20],
        [10, 10],
        [100, 1],
      ]),
    ))
      expect(fit).toBeGreaterThan(0);
  });
});

test.each([
  [[3, 1, 2], { minMs: 1, medianMs: 2 }],
  [[4, 1, 3, 2], { minMs: 1, medianMs: 3 }],
  [[7], { minMs: 7, medianMs: 7 }],
])('the times %j are summed up as %j', (times, summary) => {
  expect(summarize(times)).toEqual(summary);
});

test.each([
  [0.000903, '0.000903'],
  [1.2345, '1.23'],
  [12.345, '12.3'],
  [1234.5, '1235'],
])('%d is printed as %s', (value, text) => {
  expect(significant(value)).toBe(text);
});

test.each([
  [0, '                       0 %'],
  [0.5, '██████████            50 %'],
  [1, '████████████████████ 100 %'],
  [1.3, '████████████████████ 130 %'],
])('%d of the limit is a bar of that length', (fraction, text) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with an escape
  expect(gauge(fraction).replace(/\x1b\[\d+m/g, '')).toBe(text);
});
