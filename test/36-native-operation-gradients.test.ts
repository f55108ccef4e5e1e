import { describe, expect, test } from 'vitest';
import { addon } from '../lib/native/addon.ts';
import { elementGradient, gateGradient, maxPoolGradient, softmaxGradient } from '../lib/native/gradients.ts';
import { addRows, scatterAdd } from '../lib/native/indexing.ts';
import { detach } from './helpers/refusals.ts';

const floats = (...values: number[]) => Float32Array.from(values);
const long = (...values: number[]) => BigInt64Array.from(values, BigInt);

describe('gradients', () => {
  test('of functions of elements may be written over what they are computed of', () => {
    const x = floats(-1, 2, -3);
    const gradient = floats(10, 20, 30);
    elementGradient('leakyRelu', x, gradient, 0.5, 0, gradient);
    expect([...gradient]).toEqual([5, 20, 15]);
    elementGradient('square', x, gradient, 0, 0, x);
    expect([...x]).toEqual([-10, 80, -90]);
  });

  test('of gated halves', () => {
    const out = new Float64Array(4);
    gateGradient(1, 2, Float64Array.of(3, 4, 0, Number.POSITIVE_INFINITY), Float64Array.of(1, 2), out);
    expect([...out]).toEqual([0.5, 2, 0.75, 0]);
  });

  test('of softmax', () => {
    const out = new Float64Array(2);
    softmaxGradient(false, { outer: 1, count: 2, inner: 1 }, Float64Array.of(0.25, 0.75), Float64Array.of(4, 8), out);
    expect([...out]).toEqual([-0.75, 0.75]);
    softmaxGradient(
      true,
      { outer: 1, count: 2, inner: 1 },
      Float64Array.of(0, Number.NEGATIVE_INFINITY),
      Float64Array.of(4, 8),
      out,
    );
    expect([...out]).toEqual([-8, 8]);
  });

  test('of overlapping windows are added up', () => {
    const out = new Float32Array(4);
    const shape = { rows: 1, length: 4, kernelSize: 3, stride: 1, padding: 0, outLength: 2 };
    maxPoolGradient(shape, 1, floats(0, 5, 1, 5), floats(1, 10), out);
    expect([...out]).toEqual([0, 11, 0, 0]);
  });

  test('of what was taken by indices', () => {
    const out = new Float32Array(6);
    addRows(3, 2, floats(1, 2, 3, 4, 5, 6), long(2, 0, 2), out);
    expect([...out]).toEqual([3, 4, 0, 0, 6, 8]);
    scatterAdd({ outer: 1, count: 3, inner: 2 }, 2, floats(1, 2, 3, 4), Int32Array.of(0, 1, 0, 2), out);
    expect([...out]).toEqual([4, 0, 0, 2, 0, 4]);
  });
});

