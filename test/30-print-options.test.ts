import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type Dtype, type PrintOptions, setPrintOptions, tensor } from '../lib/index.ts';

interface Golden {
  tensors: {
    name: string;
    dtype: Dtype;
    shape: number[];
    /** base64 of the elements' bytes */
    data: string;
    requiresGrad: boolean;
  }[];
  cases: { calls: PrintOptions[]; texts: string[] }[];
}

const golden: Golden = JSON.parse(
  gunzipSync(readFileSync(new URL('golden/print-options.json.gz', import.meta.url))).toString(),
);

const tensors = golden.tensors.map(({ name, dtype, shape, data, requiresGrad }) => {
  const bytes = new Uint8Array(Buffer.from(data, 'base64')).buffer;
  const values = dtype === 'float32' ? new Float32Array(bytes) : new Float64Array(bytes);
  return { name, value: tensor(values, shape, { requiresGrad }) };
});

afterEach(() => setPrintOptions({ profile: 'default' }));

describe.each(golden.cases.map(({ calls, texts }) => ({ name: JSON.stringify(calls), calls, texts })))(
  'after $name',
  ({ calls, texts }) => {
    test.each(tensors.map((one, i) => ({ ...one, text: texts[i]! })))('torch prints $name so', ({ value, text }) => {
      for (const options of calls) setPrintOptions(options);
      expect(String(value)).toBe(text);
    });
  },
);

test('an infinite threshold shows everything', () => {
  setPrintOptions({ threshold: Number.POSITIVE_INFINITY });
  expect(String(tensor(new Float32Array(1100)))).not.toContain('...');
});

const REFUSED: readonly [options: unknown, code: string][] = [
  [undefined, 'ERR_CONV1D_TYPE'],
  [2, 'ERR_CONV1D_TYPE'],
  [{ edgeitems: 2 }, 'ERR_CONV1D_OPTION'],
  [{ linewidth: 2 }, 'ERR_CONV1D_OPTION'],
  [{ precision: '2' }, 'ERR_CONV1D_TYPE'],
  [{ precision: -1 }, 'ERR_CONV1D_VALUE'],
  [{ precision: 61 }, 'ERR_CONV1D_VALUE'],
  [{ precision: 1.5 }, 'ERR_CONV1D_VALUE'],
  [{ threshold: -1 }, 'ERR_CONV1D_VALUE'],
  [{ threshold: Number.NaN }, 'ERR_CONV1D_VALUE'],
  [{ edgeItems: 0 }, 'ERR_CONV1D_VALUE'],
  [{ lineWidth: 0 }, 'ERR_CONV1D_VALUE'],
  [{ lineWidth: Number.POSITIVE_INFINITY }, 'ERR_CONV1D_VALUE'],
  [{ sciMode: 1 }, 'ERR_CONV1D_TYPE'],
  [{ profile: 'long' }, 'ERR_CONV1D_VALUE'],
  [{ profile: 2 }, 'ERR_CONV1D_TYPE'],
];

test.each(REFUSED)('%o is refused and changes nothing', (options, code) => {
  const before = String(tensor([0.5, 0.25]));
  expect(() => setPrintOptions(options as PrintOptions)).toThrow(expect.objectContaining({ code }));
  expect(String(tensor([0.5, 0.25]))).toBe(before);
});
