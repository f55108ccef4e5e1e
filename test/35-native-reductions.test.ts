import { describe, expect, test } from 'vitest';
import type { Elements, FloatArray } from '../binding.d.ts';
import { addon } from '../lib/native/addon.ts';
import { gatherAlong, takeRows } from '../lib/native/indexing.ts';
import { batchStatistics, normaliseGroups, normaliseRows } from '../lib/native/norms.ts';
import { findExtreme, logSoftmax, type Reduction, reduce, softmax } from '../lib/native/reductions.ts';
import { cumsum, sort, topk } from '../lib/native/sorting.ts';
import { detach } from './helpers/refusals.ts';

const floats = (...values: number[]) => new Float32Array(values);
const doubles = (...values: number[]) => new Float64Array(values);
const integers = (...values: number[]) => new Int32Array(values);
const wide = (...values: bigint[]) => new BigInt64Array(values);
const bytes = (...values: number[]) => new Uint8Array(values);

function into<T extends Elements>(out: T, call: (out: T) => void): (number | bigint)[] {
  call(out);
  return Array.from<number | bigint>(out);
}

describe('reductions', () => {
  const x = doubles(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13); // (2, 3, 2)
  const around = { outer: 2, count: 3, inner: 2 };
  const cases: [name: Reduction, expected: number[]][] = [
    ['sum', [9, 12, 27, 31]],
    ['mean', [3, 4, 9, 31 / 3]],
    ['product', [15, 48, 693, 1040]],
    ['maximum', [5, 6, 11, 13]],
    ['minimum', [1, 2, 7, 8]],
    ['norm', [35, 56, 251, 333].map(Math.sqrt)],
  ];
  test.each(cases)('%s over the middle dimension', (name, expected) => {
    expect(into(doubles(0, 0, 0, 0), (out) => reduce(name, around, x, out))).toEqual(expected);
  });

  test('a variance takes its correction off the count', () => {
    const row = { outer: 1, count: 4, inner: 1 };
    expect(into(floats(0), (out) => reduce('variance', row, floats(1, 2, 3, 4), out))).toEqual([1.25]);
    expect(into(floats(0), (out) => reduce('variance', row, floats(1, 2, 3, 4), out, 2))).toEqual([2.5]);
    expect(into(floats(0), (out) => reduce('variance', row, floats(3, 3, 3, 3), out, 4))).toEqual([Number.NaN]);
  });

  test('of integers wrap in 64 bits, or are of their kind', () => {
    const row = { outer: 1, count: 3, inner: 1 };
    expect(into(wide(0n), (out) => reduce('sum', row, integers(2 ** 31 - 1, 1, 1), out))).toEqual([2n ** 31n + 1n]);
    expect(into(wide(0n), (out) => reduce('sum', row, wide(2n ** 63n - 1n, 1n, 1n), out))).toEqual([1n - 2n ** 63n]);
    expect(into(wide(0n), (out) => reduce('product', row, bytes(2, 3, 4), out))).toEqual([24n]);
    expect(into(integers(0), (out) => reduce('minimum', row, integers(2, -3, 4), out))).toEqual([-3]);
    expect(into(bytes(9), (out) => reduce('any', row, bytes(0, 7, 0), out))).toEqual([1]);
    expect(into(bytes(9), (out) => reduce('all', row, bytes(0, 7, 0), out))).toEqual([0]);
  });

  test('of nothing', () => {
    const nothing = { outer: 1, count: 0, inner: 2 };
    expect(into(floats(5, 5), (out) => reduce('sum', nothing, floats(), out))).toEqual([0, 0]);
    expect(into(floats(5, 5), (out) => reduce('product', nothing, floats(), out))).toEqual([1, 1]);
    expect(into(floats(5, 5), (out) => reduce('mean', nothing, floats(), out))).toEqual([Number.NaN, Number.NaN]);
    expect(into(bytes(5, 5), (out) => reduce('all', nothing, bytes(), out))).toEqual([1, 1]);
    const none = { outer: 2 ** 52, count: 2 ** 52, inner: 0 };
    expect(into(integers(), (out) => reduce('maximum', none, integers(), out))).toEqual([]);
  });

  test('the place of the first extreme; NaN is both', () => {
    const row = { outer: 1, count: 4, inner: 1 };
    expect(into(wide(9n), (out) => findExtreme('largest', row, floats(1, 3, 3, 2), out))).toEqual([1n]);
    expect(into(wide(9n), (out) => findExtreme('smallest', row, floats(1, 3, Number.NaN, 0), out))).toEqual([2n]);
    expect(into(wide(9n), (out) => findExtreme('smallest', row, bytes(4, 3, 3, 5), out))).toEqual([1n]);
  });

  test('softmax of equals is even, and its logarithm is that of the share', () => {
    expect(into(floats(0, 0), (out) => softmax(1, 2, floats(1e30, 1e30), out))).toEqual([0.5, 0.5]);
    expect(into(doubles(0, 0), (out) => logSoftmax(1, 2, doubles(3, 3), out))).toEqual([-Math.LN2, -Math.LN2]);
  });
});

