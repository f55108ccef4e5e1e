import { describe, expect, test } from 'vitest';
import {
  cat,
  compile,
  type FloatDtype,
  functional,
  type nn,
  rand,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { signalRuleOf } from '../lib/network/plan/signalRules.ts';
import { dft } from '../lib/nn/functional/signals/dft.ts';
import { istft, stft } from '../lib/nn/ops/spectra.ts';
import { tensorOf, viewOf } from '../lib/tensor/tensor.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';
import { type Forward, Of } from './helpers/networks/of.ts';
import { codeOf } from './helpers/refusals.ts';

const network = (forward: Forward, fields: Readonly<Record<string, object>> = {}): nn.Module =>
  new Of(forward, fields).eval();

const hann = <D extends FloatDtype>(length: number, like: Tensor<D>) =>
  functional.hannWindow(length, { dtype: like.dtype });
const largest = (x: Tensor) => x.abs().max().item() as number;

function expectBits(got: Tensor, expected: Tensor, what = ''): void {
  expect(got.shape, what).toEqual(expected.shape);
  const [a, b] = [got, expected].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  expect(Buffer.compare(a!, b!), what).toBe(0);
}

/** A front end, a back end, both, and what resamples; all of them take (N, L). */
const FORWARDS: readonly [name: string, forward: Forward][] = [
  ['stft', (x) => functional.stft(x, 64, { hopLength: 24, window: hann(64, x) })],
  ['stft of all bins', (x) => functional.stft(x, 50, { winLength: 31, onesided: false, center: false })],
  ['stft of a prime size', (x) => functional.stft(x, 61, { padMode: 'constant', normalized: true })],
  ['spectrogram', (x) => functional.spectrogram(x, 48, { hopLength: 16, window: hann(48, x), power: 1 })],
  [
    'stft and istft',
    (x) => {
      const options = { hopLength: 20, window: hann(80, x) };
      return functional.istft(functional.stft(x, 80, options).mul(0.5), 80, options);
    },
  ],
  [
    'istft of a length',
    (x) => {
      const spectra = functional.stft(x, 40, { window: hann(40, x), normalized: true });
      return functional.istft(spectra, 40, { window: hann(40, x), normalized: true, length: x.shape[1] });
    },
  ],
  [
    'magnitudes of channels',
    (x) => functional.spectrogram(x.unsqueeze(1), 30, { power: 1.5, pad: 9, onesided: false }),
  ],
  ['resample down', (x) => functional.resample(x, 48000, 44100)],
  ['resample up', (x) => functional.resample(x, 3, 8, { resamplingMethod: 'sinc_interp_kaiser' })],
  [
    'log-mel',
    (x) => {
      const mel = functional.melFilterbank(33, { nMels: 10, dtype: x.dtype }).transpose(0, 1);
      return mel
        .matmul(functional.spectrogram(x, 64, { hopLength: 16, window: hann(64, x) }))
        .clamp(1e-10, 1e10)
        .log();
    },
  ],
];

describe.each(FORWARDS)('%s', (_, forward) => {
  test.each(['float32', 'float64'] as const)('compiled and by itself has the same bits, %s', (dtype) => {
    const module = network(forward);
    const compiled = compile(module, { input: rand(1, 400, { dtype }) });
    for (const [batch, length] of [
      [1, 400],
      [3, 1001],
      [2, 150],
    ] as const) {
      const x = randn(batch, length, { dtype });
      expectBits(compiled.forward(x) as Tensor, module.forward(x) as Tensor);
    }
  });

  test('has the same bits on every implementation, with any number of threads, and of a batch or one by one', () => {
    const x = randn(5, 3000);
    const right = forward(x);
    for (const isa of isas) {
      withIsa(isa, () => {
        for (const threads of [1, 2, 5]) withThreads(threads, () => expectBits(forward(x), right, isa));
        const alone = [0, 1, 2, 3, 4].map((item) => forward(x.narrow(0, item, 1)));
        expectBits(cat(alone, 0), right, isa);
      });
    }
  });
});

describe('stretches of long signals', () => {
  const FRAMES: readonly [name: string, forward: Forward][] = [
    ['spectra', (x) => functional.spectrogram(x, 64, { hopLength: 16, window: hann(64, x), center: false, power: 1 })],
    ['resampling', (x) => functional.resample(x, 4, 3).mul(2)],
    ['resampling up', (x) => functional.resample(x.mul(2), 2, 7)],
  ];
  test.each(FRAMES)('of %s have the bits of the whole, in memory that does not grow', (_, forward) => {
    const module = network(forward);
    const input = rand(1, 400);
    const whole = compile(module, { input, maxWorkingBytes: Number.POSITIVE_INFINITY });
    const cut = compile(module, { input, maxWorkingBytes: 40_000 });
    const x = randn(2, 40_000);
    expectBits(cut.forward(x) as Tensor, whole.forward(x) as Tensor);
    expect(cut.summary([2, 40_000]).workingBytes).toBeLessThan(whole.summary([2, 40_000]).workingBytes / 3);
  });
});

describe('a rule of signals', () => {
  const window = new Float32Array(10).fill(1);
  const framing = { size: 10, hop: 3, ends: 1, inner: 1, window };

  test('says what frames are made of', () => {
    const rule = signalRuleOf(stft, framing, 4)!;
    expect(rule.needs({ begin: 4, end: 6 }, 100)).toEqual({ begin: 12, end: 25 });
    expect(rule.makes({ begin: 12, end: 25 }, 100, 31)).toEqual({ begin: 4, end: 6 });
    expect(rule.makes({ begin: 11, end: 27 }, 100, 31)).toEqual({ begin: 4, end: 6 });
  });

  test('says which frames a sample lies in', () => {
    const attributes = { ...framing, first: 5, rest: 5, dividesByWindows: true };
    const rule = signalRuleOf(istft, attributes, 2)!;
    const x: Tensor = rand(1, 2, 6, 20);
    const given = viewOf(x)!;
    const whole = tensorOf(istft.run([given], attributes, istft.infer([given], attributes))) as Tensor;
    const length = whole.shape[1]!;
    for (let begin = 0; begin < length; begin += 7) {
      const end = Math.min(length, begin + 9);
      const frames = rule.needs({ begin, end }, 20);
      const makes = rule.makes(frames, 20, length);
      expect(makes.begin).toBeLessThanOrEqual(begin);
      expect(makes.end).toBeGreaterThanOrEqual(end);
      // One frame less does not make them.
      const fewer = rule.makes({ begin: frames.begin + 1, end: frames.end }, 20, length);
      if (frames.begin > 0) expect(fewer.begin).toBeGreaterThan(begin);
      const some = viewOf(x.narrow(3, frames.begin, frames.end - frames.begin))!;
      const own = { ...attributes, ...rule.part!(frames, makes, 20).attributes } as typeof attributes;
      const part = tensorOf(istft.run([some], own, istft.infer([some], own))) as Tensor;
      expectBits(part, whole.narrow(1, makes.begin, makes.end - makes.begin).clone());
    }
  });
});

describe('what is known of spectra', () => {
  test('a cosine has two bins', () => {
    const x = tensor(Array.from({ length: 1000 }, (_, i) => Math.cos((2 * Math.PI * 12 * i) / 100)));
    const spectra = functional.stft(x, 100, { hopLength: 100, center: false });
    expect(spectra.shape).toEqual([51, 10, 2]);
    const expected = zeros(51, 10, 2);
    for (let frame = 0; frame < 10; frame++) expected.data[(12 * 10 + frame) * 2] = 50;
    expect(largest(spectra.sub(expected))).toBeLessThan(1e-4);
  });

  test.each([
    [400, 160],
    [400, 100],
    [101, 33],
    [1024, 256],
    [7, 2],
  ])('istft gives back what stft was given, %i samples every %i', (size, hopLength) => {
    const options = { hopLength, window: functional.hannWindow(size) };
    for (const dtype of ['float32', 'float64'] as const) {
      const x = randn(2, 5000, { dtype });
      const own = { ...options, window: options.window.to(dtype) };
      const y = functional.istft(functional.stft(x, size, own), size, { ...own, length: 5000 });
      expect(largest(y.sub(x))).toBeLessThan(dtype === 'float32' ? 1e-5 : 1e-13);
    }
  });

  test('resampling a sine gives the sine at the other rate', () => {
    const sine = (rate: number) =>
      tensor(Array.from({ length: rate / 10 }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / rate)));
    for (const [from, to] of [
      [44100, 16000],
      [16000, 48000],
    ] as const) {
      const y = functional.resample(sine(from), from, to, { lowpassFilterWidth: 64 });
      const inside = y.sub(sine(to)).narrow(0, 200, y.shape[0]! - 400);
      expect(largest(inside)).toBeLessThan(1e-3);
    }
  });

  test('the same rate gives the signal itself', () => {
    const x = rand(3, 10);
    expect(functional.resample(x, 8000, 8000)).toBe(x);
    expect(functional.resample(zeros(2, 0), 2, 3).shape).toEqual([2, 0]);
  });

  test.each([1, 2, 8, 15])('of infinite and missing samples the bins that are real stay so, %i samples', (size) => {
    const bad = [Number.POSITIVE_INFINITY, Number.NaN].map((value) => zeros(3, 60).add(value));
    for (const isa of isas) {
      withIsa(isa, () => {
        const spectra = functional.stft(cat([...bad, randn(1, 60)], 0), size, { hopLength: size });
        const imaginary = (bin: number) => spectra.narrow(1, bin, 1).narrow(3, 1, 1).clone().data;
        const real = size % 2 === 0 ? [0, size / 2] : [0];
        for (const bin of real)
          expect(
            imaginary(bin).every((each) => Object.is(each, 0)),
            isa,
          ).toBe(true);
        expect(spectra.at(0, 0, 0, 0).item()).not.toBeLessThan(1e30);
      });
    }
  });

  test('a short signal is refused with its length', () => {
    expect(() => functional.stft(rand(10), 20, { center: false })).toThrow(
      'expected 0 < n_fft <= 10, but got n_fft=20',
    );
    expect(codeOf(() => functional.stft(rand(10), 20))).toBe('ERR_CONV1D_SHAPE');
  });

  test('samples under no window are refused', () => {
    const spectra = functional.stft(rand(100), 20, { hopLength: 10, center: false });
    expect(() =>
      functional.istft(spectra, 20, { hopLength: 10, center: false, window: functional.hannWindow(20) }),
    ).toThrow('window overlap add min: 0');
    expect(codeOf(() => functional.istft(spectra, 20, { winLength: 8, hopLength: 10 }))).toBe('ERR_CONV1D_VALUE');
  });

  test.each([
    [2, 0],
    [0, 7],
  ])('resampling a signal of the shape [%i, %i] has a gradient, of that shape', (...shape) => {
    const x = zeros(shape, { requiresGrad: true });
    functional.resample(x, 3, 2).sum().backward();
    expect(x.grad!.shape).toEqual(shape);
  });

  test('a window learns in training', () => {
    const window = functional.hannWindow(16);
    window.requiresGrad = true;
    const x = randn(100);
    const options = { window, hopLength: 4 };
    const y = functional.istft(functional.stft(x, 16, options), 16, options);
    y.sum().backward();
    // What the window does to the spectra is undone, whatever it is.
    expect(largest(window.grad!)).toBeLessThan(1e-4);
  });
});

