import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { biasUniform, kaimingUniform } from '../lib/nn/init.ts';
import { allocate } from '../lib/tensor/allocate.ts';
import type { FloatArray, FloatDtype } from '../lib/tensor/dtype.ts';
import { rand, randn } from '../lib/tensor/factories.ts';
import { fusedMultiplyAdd, fusedMultiplyAdd32 } from '../lib/tensor/random/fusedMultiplyAdd.ts';
import { manualSeed, uniform } from '../lib/tensor/random/random.ts';

/** What a call gave: all bytes in base64, or their SHA-256. */
type Result = { shape: number[] } & ({ data: string } | { sha256: string });

type Call =
  | { call: 'rand' | 'randn'; dtype: FloatDtype; result: Result }
  | { call: 'uniform'; dtype: FloatDtype; from: number; to: number; result: Result }
  | { call: 'conv1d'; dtype: FloatDtype; fanIn: number; weight: Result; bias: Result | null };

const runs: { seed: string; calls: Call[] }[] = JSON.parse(
  gunzipSync(readFileSync(new URL('golden/random.json.gz', import.meta.url))).toString(),
);

/** In float64 blocks of 16 the logarithm, sine and cosine of V8 and of the C library differ in their last bits. */
const LARGEST_DIFFERENCE = 4;

function bytesOf(values: FloatArray): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function expectBits(values: FloatArray, result: Result): void {
  if ('sha256' in result) {
    expect(createHash('sha256').update(bytesOf(values)).digest('hex')).toBe(result.sha256);
  } else {
    expect(bytesOf(values).toString('hex')).toBe(Buffer.from(result.data, 'base64').toString('hex'));
  }
}

/** The distance of two float64 arrays in units of the last place. */
function ulpsBetween(values: FloatArray, result: Result): number {
  if (!('data' in result)) throw new Error('only results that are stored whole can be compared by distance');
  const ordered = (bytes: Buffer, at: number) => BigInt.asIntN(64, bytes.readBigInt64LE(at));
  const ours = bytesOf(values);
  const theirs = Buffer.from(result.data, 'base64');
  expect(ours.length).toBe(theirs.length);
  let largest = 0;
  for (let at = 0; at < ours.length; at += 8) {
    const distance = Math.abs(Number(ordered(ours, at) - ordered(theirs, at)));
    largest = Math.max(largest, distance);
  }
  return largest;
}

function numel(result: Result): number {
  return result.shape.reduce((product, size) => product * size, 1);
}

function repeat(call: Call): void {
  if (call.call === 'conv1d') {
    expectBits(kaimingUniform(call.fanIn, call.weight.shape, call.dtype).data, call.weight);
    if (call.bias) expectBits(biasUniform(call.fanIn, call.bias.shape, call.dtype).data, call.bias);
  } else if (call.call === 'uniform') {
    const values = allocate(call.dtype, numel(call.result));
    uniform(values, call.from, call.to);
    expectBits(values, call.result);
  } else if (call.call === 'rand') {
    expectBits(rand(call.result.shape, { dtype: call.dtype }).data, call.result);
  } else {
    const values = randn(call.result.shape, { dtype: call.dtype }).data;
    if (call.dtype === 'float32') expectBits(values, call.result);
    else expect(ulpsBetween(values, call.result)).toBeLessThanOrEqual(LARGEST_DIFFERENCE);
  }
}

describe('the same seed gives the same bits as torch, call after call', () => {
  test.each(runs)('seed $seed', ({ seed, calls }) => {
    randn(3); // A spare normal number, which seeding forgets.
    manualSeed(BigInt(seed));
    for (const call of calls) repeat(call);
  });
});

