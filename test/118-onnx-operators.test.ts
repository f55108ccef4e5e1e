import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseOnnx, type Tensor } from '../lib/index.ts';
import { OPERATORS } from '../lib/onnx/operators/all.ts';
import type { Dtype } from '../lib/tensor/dtype.ts';
import { readGoldenObject } from './golden/calls.ts';
import type { OnnxGolden } from './golden/files.ts';
import { tensorOfGolden } from './golden/tensorOfGolden.ts';

// Single operators in the forms of operator sets 6 to 21, beside what onnxruntime computes of them (golden/generate_onnx_operators.py).

const golden = readGoldenObject<Record<string, OnnxGolden>>('onnx-operators.json.gz');

/** Of the largest element: both are float32, and sum in other orders. */
const TOLERANCE = 3e-6;

function distance(result: Tensor<Dtype>, expected: Tensor<Dtype>): number {
  const [x, y] = [result, expected].map((each) =>
    Array.from(each.contiguous().data as ArrayLike<number | bigint>, Number),
  ) as [number[], number[]];
  const largest = y.reduce((most, each) => (Number.isFinite(each) ? Math.max(most, Math.abs(each)) : most), 1e-6);
  return x.reduce((most, each, i) => {
    const isSame = Object.is(each, y[i]) || each === y[i];
    return isSame ? most : Math.max(most, Math.abs(each - y[i]!) / largest || (Number.isNaN(each) ? 1 : 0));
  }, 0);
}

describe('an operator computes what onnxruntime computes', () => {
  test.each(Object.entries(golden))('%s', (_, { model, inputs, outputs }) => {
    const network = parseOnnx(Buffer.from(model, 'base64'));
    const given = Object.entries(inputs).map(([name, input]) => [name, tensorOfGolden(input)] as const);
    const results = network.forward(Object.fromEntries(given)) as Record<string, Tensor<Dtype>>;
    expect(Object.keys(results)).toEqual(Object.keys(outputs));
    for (const [name, expected] of Object.entries(outputs)) {
      expect(results[name]!.dtype).toBe(expected.dtype);
      expect(results[name]!.shape).toEqual(expected.shape);
      expect(distance(results[name]!, tensorOfGolden(expected))).toBeLessThan(TOLERANCE);
    }
  });
});

describe('the table of operators', () => {
  test('in docs/onnx.md names each, and no other', () => {
    const text = readFileSync(new URL('../docs/onnx.md', import.meta.url), 'utf8');
    const table = /^## Operators\n([\s\S]*?)\n\nIf a model has other operators/m.exec(text)![1]!;
    const rows = table.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| theme'));
    const names = rows.flatMap(
      (row) =>
        row
          .split('|')[2]!
          .replaceAll(/`.*?`/g, '')
          .match(/\b[A-Z][A-Za-z0-9]+\b/g) ?? [],
    );
    const others = new Set(['N', 'C', 'L', 'ONNX']);
    expect([...new Set(names)].filter((name) => !others.has(name)).sort()).toEqual(Object.keys(OPERATORS).sort());
  });
});