describe('dft', () => {
  /** By definition, of (rows, N, 1 or 2). */
  function byDefinition(x: Tensor, size: number, inverse: boolean): number[][][] {
    const rows = x.toArray() as number[][][];
    return rows.map((row) =>
      Array.from({ length: size }, (_, k) => {
        let [re, im] = [0, 0];
        for (let n = 0; n < Math.min(size, row.length); n++) {
          const angle = ((inverse ? 2 : -2) * Math.PI * ((k * n) % size)) / size;
          const [a, b = 0] = row[n]!;
          re += a! * Math.cos(angle) - b * Math.sin(angle);
          im += a! * Math.sin(angle) + b * Math.cos(angle);
        }
        return inverse ? [re / size, im / size] : [re, im];
      }),
    );
  }

  const run = (x: Tensor, what: Parameters<typeof dft>[1]) => tensorOf(dft(viewOf(x)!, what)) as Tensor;

  test.each([
    [1, 1],
    [2, 1],
    [1, 12],
    [2, 15],
    [2, 22],
    [1, 7],
  ])('of %i parts and %i samples is the sum that defines it, and its inverse', (parts, size) => {
    for (const inverse of [false, true]) {
      for (const asked of [undefined, size + 3, Math.max(1, size - 2)]) {
        const x = randn(3, size, parts, { dtype: 'float64' });
        const right = tensor(byDefinition(x, asked ?? size, inverse), { dtype: 'float64' });
        const got = run(x, { dim: 1, size: asked, inverse, onesided: false });
        expect(got.shape).toEqual(right.shape);
        expect(largest(got.sub(right))).toBeLessThan(1e-12);
        // Along another dimension.
        const turned = run(x.transpose(0, 1), { dim: 0, size: asked, inverse, onesided: false });
        expect(largest(turned.transpose(0, 1).sub(right))).toBeLessThan(1e-12);
      }
    }
  });

  test.each([8, 9])('of real numbers has bins up to the middle, of which its inverse makes the numbers, %i', (size) => {
    const x = randn(2, size, 3, 1, { dtype: 'float64' });
    const all = run(x, { dim: 1, inverse: false, onesided: false });
    const half = run(x, { dim: 1, inverse: false, onesided: true });
    const bins = Math.floor(size / 2) + 1;
    expect(half.shape).toEqual([2, bins, 3, 2]);
    expect(largest(half.sub(all.narrow(1, 0, bins)))).toBeLessThan(1e-13);
    const back = run(half, { dim: 1, size, inverse: true, onesided: true });
    expect(back.shape).toEqual([2, size, 3, 1]);
    expect(largest(back.sub(x))).toBeLessThan(1e-13);
  });
});

test('a filterbank of bands has a sum of one between its first and last peak', () => {
  const sums = functional.melFilterbank(400, { nMels: 20, sampleRate: 8000 }).sum(1).data;
  expect(Math.min(...sums.slice(20, 340))).toBeGreaterThan(0.99999);
  expect(Math.max(...sums)).toBeLessThan(1.00001);
});
