import { describe, expect, test } from 'vitest';
import { addon } from '../lib/native/addon.ts';
import { detach } from './helpers/refusals.ts';

// A second check of everything, on the native side: nothing that is passed there may crash the process.

const floats = (length: number) => new Float32Array(length).fill(7);

/** Signals (2, 20), 3 frames of 8 samples every 5, 5 bins. */
const SIZES = [2, 20, 3, 8, 5] as const;
const signals = () => floats(40);
const window = () => floats(8);
const spectra = () => floats(2 * 2 * 5 * 3);

function gone(): Float32Array<ArrayBuffer> {
  const array = spectra();
  detach(array);
  return array;
}

type Sizes = readonly [number, number, number, number, number];
const forwards = (sizes: Sizes, x = signals(), w = window(), out = spectra()) =>
  addon.spectraOfFrames(...sizes, 1, 1, x, w, out);
const backwards = (sizes: Sizes, first: unknown, x = spectra(), w = window(), out = signals()) =>
  addon.overlapAddFrames(...sizes, 1, 1, first as number, true, x, w, out);
const sizesWith = (at: number, value: unknown) => ([...SIZES] as unknown[]).with(at, value) as unknown as Sizes;

const memory = new ArrayBuffer(1000);
const [left, right] = [new Float32Array(memory, 0, 60), new Float32Array(memory, 100, 60)];

const HOSTILE = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 2 ** 53 - 1, '2', undefined, null, {}, 5n];

describe('the native side refuses', () => {
  const calls: readonly [what: string, call: () => unknown][] = [
    ...['signals', 'length', 'frames', 'size', 'hop'].flatMap((name, at) =>
      HOSTILE.filter((value) => !(name === 'hop' && value === 2 ** 53)).flatMap((value): [string, () => unknown][] => [
        [`${String(value)} as ${name} of frames`, () => forwards(sizesWith(at, value))],
        [`${String(value)} as ${name} of spectra`, () => backwards(sizesWith(at, value), 0)],
      ]),
    ),
    ...HOSTILE.filter((value) => typeof value !== 'number' || value < 0 || !(value < 2 ** 53 - 30)).map(
      (value): [string, () => unknown] => [`${String(value)} as the first sample`, () => backwards(SIZES, value)],
    ),
    ['a size of 0', () => forwards(sizesWith(3, 0), signals(), floats(0), spectra())],
    ['a size above 2^22', () => forwards([0, 0, 0, 2 ** 22 + 1, 1], floats(0), floats(2 ** 22 + 1), floats(0))],
    ['a hop of 0', () => forwards(sizesWith(4, 0))],
    ['frames behind the end', () => forwards(sizesWith(4, 7))],
    ['too few signals', () => forwards(SIZES, floats(39))],
    ['a window of another length', () => forwards(SIZES, signals(), floats(7))],
    ['spectra of another length', () => forwards(SIZES, signals(), window(), floats(61))],
    ['a window of another dtype', () => forwards(SIZES, signals(), new Float64Array(8) as never)],
    ['spectra of another dtype', () => forwards(SIZES, signals(), window(), new Float64Array(60) as never)],
    ['integers', () => forwards(SIZES, new Int32Array(40) as never)],
    ['memory that is gone', () => backwards(SIZES, 0, gone())],
    ['results in the input', () => backwards(SIZES, 0, left, window(), right.subarray(0, 40))],
    ['results in the window', () => forwards(SIZES, signals(), right.subarray(0, 8), left)],
    ['a factor of text', () => addon.spectraOfFrames(...SIZES, '1' as never, 1, signals(), window(), spectra())],
    ['no flag', () => addon.overlapAddFrames(...SIZES, 1, 1, 0, 1 as never, spectra(), window(), signals())],
  ];

  test.each(calls)('%s', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });

  test('before it writes anything', () => {
    const out = spectra();
    expect(() => forwards(SIZES, signals(), floats(7), out)).toThrow();
    expect(out.every((value) => value === 7)).toBe(true);
  });

  test('nothing that is empty', () => {
    forwards([0, 20, 3, 8, 5], floats(0), window(), floats(0));
    forwards([2, 20, 0, 8, 5], signals(), window(), floats(0));
    backwards([2, 0, 3, 8, 5], 0, spectra(), window(), floats(0));
    const out = signals();
    backwards([2, 20, 0, 8, 5], 0, floats(0), window(), out);
    expect(out.every((value) => value === 0)).toBe(true);
  });
});