describe('seeds', () => {
  const first = (seed: number | bigint) => {
    manualSeed(seed);
    return rand(4).toArray();
  };

  test.each([0, 1, -1, -12345, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 1, -(2 ** 53) + 1])(
    '%d as a number and as a bigint are one',
    (seed) => {
      expect(first(seed)).toEqual(first(BigInt(seed)));
    },
  );

  test('only the low 32 bits count', () => {
    expect(first(2 ** 32 + 5)).toEqual(first(5));
    expect(first(-1)).toEqual(first(2 ** 32 - 1));
  });

  test('-0 is 0', () => expect(first(-0)).toEqual(first(0)));

  test.each([
    [1.5, RangeError, 'ERR_CONV1D_VALUE'],
    [Number.NaN, RangeError, 'ERR_CONV1D_VALUE'],
    [Number.POSITIVE_INFINITY, RangeError, 'ERR_CONV1D_VALUE'],
    [2 ** 53, RangeError, 'ERR_CONV1D_VALUE'],
    [2n ** 64n, RangeError, 'ERR_CONV1D_VALUE'],
    [-(2n ** 63n) - 1n, RangeError, 'ERR_CONV1D_VALUE'],
    ['0', TypeError, 'ERR_CONV1D_TYPE'],
    [undefined, TypeError, 'ERR_CONV1D_TYPE'],
    [null, TypeError, 'ERR_CONV1D_TYPE'],
    [[7], TypeError, 'ERR_CONV1D_TYPE'],
  ])('%s is refused, and the generator goes on undisturbed', (seed, kind, code) => {
    manualSeed(3);
    const undisturbed = [rand(2).toArray(), rand(2).toArray()];
    manualSeed(3);
    expect(rand(2).toArray()).toEqual(undisturbed[0]);
    const attempt = () => manualSeed(seed as number);
    expect(attempt).toThrow(kind);
    expect(attempt).toThrow(expect.objectContaining({ code }));
    expect(rand(2).toArray()).toEqual(undisturbed[1]);
  });
});

describe('uniform', () => {
  beforeEach(() => manualSeed(0));

  test.each([
    [2, 1, 'uniform_ expects to return a [from, to) range, but found from=2 > to=1'],
    [-3e38, 3e38, 'uniform_ expects to-from <= std::numeric_limits<Float>::max()'],
    [Number.NaN, 1, 'from is out of bounds'],
    [0, 1e39, 'to is out of bounds'],
    [0, Number.POSITIVE_INFINITY, 'to is out of bounds'],
  ])('from %d to %d is refused', (from, to, message) => {
    const values = new Float32Array(3);
    expect(() => uniform(values, from, to)).toThrow(message);
    expect(values).toEqual(new Float32Array(3));
  });

  test('a layer without inputs draws nothing', () => {
    expect(kaimingUniform(0, [3, 0, 5], 'float32').shape).toEqual([3, 0, 5]);
    expect(biasUniform(0, [3], 'float64').toArray()).toEqual([0, 0, 0]);
    const next = rand(1).item();
    manualSeed(0);
    expect(rand(1).item()).toBe(next);
  });
});

describe('a fused multiply-add', () => {
  const ulp = 2 ** -52;
  const ulp32 = 2 ** -23;

  test.each([
    [1 + ulp, 1 - ulp, -1, -(ulp ** 2)],
    [1 + ulp, 1 + ulp, -(1 + 2 * ulp), ulp ** 2],
    [0.1, 10, -1, 2 ** -54],
    [3, 0, 5, 5],
    [2 ** 60, 2 ** -60, -1, 0],
    // 1 + ulp/2 lies halfway; what is far below decides.
    [1, 1, ulp / 2, 1],
    [1 + 2 ** -30, 1 + 2 ** -30, 2 ** -60 + ulp / 2, 1 + 2 ** -29 + ulp],
  ])('of %d, %d and %d rounds once', (a, b, c, expected) => {
    expect(fusedMultiplyAdd(a, b, c)).toBe(expected);
  });

  test.each([
    [1, 1, ulp32 / 2, 1],
    // 1 + ulp/2 lies halfway in float32; 2^-60 more or less is lost in float64 and yet decides.
    [1 + ulp32, ulp32 / 2, 1, 1 + ulp32],
    [2 ** -30, 2 ** -30, 1 + ulp32, 1 + ulp32],
  ])('of %d, %d and %d rounds once in float32', (a, b, c, expected) => {
    expect(fusedMultiplyAdd32(a, b, c)).toBe(expected);
  });
});
