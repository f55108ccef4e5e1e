import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Dtype, manualSeed, rand } from '../lib/index.ts';
import { powScalar } from '../lib/native/channelwise.ts';
import { adaptiveAvgPool, adaptiveMaxPool, avgPool, maxPool } from '../lib/native/pool.ts';
import { upsampleLinear, upsampleNearest } from '../lib/native/upsample.ts';
import type { FloatArray } from '../lib/tensor/dtype.ts';
import { bytesOf } from './golden/files.ts';

/** From generate_pool.py. */
interface Case {
  readonly kind: keyof typeof RUN;
  readonly dtype: Dtype;
  readonly seed: number;
  readonly rows: number;
  readonly length: number;
  readonly special: Readonly<Record<string, string>>;
  readonly parameters: {
    readonly kernelSize: number;
    readonly stride: number;
    readonly padding: number;
    readonly dilation: number;
    readonly countIncludePad: boolean;
    readonly scale: number;
    readonly alignCorners: boolean;
    readonly exponent: number;
  };
  readonly outLength: number;
  readonly data: string;
  readonly indices: string | null;
}

const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('golden/pool.json.gz', import.meta.url))).toString(),
) as readonly Case[];

type Run = (drawn: Case, x: FloatArray, out: FloatArray, indices: BigInt64Array | null) => void;

const windows = ({ rows, length, outLength, parameters }: Case) => ({ rows, length, outLength, ...parameters });

const RUN = {
  maxPool: (drawn, x, out, indices) => maxPool(windows(drawn), drawn.parameters.dilation, x, out, indices),
  avgPool: (drawn, x, out) => avgPool(windows(drawn), drawn.parameters.countIncludePad, x, out),
  adaptiveMaxPool: ({ rows, length, outLength }, x, out, indices) =>
    adaptiveMaxPool(rows, length, outLength, x, out, indices),
  adaptiveAvgPool: ({ rows, length, outLength }, x, out) => adaptiveAvgPool(rows, length, outLength, x, out),
  upsampleNearest: (drawn, x, out) => upsampleNearest(windows(drawn), x, out),
  upsampleLinear: (drawn, x, out) => upsampleLinear(windows(drawn), drawn.parameters.alignCorners, x, out),
  pow: ({ parameters }, x, out) => powScalar(x, parameters.exponent, out),
} satisfies Record<string, Run>;

/** In units of the last place of a number. PyTorch sums a long window in an order of its own, and its powers err by one as well. */
const UNITS: Partial<Record<Case['kind'], number>> = { avgPool: 8, adaptiveAvgPool: 8, pow: 2 };

function inputOf({ dtype, seed, rows, length, special }: Case): FloatArray {
  manualSeed(seed);
  const x = rand(1, rows, length, { dtype: dtype as 'float32' })
    .mul(6)
    .sub(3).data;
  for (const [index, text] of Object.entries(special)) x[Number(index)] = Number(text);
  return x;
}

function errorOf(got: number, expected: number, dtype: Dtype): number {
  if (Object.is(got, expected) || got === expected) return 0; // -0 is 0
  const size = Math.max(Math.abs(expected), 1); // means cancel
  return Math.abs(got - expected) / (size * 2 ** (dtype === 'float32' ? -23 : -52));
}

describe('PyTorch gives the same', () => {
  test('in as many cases as were drawn', () => {
    expect(golden.length).toBeGreaterThan(250);
  });

  test.each(Object.keys(RUN) as Case['kind'][])('for %s', (kind) => {
    for (const drawn of golden.filter((one) => one.kind === kind)) {
      const x = inputOf(drawn);
      const { buffer } = bytesOf(drawn.data);
      const expected = drawn.dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
      const places = drawn.indices === null ? null : new BigInt64Array(bytesOf(drawn.indices).buffer);
      const out = expected.slice().fill(7);
      const indices = places?.slice().fill(-7n) ?? null;
      (RUN[kind] as Run)(drawn, x, out, indices);
      const label = JSON.stringify({ ...drawn, data: undefined, indices: undefined });
      expect(indices, label).toEqual(places);
      const worst = Math.max(0, ...Array.from(out, (value, i) => errorOf(value, expected[i]!, drawn.dtype)));
      expect(worst, label).toBeLessThanOrEqual(UNITS[kind] ?? 0);
    }
  });
});