describe('norms', () => {
  test('of groups with a weight for each channel', () => {
    const x = doubles(1, 3, 5, 7, 2, 4, 2, 4);
    const weight = doubles(1, 1, 2, 1);
    const bias = doubles(0, 0, 0, 10);
    const shape = { batch: 1, groups: 2, channels: 2, length: 2 };
    const out = into(doubles(...Array(8).fill(0)), (y) => normaliseGroups(shape, 0, x, weight, bias, y, null));
    const unit = Math.sqrt(5);
    const expected = [-3 / unit, -1 / unit, 1 / unit, 3 / unit, -2, 2, 9, 11];
    out.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 12);
    });
  });

  test('of rows with a weight for each element, or none', () => {
    const x = floats(1, 3, 5, 9);
    expect(into(floats(0, 0, 0, 0), (y) => normaliseRows(2, 2, 0, x, floats(1, 2), floats(5, 5), y, null))).toEqual([
      4, 7, 4, 7,
    ]);
    expect(into(floats(0, 0, 0, 0), (y) => normaliseRows(2, 2, 0, x, null, null, y, null))).toEqual([-1, 1, -1, 1]);
  });

  test('with what their gradients need: the means of all rows, then one over their deviations', () => {
    const statistics = floats(0, 0, 0, 0);
    normaliseRows(2, 2, 0, floats(1, 3, 5, 9), null, null, floats(0, 0, 0, 0), statistics);
    expect([...statistics]).toEqual([2, 7, 1, 0.5]);
    normaliseGroups(
      { batch: 1, groups: 2, channels: 1, length: 2 },
      0,
      floats(1, 3, 5, 9),
      null,
      null,
      floats(0, 0, 0, 0),
      statistics,
    );
    expect([...statistics]).toEqual([2, 7, 1, 0.5]);
  });

  test('statistics of a batch, over items and lengths', () => {
    const means = doubles(0, 0);
    const variances = doubles(0, 0);
    batchStatistics(2, 2, 2, doubles(1, 2, 10, 10, 3, 4, 10, 10), means, variances);
    expect([...means, ...variances]).toEqual([2.5, 10, 1.25, 0]);
  });
});

describe('order and indices', () => {
  test('running sums along a dimension', () => {
    const columns = { outer: 1, count: 2, inner: 2 };
    expect(into(floats(0, 0, 0, 0), (y) => cumsum(columns, floats(1, 2, 3, 4), y))).toEqual([1, 2, 4, 6]);
    const row = { outer: 1, count: 4, inner: 1 };
    expect(into(wide(0n, 0n, 0n, 0n), (y) => cumsum(row, bytes(200, 200, 1, 0), y))).toEqual([200n, 400n, 401n, 401n]);
  });

  test('sorting is stable, NaN is the largest, -0 equals 0', () => {
    const x = floats(3, Number.NaN, -0, 0, -5);
    const indices = new BigInt64Array(5);
    expect(into(new Float32Array(5), (y) => sort('ascending', 1, 5, x, y, indices))).toEqual([
      -5,
      -0,
      0,
      3,
      Number.NaN,
    ]);
    expect([...indices]).toEqual([4n, 2n, 3n, 0n, 1n]);
    sort('descending', 1, 5, x, new Float32Array(5), indices);
    expect([...indices]).toEqual([1n, 0n, 2n, 3n, 4n]);
  });

  test('topk is the beginning of a sort', () => {
    const indices = new BigInt64Array(2);
    expect(into(integers(0, 0), (y) => topk(2, 'largest', 1, 4, integers(1, 7, 7, -2), y, indices))).toEqual([7, 7]);
    expect([...indices]).toEqual([1n, 2n]);
    expect(into(wide(0n, 0n), (y) => topk(2, 'smallest', 1, 3, wide(1n, -7n, 5n), y, indices))).toEqual([-7n, 1n]);
  });

  test('rows and elements by index', () => {
    expect(into(floats(0, 0, 0, 0), (y) => takeRows(3, 2, floats(0, 1, 2, 3, 4, 5), integers(2, 0), y))).toEqual([
      4, 5, 0, 1,
    ]);
    const around = { outer: 1, count: 2, inner: 2 };
    expect(into(bytes(0, 0), (y) => gatherAlong(around, 1, bytes(1, 2, 3, 4), wide(1n, 0n), y))).toEqual([3, 2]);
  });
});