describe('the addon refuses', () => {
  const x = () => floats(1, 2, 3, 4);
  const gone = () => {
    const array = x();
    detach(array);
    return array;
  };
  const shared = new Float32Array(8);
  const left = shared.subarray(0, 4);
  const right = shared.subarray(2, 6);

  const calls: [name: string, call: () => unknown][] = [
    ['an unknown function', () => addon.elementGradient(21, x(), x(), 0, 0, x())],
    ['a fractional function', () => addon.elementGradient(0.5, x(), x(), 0, 0, x())],
    ['a parameter of text', () => addon.elementGradient(0, x(), x(), '0' as never, 0, x())],
    ['values of another length', () => addon.elementGradient(0, floats(1), x(), 0, 0, x())],
    ['a gradient of another dtype', () => addon.elementGradient(0, x(), new Float64Array(4), 0, 0, x())],
    ['memory that overlaps', () => addon.elementGradient(0, left, x(), 0, 0, right)],
    ['a gradient that overlaps', () => addon.elementGradient(0, x(), right, 0, 0, left)],
    ['memory that is gone', () => addon.elementGradient(0, gone(), x(), 0, 0, x())],
    ['integers', () => addon.elementGradient(0, x(), x(), 0, 0, new Int32Array(4) as never)],
    ['nothing at all', () => (addon.elementGradient as () => void)()],

    ['halves of another length', () => addon.gateGradient(1, 2, floats(1, 2), floats(1, 2), x())],
    ['a gradient that is no half', () => addon.gateGradient(1, 2, x(), x(), x())],
    ['halves that overflow', () => addon.gateGradient(2 ** 53, 2 ** 53, x(), x(), x())],
    ['gates in place', () => addon.gateGradient(1, 2, left, floats(1, 2), left)],
    ['gates that are gone', () => addon.gateGradient(1, 2, gone(), floats(1, 2), x())],

    ['rows of another length', () => addon.softmaxGradient(false, 1, 3, 1, x(), x(), x())],
    ['rows that overflow', () => addon.softmaxGradient(false, 2 ** 53, 2 ** 53, 1, x(), x(), x())],
    ['rows in place', () => addon.softmaxGradient(true, 2, 2, 1, left, x(), left)],
    ['a gradient in its place', () => addon.softmaxGradient(true, 2, 1, 2, x(), left, left)],
    ['text for a boolean', () => addon.softmaxGradient('yes' as never, 2, 2, 1, x(), x(), x())],

    ['a padding beyond half', () => addon.maxPoolGradient(1, 4, 3, 1, 2, 1, 4, x(), x(), x())],
    ['a stride of nothing', () => addon.maxPoolGradient(1, 4, 1, 0, 0, 1, 4, x(), x(), x())],
    ['an input of another length', () => addon.maxPoolGradient(1, 4, 1, 1, 0, 1, 4, floats(1), x(), x())],
    ['a gradient of another length', () => addon.maxPoolGradient(1, 4, 1, 1, 0, 1, 4, x(), floats(1), x())],
    ['an output of another length', () => addon.maxPoolGradient(1, 4, 1, 1, 0, 1, 4, x(), x(), floats(1))],
    ['windows that overflow', () => addon.maxPoolGradient(1, 4, 2 ** 53, 1, 0, 2 ** 53, 4, x(), x(), x())],
    ['windows in place', () => addon.maxPoolGradient(1, 4, 1, 1, 0, 1, 4, left, x(), left)],
    ['a pooled gradient in place', () => addon.maxPoolGradient(1, 4, 1, 1, 0, 1, 4, x(), left, right)],
    ['a mean of another length', () => addon.avgPoolGradient(1, 4, 1, 1, 0, 3, true, x(), x())],
    ['a mean in place', () => addon.avgPoolGradient(1, 4, 1, 1, 0, 4, true, left, left)],
    ['adaptive windows of nothing', () => addon.adaptiveAvgPoolGradient(4, 0, 1, x(), floats())],
    ['adaptive windows of another length', () => addon.adaptiveMaxPoolGradient(1, 4, 3, x(), x(), x())],
    ['adaptive windows in place', () => addon.adaptiveMaxPoolGradient(1, 4, 4, left, x(), left)],

    ['an infinite scale', () => addon.upsampleNearestGradient(1, 4, 4, Number.POSITIVE_INFINITY, x(), x())],
    ['rows of nothing', () => addon.upsampleNearestGradient(4, 0, 1, 0, x(), floats())],
    ['another length', () => addon.upsampleLinearGradient(1, 4, 8, false, 0, x(), x())],
    ['lines in place', () => addon.upsampleLinearGradient(1, 4, 4, true, 0, left, left)],

    ['an index behind the end', () => addon.scatterAdd(1, 4, 1, 1, floats(1), long(4), x())],
    ['an index below zero', () => addon.addRows(4, 1, floats(1), long(-1), x())],
    ['an index of nothing', () => addon.addRows(0, 1, floats(1), long(0), floats())],
    ['too few indices', () => addon.scatterAdd(1, 4, 1, 2, floats(1, 2), long(0), x())],
    ['indices of floats', () => addon.scatterAdd(1, 4, 1, 1, floats(1), floats(0) as never, x())],
    ['rows of another width', () => addon.addRows(2, 2, floats(1), long(0), x())],
    ['sums of another dtype', () => addon.addRows(4, 1, new Float64Array(1), long(0), x())],
    ['sums in place', () => addon.scatterAdd(1, 4, 1, 4, left, long(0, 0, 0, 0), left)],
    ['sums that overflow', () => addon.scatterAdd(2 ** 53, 2 ** 53, 1, 1, floats(1), long(0), x())],
    [
      'sums over their indices',
      () => {
        const memory = new ArrayBuffer(16);
        addon.addRows(4, 1, floats(1), new BigInt64Array(memory, 0, 1), new Float32Array(memory));
      },
    ],
  ];

  test.each(calls)('%s', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });

  test('before it writes anything', () => {
    const out = floats(7, 7, 7, 7);
    expect(() => addon.maxPoolGradient(1, 4, 3, 1, 2, 1, 4, x(), x(), out)).toThrow();
    expect(() => addon.scatterAdd(1, 4, 1, 2, floats(1, 2), long(0, 4), out)).toThrow();
    expect(() => addon.elementGradient(0, x(), floats(1), 0, 0, out)).toThrow();
    expect([...out]).toEqual([7, 7, 7, 7]);
  });

  test('nothing that is empty', () => {
    const none = floats();
    addon.elementGradient(0, none, none.slice(), 0, 0, none.slice());
    addon.gateGradient(2 ** 53, 0, none, none.slice(), none.slice());
    addon.softmaxGradient(false, 2 ** 53, 0, 2 ** 53, none, none.slice(), none.slice());
    addon.maxPoolGradient(2 ** 53, 0, 1, 1, 0, 1, 0, none, none.slice(), none.slice());
    addon.avgPoolGradient(0, 4, 1, 1, 0, 4, false, none, none.slice());
    addon.adaptiveMaxPoolGradient(0, 4, 4, none, none.slice(), none.slice());
    addon.upsampleLinearGradient(0, 4, 4, false, 0, none, none.slice());
    addon.scatterAdd(2 ** 53, 0, 1, 0, none, long(), none.slice());
    addon.addRows(2 ** 53, 0, none, long(), none.slice());
  });

  test('nor windows behind the input, which get nothing', () => {
    const out = new Float32Array(1);
    addon.maxPoolGradient(1, 1, 1, 2 ** 50, 0, 1, 3, floats(9), floats(1, 2, 3), out);
    expect([...out]).toEqual([1]);
    addon.avgPoolGradient(1, 1, 2 ** 53, 1, 2 ** 52, 3, false, floats(1, 2, 3), out);
    expect([...out]).toEqual([6]);
  });
});
