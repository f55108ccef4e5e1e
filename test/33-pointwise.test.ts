import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type FloatDtype,
  functional,
  getNumThreads,
  manualSeed,
  rand,
  randn,
  setNumThreads,
  type Tensor,
  tensor,
  zeros,
} from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { bytesOf } from './golden/files.ts';
import { detach } from './helpers/refusals.ts';

/** From generate_pointwise.py. */
interface Case {
  readonly name: string;
  readonly dtype: FloatDtype;
  readonly arguments: readonly (number | string)[];
  readonly shapes: readonly (readonly number[])[];
  readonly scale: number;
  readonly seed: number;
  /** In place of random inputs. */
  readonly values: readonly (readonly string[])[] | null;
  readonly shape: readonly number[];
  readonly data: string;
}

const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('golden/pointwise.json.gz', import.meta.url))).toString(),
) as readonly Case[];

const UNITS = 4; // torch's own functions are within two, and so are ours
const EXACT = new Set([
  'neg',
  'abs',
  'sqrt',
  'relu',
  'leakyRelu',
  'hardtanh',
  'add',
  'sub',
  'mul',
  'div',
  'minimum',
  'maximum',
]);

function inputsOf({ dtype, shapes, scale, seed, values }: Case): Tensor[] {
  if (values !== null) {
    return values.map((row) =>
      tensor(
        row.map((text) => Number(text.replace('inf', 'Infinity'))),
        { dtype },
      ),
    );
  }
  manualSeed(seed);
  return shapes.map((shape) =>
    rand(...shape, { dtype })
      .mul(6)
      .sub(3)
      .mul(scale),
  );
}

function apply({ name, arguments: args }: Case, [x, y]: readonly Tensor[]): Tensor {
  if (y !== undefined) return (x as unknown as Record<string, (other: Tensor) => Tensor>)[name]!(y);
  if (name === 'gelu') return functional.gelu(x!, { approximate: args[0] as 'none' | 'tanh' | undefined });
  const functions = functional as unknown as Record<string, (...args: unknown[]) => Tensor>;
  return name in functions ? functions[name]!(x, ...args) : (x as unknown as Record<string, () => Tensor>)[name]!();
}

/** A unit in the last place of a number. */
function unit(value: number, dtype: FloatDtype): number {
  const [digits, least] = dtype === 'float32' ? [23, -126] : [52, -1022];
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), least) - digits);
}

function largestError(got: Tensor, expected: ArrayLike<number>, scale: (index: number) => number): number {
  return Array.from(got.data).reduce((worst, value, i) => {
    const right = expected[i]!;
    if (Object.is(value, right) || value === right) return worst; // -0 is 0
    const isClose = Number.isFinite(value) && Number.isFinite(right);
    return Math.max(worst, isClose ? Math.abs(value - right) / scale(i) : Number.POSITIVE_INFINITY);
  }, 0);
}

describe('PyTorch gives the same', () => {
  test('in as many cases as were drawn', () => {
    expect(golden.length).toBeGreaterThan(400);
  });

  test.each([...new Set(golden.map(({ name }) => name))])('for %s', (name) => {
    for (const drawn of golden.filter((one) => one.name === name)) {
      const inputs = inputsOf(drawn);
      const got = apply(drawn, inputs);
      const { buffer } = bytesOf(drawn.data);
      const expected = drawn.dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
      expect(got.shape).toEqual(drawn.shape);
      expect(got.dtype).toBe(drawn.dtype);
      // Beside torch, which takes GELU and e^x - 1 from numbers as large as their input and one, and has few digits of a sigmoid or
      // none where e^-x overflows.
      const least = (i: number) => {
        if (name === 'gelu') return Math.abs(inputs[0]!.data[i]!);
        if (name === 'elu') return 1;
        return name === 'sigmoid' || name === 'silu' ? 1e-32 : Number.MIN_VALUE;
      };
      const error = largestError(got, expected, (i) => unit(Math.max(Math.abs(expected[i]!), least(i)), drawn.dtype));
      expect(error, JSON.stringify({ ...drawn, data: undefined })).toBeLessThanOrEqual(EXACT.has(name) ? 0 : UNITS);
    }
  });
});

