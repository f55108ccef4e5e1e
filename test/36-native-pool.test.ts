import { describe, expect, test } from 'vitest';
import { addon } from '../lib/native/addon.ts';
import { channelwise, glu, powScalar } from '../lib/native/channelwise.ts';
import { adaptiveAvgPool, adaptiveMaxPool, avgPool, maxPool } from '../lib/native/pool.ts';
import { upsampleLinear, upsampleNearest } from '../lib/native/upsample.ts';
import { detach } from './helpers/refusals.ts';

const floats = (...values: number[]) => Float32Array.from(values);

describe('channelwise', () => {
  test('affine, snake and leakyRelu take the parameters of their channel', () => {
    const x = floats(1, 2, -1, -2, 3, 4, 5, 6);
    const out = new Float32Array(8);
    channelwise('affine', 4, 2, 2, x, floats(2, 10), floats(1, 0), out);
    expect([...out]).toEqual([3, 5, -10, -20, 7, 9, 50, 60]);
    channelwise('leakyRelu', 4, 2, 2, x, floats(2, 0.5), null, out);
    expect([...out]).toEqual([1, 2, -0.5, -1, 3, 4, 5, 6]);
    channelwise('snake', 4, 1, 2, x, floats(2), floats(0.5), out);
    for (const [i, value] of x.entries()) expect(out[i]).toBeCloseTo(value + 0.5 * Math.sin(2 * value) ** 2, 5);
  });

  test('affine may write over its input', () => {
    const x = floats(1, 2, 3);
    channelwise('affine', 3, 3, 1, x, floats(1, 2, 3), floats(0, 0, 1), x);
    expect([...x]).toEqual([1, 4, 10]);
  });

  test('glu takes halves of the middle dimension', () => {
    const out = new Float64Array(4);
    glu(2, 1, 2, Float64Array.of(1, 2, 0, 0, 3, 4, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY), out);
    expect([...out]).toEqual([0.5, 1, 3, 0]);
  });

  test.each([
    [2, [1, 4, 9]],
    [3, [1, -8, 27]],
    [-1, [1, -0.5, 1 / 3]],
    [4, [1, 16, 81]],
    [0, [1, 1, 1]],
    [0.5, [1, Number.NaN, Math.sqrt(3)]],
  ])('numbers to the power of %f', (exponent, expected) => {
    const out = new Float64Array(3);
    powScalar(Float64Array.of(1, -2, 3), exponent, out);
    expect([...out]).toEqual(expected);
  });
});

describe('pooling', () => {
  const shape = { rows: 1, length: 5, kernelSize: 3, stride: 2, padding: 1, outLength: 3 };

  test('of windows that reach into the padding', () => {
    const x = floats(3, 1, 4, 1, 5);
    const out = new Float32Array(3);
    const indices = new BigInt64Array(3);
    maxPool(shape, 1, x, out, indices);
    expect([...out]).toEqual([3, 4, 5]);
    expect([...indices]).toEqual([0n, 2n, 4n]);
    avgPool(shape, true, x, out);
    expect([...out]).toEqual([4 / 3, 2, 2].map(Math.fround));
    avgPool(shape, false, x, out);
    expect([...out]).toEqual([2, 2, 3]);
  });

  test('that adapts to its output', () => {
    const out = new Float32Array(2);
    const indices = new BigInt64Array(2);
    adaptiveMaxPool(1, 5, 2, floats(3, 1, 4, 1, 5), out, indices);
    expect([...out]).toEqual([4, 5]);
    expect([...indices]).toEqual([2n, 4n]);
    adaptiveAvgPool(1, 5, 2, floats(3, 1, 5, 1, 6), out);
    expect([...out]).toEqual([3, 4]);
  });
});

