import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crcOf, goldens, operandsOf, restored, specials, storedOperandsOf } from './golden/conv1d.ts';
import { conv1dReference, EPSILON, withinBound } from './reference/conv1d.ts';
import { fma, fmaf } from './reference/fma.ts';
import { bitsAt, bitsOf, fmaChain } from './reference/fmaChain.ts';
import { outLengthOf } from './reference/problem.ts';

function unpacked(name: string): ArrayBuffer {
  return Uint8Array.from(gunzipSync(readFileSync(new URL(`golden/${name}`, import.meta.url)))).buffer;
}

describe('the golden data', () => {
  it('holds at least 1,000 distinct problems and 100 more of integers', () => {
    const distinct = new Set(
      goldens.map(({ problem: { seed, inputCrc, ...parameters } }) => JSON.stringify(parameters)),
    );
    expect(distinct.size).toBe(goldens.length);
    expect(goldens.filter(({ problem }) => problem.values === 'uniform').length).toBeGreaterThanOrEqual(1000);
    expect(goldens.filter(({ problem }) => problem.values === 'integer').length).toBeGreaterThanOrEqual(100);
  });

  it('has inputs that our generator makes to the bit', () => {
    for (const { problem } of goldens) {
      expect(crcOf(operandsOf(problem)), `inputs of ${JSON.stringify(problem)}`).toBe(problem.inputCrc);
    }
  });
});

describe('the naive reference', () => {
  it('agrees with PyTorch on every golden problem', () => {
    for (const { problem, expected } of goldens) {
      const outputs = conv1dReference(problem, operandsOf(problem));
      const wrong = outputs.findIndex((output, i) => !withinBound(expected[i]!, output, EPSILON.float64));
      const line = `output ${wrong} is ${outputs[wrong]?.y}, in PyTorch ${expected[wrong]}: ${JSON.stringify(problem)}`;
      expect(wrong, line).toBe(-1);
      expect(outputs.length, JSON.stringify(problem)).toBe(expected.length);
      expect(outLengthOf(problem), JSON.stringify(problem)).toBe(problem.outLength);
    }
  });

  it('equals PyTorch on the integer problems', () => {
    for (const { problem, expected } of goldens) {
      if (problem.values !== 'integer') continue;
      const outputs = conv1dReference(problem, operandsOf(problem)).map((output) => output.y + 0);
      expect(outputs, JSON.stringify(problem)).toEqual([...expected].map((value) => value + 0));
    }
  });
});

describe('the reference chain', () => {
  it.each(specials.map((special) => [`${special.name} (${special.dtype})`, special] as const))('%s', (_, special) => {
    const expected = restored(special.output, special.dtype);
    const operands = storedOperandsOf(special);
    const computed = Array.from(expected, (_, i) => bitsOf(fmaChain(special, operands, i), special.dtype));
    expect(computed).toEqual(Array.from(expected, (value) => bitsOf(value + 0, special.dtype)));
  });

  it('is within the bound of PyTorch on every golden problem', () => {
    for (const { problem, expected } of goldens) {
      const operands = operandsOf(problem);
      const outputs = conv1dReference(problem, operands);
      for (let i = 0; i < outputs.length; i += 7) {
        const y = fmaChain(problem, operands, i);
        const line = `output ${i} is ${y}, in PyTorch ${expected[i]}: ${JSON.stringify(problem)}`;
        expect(withinBound(y, { ...outputs[i]!, y: expected[i]! }, EPSILON[problem.dtype]), line).toBe(true);
      }
    }
  });
});

describe('the bound', () => {
  const cases: [actual: number, y: number, magnitude: number, products: number, within: boolean][] = [
    [1, 1, 1, 1, true],
    [1 + 2 * EPSILON.float32, 1, 1, 1, true],
    [1 + 3 * EPSILON.float32, 1, 1, 1, false],
    [1 + 3 * EPSILON.float32, 1, 1, 4, true],
    [0, 0, 0, 0, true],
    [EPSILON.float32, 0, 0, 0, false],
    [Number.NaN, 1, 1, 1, false],
    [1, Number.NaN, Number.NaN, 1, false],
    [Number.NaN, Number.NaN, Number.NaN, 1, true],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1, true],
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 1, false],
    [Number.POSITIVE_INFINITY, 1, 1, 1, false],
  ];
  it.each(cases)('of %f for %f with magnitude %f and %i products: %s', (actual, y, magnitude, products, within) => {
    expect(withinBound(actual, { y, magnitude, products }, EPSILON.float32)).toBe(within);
  });
});

describe('fused multiply-add', () => {
  it.each([
    ['fmaf', fmaf, new Float32Array(unpacked('fma.f32.gz'))],
    ['fma', fma, new Float64Array(unpacked('fma.f64.gz'))],
  ] as const)('%s equals that of libm to the bit', (_, multiplyAdd, rows) => {
    const dtype = rows instanceof Float32Array ? 'float32' : 'float64';
    expect(rows.length).toBeGreaterThan(0);
    for (let i = 0; i < rows.length; i += 4) {
      const [a, b, c, expected] = rows.subarray(i, i + 4);
      const line = `of ${a}, ${b}, ${c}`;
      expect(bitsOf(multiplyAdd(a!, b!, c!), dtype), line).toBe(bitsOf(expected!, dtype));
    }
  });

  it('reads the bits of an element where it lies', () => {
    expect(bitsAt(Float32Array.of(7, 1), 1)).toBe(0x3f800000n);
    expect(bitsAt(Float64Array.of(7, 8, -0).subarray(1), 1)).toBe(0x8000000000000000n);
  });
});