describe('the bits', () => {
  test('are the same for a view with gaps, a part and the whole, on one thread and two', () => {
    manualSeed(3);
    const x = randn(2, 40_000, 3);
    const threads = getNumThreads();
    setNumThreads(1);
    const alone = x.tanh();
    setNumThreads(Math.max(2, threads));
    const whole = x.tanh();
    setNumThreads(threads);
    expect(whole.data).toEqual(alone.data);
    expect(x.at(1, [5, 39_000], 2).tanh().data).toEqual(whole.at(1, [5, 39_000], 2).data);
    const row = randn(3);
    expect(x.at([1, 2]).add(row).data).toEqual(x.add(row).at([1, 2]).data);
    expect(x.at([0, 2], [0, 40_000], [1, 2]).mul(2).data).toEqual(x.mul(2).at([0, 2], [0, 40_000], [1, 2]).data);
  });

  test('of a short last dimension, and of none', () => {
    const column = rand(1000, 1);
    expect(column.add(tensor(1)).data).toEqual(column.reshape(1000).add(1).data);
    expect(
      rand(500, 3)
        .at([0, 500], [0, 1])
        .add(tensor([1])).shape,
    ).toEqual([500, 1]);
    const wide = rand(40, 7);
    const part = wide.at([0, 40], [2, 3]); // (40, 1), strides (7, 1)
    expect(part.mul(tensor([2])).toArray()).toEqual(part.clone().mul(2).toArray());
    expect(zeros(0, 2 ** 30, 2 ** 30).add(tensor([1])).shape).toEqual([0, 2 ** 30, 2 ** 30]);
    expect(zeros(2 ** 40, 2 ** 40, 0).add(tensor([1])).numel).toBe(0);
  });

  test('of NaN and of zero are one each', () => {
    const bits = ({ data }: Tensor) => [...new Uint32Array(data.buffer, data.byteOffset, data.length)];
    const minusNan = tensor(new Float32Array(new Uint32Array([0xffc00001, 0x7f800001]).buffer));
    expect(bits(minusNan.add(1))).toEqual([0x7fc00000, 0x7fc00000]);
    expect(bits(minusNan.neg())).toEqual([0x7fc00000, 0x7fc00000]);
    expect(bits(tensor([0, -0]).neg())).toEqual([0, 0]);
    expect(bits(tensor([1, -1]).mul(0))).toEqual([0, 0]);
  });
});

