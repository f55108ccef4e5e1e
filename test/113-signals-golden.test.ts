import { describe, expect, test } from 'vitest';
import { manualSeed, rand, type Tensor } from '../lib/index.ts';
import {
  type Call,
  elementsOf,
  largestDistance,
  largestOf,
  makeCall,
  makeInput,
  type Packed,
  readGolden,
  without,
} from './golden/calls.ts';

/** From generate_signals.py. */
interface Case extends Call {
  readonly result: Packed;
  readonly cotangentSeed?: number;
  readonly gradients?: readonly Packed[];
}

const golden = readGolden<Case>('signals.json.gz');

// In units in the last place of the largest element: results are sums of terms of about that size.
const UNITS: Readonly<Record<string, readonly [result: number, gradients: number]>> = {
  stft: [8, 16],
  istft: [8, 16],
  spectrogram: [8, 16],
  // Heights are differences of neighbouring frequencies, of which one is about a hundredth of them.
  melFilterbank: [64, 0],
  resample: [8, 8],
};

/** Of windows, whose largest elements are 1 or next to it. The Bessel function of Kaiser's is torch's own. */
const WINDOW_UNITS = 16;

describe.each([...new Set(golden.map(({ call }) => call))])('functional.%s', (name) => {
  const cases = golden.filter(({ call }) => call === name);
  const [units, gradientUnits] = UNITS[name] ?? [WINDOW_UNITS, 0];

  test('gives what PyTorch gives', () => {
    for (const record of cases) {
      const got = makeCall(record, record.inputs.map(makeInput)) as Tensor;
      const what = without(record, 'data', 'values');
      expect(got.dtype, what).toBe(record.result.dtype);
      expect(got.shape, what).toEqual(record.result.shape);
      const least = name.endsWith('Window') ? 1 : largestOf(record.result);
      expect(largestDistance(got, record.result, least), what).toBeLessThanOrEqual(units);
    }
  });

  const differentiable = cases.filter(({ gradients }) => gradients !== undefined);
  test.runIf(differentiable.length > 0)('has the gradients that PyTorch has, of its window too', () => {
    for (const record of differentiable) {
      const inputs = record.inputs.map((input) => {
        const tensor = makeInput(input);
        tensor.requiresGrad = true;
        return tensor;
      });
      const result = makeCall(record, inputs) as Tensor;
      manualSeed(record.cotangentSeed!);
      result.backward(
        rand(result.shape, { dtype: record.result.dtype as 'float32' })
          .sub(0.5)
          .mul(2),
      );
      for (const [i, expected] of record.gradients!.entries()) {
        const what = `gradient ${i} of ${without(record, 'data', 'values')}`;
        expect(inputs[i]!.grad!.shape, what).toEqual(expected.shape);
        expect(largestDistance(inputs[i]!.grad!, expected, largestOf(expected)), what).toBeLessThanOrEqual(
          gradientUnits,
        );
      }
    }
  });
});

test('there is golden data of each', () => {
  expect(golden.length).toBeGreaterThan(200);
  expect(golden.every(({ result }) => elementsOf(result).length > 0 || result.shape[0] === 0)).toBe(true);
});