describe('what does not fit is refused before anything is written', () => {
  const gone = <T extends FloatArray>(array: T): T => {
    detach(array);
    return array;
  };
  const memory = new Float32Array(6);
  const untouched = () => floats(-7, -7);
  const cases: [name: string, code: string, call: (out: Float32Array) => unknown][] = [
    ['no function', 'ERR_CONV1D_VALUE', (y) => addon.reduce(9, 1, 2, 2, 0, floats(1, 2, 3, 4), y)],
    ['a negative size', 'ERR_CONV1D_VALUE', (y) => addon.reduce(0, -1, 2, 2, 0, floats(1, 2, 3, 4), y)],
    ['sizes that overflow', 'ERR_CONV1D_SHAPE', (y) => addon.reduce(0, 2 ** 53, 2 ** 53, 2, 0, floats(1, 2), y)],
    ['results that overflow', 'ERR_CONV1D_SHAPE', (y) => addon.reduce(0, 2 ** 53, 0, 2 ** 53, 0, floats(), y)],
    ['a length that differs', 'ERR_CONV1D_SHAPE', (y) => addon.reduce(0, 1, 2, 2, 0, floats(1, 2, 3), y)],
    ['kinds that differ', 'ERR_CONV1D_TYPE', (y) => addon.reduce(0, 1, 2, 2, 0, doubles(1, 2, 3, 4), y)],
    ['a mean of integers', 'ERR_CONV1D_TYPE', (y) => addon.reduce(1, 1, 2, 2, 0, integers(1, 2, 3, 4), y)],
    ['any of floats', 'ERR_CONV1D_TYPE', (y) => addon.reduce(7, 1, 2, 2, 0, floats(1, 2, 3, 4), y)],
    ['a sum of integers into floats', 'ERR_CONV1D_TYPE', (y) => addon.reduce(0, 1, 2, 2, 0, integers(1, 2, 3, 4), y)],
    ['a maximum of nothing', 'ERR_CONV1D_SHAPE', (y) => addon.reduce(3, 1, 0, 2, 0, floats(), y)],
    ['a correction of text', 'ERR_CONV1D_TYPE', (y) => addon.reduce(5, 1, 1, 2, '1' as never, floats(1, 2), y)],
    ['memory that is gone', 'ERR_CONV1D_DETACHED', (y) => addon.reduce(0, 1, 2, 2, 0, gone(floats(1, 2, 3, 4)), y)],
    ['overlap', 'ERR_CONV1D_OVERLAP', () => addon.reduce(0, 1, 2, 2, 0, memory.subarray(0, 4), memory.subarray(3, 5))],
    ['the place of nothing', 'ERR_CONV1D_SHAPE', () => addon.findExtreme(true, 1, 0, 1, floats(), wide(0n))],
    ['places in floats', 'ERR_CONV1D_TYPE', (y) => addon.findExtreme(true, 1, 2, 2, floats(1, 2, 3, 4), y as never)],
    ['a number for a flag', 'ERR_CONV1D_TYPE', (y) => addon.softmax(1 as never, 1, 2, floats(1, 2), y)],
    ['a softmax of integers', 'ERR_CONV1D_TYPE', (y) => addon.softmax(false, 1, 2, integers(1, 2) as never, y)],
    ['a softmax in place', 'ERR_CONV1D_OVERLAP', () => addon.softmax(false, 1, 6, memory, memory)],
    [
      'weights of another length',
      'ERR_CONV1D_SHAPE',
      (y) => addon.normalise(1, 1, 2, 1, 0, floats(1, 2), floats(1), null, false, y, null),
    ],
    [
      'weights for each element of groups',
      'ERR_CONV1D_SHAPE',
      (y) => addon.normalise(1, 2, 1, 1, 0, floats(1, 2), null, null, true, y, null),
    ],
    [
      'weights of another kind',
      'ERR_CONV1D_TYPE',
      (y) => addon.normalise(1, 1, 2, 1, 0, floats(1, 2), doubles(1, 1), null, false, y, null),
    ],
    [
      'groups that overflow',
      'ERR_CONV1D_SHAPE',
      () => addon.normalise(0, 2 ** 53, 2 ** 53, 1, 0, floats(), null, null, false, floats(), null),
    ],
    [
      'statistics in one place',
      'ERR_CONV1D_OVERLAP',
      () => addon.batchStatistics(1, 2, 1, floats(1, 2), memory.subarray(0, 2), memory.subarray(1, 3)),
    ],
    ['a running sum of integers in floats', 'ERR_CONV1D_TYPE', (y) => addon.cumsum(1, 2, 1, integers(1, 2), y)],
    ['k above the count', 'ERR_CONV1D_VALUE', (y) => addon.topk(3, true, 1, 2, floats(1, 2), y, wide(0n, 0n, 0n))],
    ['indices in integers', 'ERR_CONV1D_TYPE', (y) => addon.sort(true, 1, 2, floats(1, 2), y, integers(0, 0) as never)],
    ['an index too large', 'ERR_CONV1D_VALUE', (y) => addon.takeRows(2, 1, floats(1, 2), integers(0, 2), y)],
    ['an index below zero', 'ERR_CONV1D_VALUE', (y) => addon.takeRows(2, 1, floats(1, 2), wide(0n, -1n), y)],
    ['an index into nothing', 'ERR_CONV1D_VALUE', (y) => addon.takeRows(0, 1, floats(), wide(0n, 0n), y)],
    ['indices of text', 'ERR_CONV1D_TYPE', (y) => addon.takeRows(2, 1, floats(1, 2), ['0', '1'] as never, y)],
    ['indices in bytes', 'ERR_CONV1D_TYPE', (y) => addon.takeRows(2, 1, floats(1, 2), bytes(0, 1) as never, y)],
    ['an index outside', 'ERR_CONV1D_VALUE', (y) => addon.gatherAlong(1, 2, 1, 2, floats(1, 2), integers(0, 5), y)],
    ['too few indices', 'ERR_CONV1D_SHAPE', (y) => addon.gatherAlong(1, 2, 1, 2, floats(1, 2), integers(0), y)],
    ['nothing at all', 'ERR_CONV1D_TYPE', () => (addon.gatherAlong as () => unknown)()],
  ];
  test.each(cases)('%s: %s', (_, code, call) => {
    const out = untouched();
    expect(() => call(out)).toThrow(expect.objectContaining({ code }));
    expect(out).toEqual(untouched());
    expect(memory).toEqual(new Float32Array(6));
  });

  test('huge sizes around nothing come to an end', () => {
    const huge = 2 ** 52;
    addon.softmax(false, huge, 0, floats(), floats());
    addon.normalise(huge, 1, 0, huge, 0, floats(), null, null, false, floats(), null);
    addon.batchStatistics(huge, 0, huge, floats(), floats(), floats());
    addon.cumsum(huge, 0, huge, floats(), floats());
    addon.sort(true, huge, 0, floats(), floats(), wide());
    addon.topk(0, true, 0, huge, floats(), floats(), wide());
    addon.gatherAlong(huge, huge, 0, huge, floats(), wide(), floats());
    addon.takeRows(0, huge, floats(), wide(), floats());
    addon.findExtreme(true, huge, huge, 0, floats(), wide());
  });
});