describe('what does not fit is refused', () => {
  const wrong: [name: string, call: () => unknown, code: string][] = [
    ['no tensor', () => functional.relu([1, 2] as never), 'ERR_CONV1D_TYPE'],
    ['an object with the prototype', () => functional.silu(Object.create(zeros(1)) as never), 'ERR_CONV1D_TYPE'],
    ['a slope of text', () => functional.leakyRelu(zeros(1), '1' as never), 'ERR_CONV1D_TYPE'],
    ['an unknown option', () => functional.gelu(zeros(1), { approx: 'tanh' } as never), 'ERR_CONV1D_OPTION'],
    ['an unknown approximation', () => functional.gelu(zeros(1), { approximate: 'sin' as never }), 'ERR_CONV1D_VALUE'],
    ['bounds in the wrong order', () => functional.hardtanh(zeros(1), 1, -1), 'ERR_CONV1D_VALUE'],
    ['a number where a tensor belongs', () => zeros(2).minimum(2 as never), 'ERR_CONV1D_TYPE'],
    ['shapes that do not match', () => zeros(2, 3).div(zeros(2)), 'ERR_CONV1D_SHAPE'],
    ['a difference of bools', () => tensor([true]).sub(tensor([false])), 'ERR_CONV1D_VALUE'],
    ['a number that int32 has not', () => tensor([1], { dtype: 'int32' }).add(2 ** 31), 'ERR_CONV1D_VALUE'],
    ['memory that is gone', () => gone().exp(), 'ERR_CONV1D_DETACHED'],
    ['memory that is gone, on the right', () => zeros(3, 1).add(gone()), 'ERR_CONV1D_DETACHED'],
    ['memory that is gone, in a view', () => goneView().add(1), 'ERR_CONV1D_DETACHED'],
    ['a method that was taken off', () => (zeros(1).tanh as () => unknown).call(undefined), 'ERR_CONV1D_TYPE'],
  ];
  const gone = () => {
    const x = rand(4);
    detach(x.data);
    return x;
  };
  const goneView = () => {
    const x = rand(4, 4);
    const view = x.at([0, 4], [1, 2]);
    detach(x.data);
    return view;
  };

  test.each(wrong)('%s', (_, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });

  const raw: [name: string, call: () => unknown][] = [
    ['no function', () => addon.unary(99, new Float32Array(1), 0, 0, new Float32Array(1))],
    ['lengths that differ', () => addon.unary(0, new Float32Array(1), 0, 0, new Float32Array(2))],
    ['kinds that differ', () => addon.unary(0, new Float64Array(1), 0, 0, new Float32Array(1))],
    [
      'memory that overlaps',
      () => {
        const memory = new Float32Array(3);
        addon.unary(0, memory.subarray(0, 2), 0, 0, memory.subarray(1));
      },
    ],
    [
      'a view that reaches out of its array',
      () =>
        addon.binary(0, [2, 2], new Float32Array(3), 0, [2, 1], new Float32Array(4), 0, [2, 1], new Float32Array(4)),
    ],
    [
      'strides that overflow',
      () => addon.copy([2, 2 ** 52], new Float32Array(3), 0, [2 ** 53, 2 ** 53], new Float32Array(4), 0, [2, 1]),
    ],
    [
      'a result that reaches out of its array',
      () => addon.copy([3], new Float32Array(3), 0, [1], new Float32Array(4), 2, [1]),
    ],
    [
      'a mirrored view that begins too early',
      () => addon.copy([3], new Float32Array(3), 1, [-1], new Float32Array(4), 0, [1]),
    ],
    [
      'an endless copy of one element to one place',
      () => addon.copy([2 ** 53 - 1, 2 ** 9], new Float32Array(1), 0, [0, 0], new Float32Array(1), 0, [0, 0]),
    ],
    ['a result that is mirrored', () => addon.copy([3], new Float32Array(3), 0, [1], new Float32Array(4), 3, [-1])],
    ['a copy into another kind', () => addon.copy([3], new Float32Array(3), 0, [1], new Int32Array(3), 0, [1])],
    [
      'a copy of another array',
      () => addon.copy([1], new Uint16Array(3) as never, 0, [1], new Uint16Array(3) as never, 0, [1]),
    ],
    [
      'a comparison of two kinds',
      () => addon.compare(0, [1], new Float32Array(1), 0, [1], new Int32Array(1), 0, [1], new Uint8Array(1)),
    ],
    [
      'a comparison into floats',
      () => addon.compare(0, [1], new Int32Array(1), 0, [1], new Int32Array(1), 0, [1], new Float32Array(1) as never),
    ],
    [
      'a comparison that is none',
      () => addon.compare(6, [1], new Int32Array(1), 0, [1], new Int32Array(1), 0, [1], new Uint8Array(1)),
    ],
    [
      'a quotient of integers',
      () => addon.binary(3, [1], new Int32Array(1), 0, [1], new Int32Array(1), 0, [1], new Int32Array(1)),
    ],
    [
      'a difference of bools',
      () => addon.binary(1, [1], new Uint8Array(1), 0, [1], new Uint8Array(1), 0, [1], new Uint8Array(1)),
    ],
    ['a sine of integers', () => addon.unary(5, new Int32Array(1) as never, 0, 0, new Int32Array(1) as never)],
    [
      'a choice by numbers',
      () =>
        addon.choose(
          [1],
          new Float32Array(1) as never,
          0,
          [1],
          new Float32Array(1),
          0,
          [1],
          new Float32Array(1),
          0,
          [1],
          new Float32Array(1),
        ),
    ],
    [
      'a choice of two kinds',
      () =>
        addon.choose(
          [1],
          new Uint8Array(1),
          0,
          [1],
          new Float32Array(1),
          0,
          [1],
          new Float64Array(1),
          0,
          [1],
          new Float32Array(1),
        ),
    ],
    ['a conversion of another length', () => addon.convert(new Float32Array(2), new Int32Array(3))],
    [
      'a stride of two at the end',
      () => addon.binary(0, [2], new Float32Array(4), 0, [2], new Float32Array(4), 0, [1], new Float32Array(2)),
    ],
    ['a negative offset', () => addon.copy([1], new Float32Array(3), -1, [1], new Float32Array(1), 0, [1])],
    [
      'too many dimensions',
      () => addon.copy(Array(65).fill(1), new Float32Array(3), 0, Array(65).fill(1), new Float32Array(1), 0, [1]),
    ],
    ['strides that are missing', () => addon.copy([1, 1], new Float32Array(3), 0, [1], new Float32Array(1), 0, [1, 1])],
    ['no arrays', () => addon.copy(null as never, null as never, 0, [1], null as never, 0, [1])],
  ];
  test.each(raw)('by the addon: %s', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });

  test('by the addon: arrays that a getter of a shape takes away', () => {
    const x = new Float32Array(4);
    const shape = Object.defineProperty([0], 0, {
      get: () => {
        detach(x);
        return 4;
      },
    });
    const copy = () => addon.copy(shape, x, 0, [1], new Float32Array(4), 0, [1]);
    expect(copy).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
  });

  test('by the addon: what a getter of a shape throws comes through', () => {
    const shape = Object.defineProperty([0], 0, {
      get: () => {
        throw new Error('from the getter');
      },
    });
    expect(() => addon.copy(shape, new Float32Array(4), 0, [1], new Float32Array(4), 0, [1])).toThrow(
      'from the getter',
    );
  });
});