test('upsampling repeats, or draws lines', () => {
  const out = new Float32Array(6);
  upsampleNearest({ rows: 1, length: 3, outLength: 6, scale: 2 }, floats(1, 2, 3), out);
  expect([...out]).toEqual([1, 1, 2, 2, 3, 3]);
  upsampleLinear({ rows: 1, length: 3, outLength: 6, scale: 2 }, false, floats(1, 2, 3), out);
  expect([...out]).toEqual([1, 1.25, 1.75, 2.25, 2.75, 3]);
  upsampleLinear({ rows: 2, length: 2, outLength: 3, scale: 0 }, true, floats(1, 2, 3, 5), out);
  expect([...out]).toEqual([1, 1.5, 2, 3, 4, 5]);
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
  const long = (bytes: ArrayBufferLike) => new BigInt64Array(bytes);

  const calls: [name: string, call: () => unknown][] = [
    ['an unknown channel function', () => addon.channelwise(3, 2, 2, 2, x(), floats(1, 2), null, x())],
    ['a fractional channel function', () => addon.channelwise(0.5, 2, 2, 2, x(), floats(1, 2), null, x())],
    ['rows that are no multiple', () => addon.channelwise(0, 4, 3, 1, x(), x(), x(), x())],
    ['no channels', () => addon.channelwise(0, 4, 0, 1, x(), floats(), floats(), x())],
    ['a missing b', () => addon.channelwise(0, 2, 2, 2, x(), floats(1, 2), null, x())],
    ['a needless b', () => addon.channelwise(2, 2, 2, 2, x(), floats(1, 2), floats(1, 2), x())],
    ['parameters of another length', () => addon.channelwise(0, 2, 2, 2, x(), floats(1), floats(1, 2), x())],
    ['parameters of another dtype', () => addon.channelwise(2, 2, 2, 2, x(), Float64Array.of(1, 2), null, x())],
    ['rows that overflow', () => addon.channelwise(0, 2 ** 53, 1, 2 ** 53, x(), floats(1), floats(1), x())],
    ['channelwise memory that overlaps', () => addon.channelwise(2, 4, 1, 1, left, floats(1), null, right)],
    ['channelwise memory that is gone', () => addon.channelwise(2, 4, 1, 1, gone(), floats(1), null, x())],
    ['parameters in the output', () => addon.channelwise(2, 4, 4, 1, x(), left, null, left)],
    ['nothing at all', () => (addon.channelwise as () => void)()],

    ['a padding beyond half of the kernel', () => addon.maxPool(1, 4, 3, 1, 2, 1, 4, x(), x(), null)],
    ['a kernel of nothing', () => addon.maxPool(1, 4, 0, 1, 0, 1, 4, x(), x(), null)],
    ['a stride of nothing', () => addon.maxPool(1, 4, 1, 0, 0, 1, 4, x(), x(), null)],
    ['a dilation of nothing', () => addon.maxPool(1, 4, 1, 1, 0, 0, 4, x(), x(), null)],
    ['a negative padding', () => addon.maxPool(1, 4, 1, 1, -1, 1, 4, x(), x(), null)],
    ['an input of another length', () => addon.maxPool(1, 5, 1, 1, 0, 1, 4, x(), x(), null)],
    ['an output of another length', () => addon.maxPool(1, 4, 1, 1, 0, 1, 5, x(), x(), null)],
    ['rows whose product overflows', () => addon.maxPool(2 ** 53, 2 ** 53, 1, 1, 0, 1, 1, x(), x(), null)],
    ['windows that overflow', () => addon.maxPool(1, 4, 2 ** 53, 1, 0, 2 ** 53, 4, x(), x(), null)],
    ['strides that overflow', () => addon.maxPool(1, 4, 2 ** 53, 2 ** 53, 2 ** 52, 2 ** 10, 4, x(), x(), null)],
    ['an output that is the input', () => addon.maxPool(1, 4, 1, 1, 0, 1, 4, left, left, null)],
    ['an output that overlaps', () => addon.maxPool(1, 4, 1, 1, 0, 1, 4, left, right, null)],
    ['too few indices', () => addon.maxPool(1, 4, 1, 1, 0, 1, 4, x(), x(), new BigInt64Array(3))],
    ['indices of another kind', () => addon.maxPool(1, 4, 1, 1, 0, 1, 4, x(), x(), new Int32Array(4) as never)],
    [
      'indices in the input',
      () => {
        const memory = new ArrayBuffer(32);
        addon.maxPool(1, 4, 1, 1, 0, 1, 4, new Float32Array(memory, 0, 4), x(), long(memory));
      },
    ],
    [
      'indices in the output',
      () => {
        const memory = new ArrayBuffer(32);
        addon.maxPool(1, 4, 1, 1, 0, 1, 4, x(), new Float32Array(memory, 16, 4), long(memory));
      },
    ],
    ['pooled memory that is gone', () => addon.maxPool(1, 4, 1, 1, 0, 1, 4, gone(), x(), null)],
    ['two dtypes', () => addon.maxPool(1, 4, 1, 1, 0, 1, 4, new Float64Array(4), x(), null)],
    ['arrays of integers', () => addon.maxPool(1, 4, 1, 1, 0, 1, 4, new Int32Array(4) as never, x(), null)],
    ['text for a boolean', () => addon.avgPool(1, 4, 1, 1, 0, 4, 'yes' as never, x(), x())],
    ['a padding of the mean beyond half', () => addon.avgPool(1, 4, 1, 1, 1, 4, true, x(), x())],
    ['a mean of another length', () => addon.avgPool(1, 4, 1, 1, 0, 3, true, x(), x())],
    ['adaptive pooling of nothing', () => addon.adaptiveAvgPool(4, 0, 1, floats(), x())],
    ['adaptive pooling of another length', () => addon.adaptiveAvgPool(1, 4, 3, x(), x())],
    ['adaptive indices of another length', () => addon.adaptiveMaxPool(1, 4, 4, x(), x(), new BigInt64Array(5))],
    ['adaptive pooling in place', () => addon.adaptiveMaxPool(1, 4, 4, left, left, null)],

    ['upsampling of nothing', () => addon.upsampleNearest(4, 0, 1, 0, floats(), x())],
    ['a negative scale', () => addon.upsampleNearest(1, 4, 4, -1, x(), x())],
    ['a scale that is no number', () => addon.upsampleNearest(1, 4, 4, Number.NaN, x(), x())],
    ['an infinite scale', () => addon.upsampleLinear(1, 4, 4, false, Number.POSITIVE_INFINITY, x(), x())],
    ['a scale of text', () => addon.upsampleLinear(1, 4, 4, false, '2' as never, x(), x())],
    ['no flag', () => addon.upsampleLinear(1, 4, 4, undefined as never, 0, x(), x())],
    ['upsampling of another length', () => addon.upsampleNearest(1, 4, 8, 0, x(), x())],
    ['upsampling in place', () => addon.upsampleLinear(1, 4, 4, true, 0, left, left)],
  ];

  test.each(calls)('%s', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });

  test('before it writes anything', () => {
    const out = floats(7, 7, 7, 7);
    expect(() => addon.maxPool(1, 4, 3, 1, 2, 1, 4, x(), out, null)).toThrow();
    expect(() => addon.maxPool(1, 4, 1, 1, 0, 1, 4, x(), out, new BigInt64Array(1))).toThrow();
    expect(() => addon.channelwise(0, 2, 2, 2, x(), floats(1, 2), null, out)).toThrow();
    expect([...out]).toEqual([7, 7, 7, 7]);
  });

  test('nothing that is empty', () => {
    addon.maxPool(0, 2 ** 53, 1, 1, 0, 1, 4, floats(), floats(), null);
    addon.adaptiveAvgPool(0, 4, 4, floats(), floats());
    addon.upsampleNearest(0, 4, 4, 0, floats(), floats());
    addon.channelwise(0, 0, 5, 4, floats(), new Float32Array(5), new Float32Array(5), floats());
  });

  test('nor windows behind the input, which are empty', () => {
    const out = new Float32Array(3);
    addon.maxPool(1, 1, 1, 2 ** 50, 0, 1, 3, floats(9), out, null);
    expect([...out]).toEqual([9, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    addon.avgPool(1, 1, 2 ** 53, 1, 2 ** 52, 3, false, floats(9), out);
    expect([...out]).toEqual([9, 9, 9]);
    addon.avgPool(1, 1, 1, 2 ** 50, 0, 3, true, floats(9), out);
    expect([...out]).toEqual([9, 0, 0]);
  });
});
