import { describe, expect, test } from 'vitest';
import { refuseUnknownOptions } from '../lib/check/unknownOption.ts';
import { Parameter } from '../lib/nn/parameter.ts';
import { allocate } from '../lib/tensor/allocate.ts';
import { ones, rand, randn, type TensorData, type TensorOptions, tensor, zeros } from '../lib/tensor/factories.ts';
import { manualSeed } from '../lib/tensor/random/random.ts';
import { Tensor } from '../lib/tensor/tensor.ts';

/** What is thrown must be of the kind, carry the code and contain the sentence. */
function expectError(attempt: () => unknown, kind: ErrorConstructor, code: string, sentence: string): void {
  let error: unknown;
  try {
    attempt();
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(kind);
  expect(error).toMatchObject({ code, message: expect.stringContaining(sentence) });
}

function revokedProxy(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** The elements 0, 1, 2, ... in row-major order. */
function ramp(...shape: number[]): Tensor {
  const numel = shape.reduce((product, size) => product * size, 1);
  return tensor(
    Float32Array.from({ length: numel }, (_, i) => i),
    shape,
  );
}

describe('tensor makes', () => {
  test.each<[string, TensorData, number[], number[]]>([
    ['a scalar from a number', 3, [], [3]],
    ['a vector from an array', [1, 2, 3], [3], [1, 2, 3]],
    [
      'a matrix from nested arrays',
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ],
    ['three dimensions', [[[1], [2]]], [1, 2, 1], [1, 2]],
    ['an empty vector', [], [0], []],
    ['an empty matrix', [[], []], [2, 0], []],
    ['rows from typed arrays', [new Float32Array([1, 2]), new Float64Array([3, 4])], [2, 2], [1, 2, 3, 4]],
    ['a vector from a typed array', new Float32Array([1, 2]), [2], [1, 2]],
  ])('%s', (_, data, shape, elements) => {
    const t = tensor(data);
    expect(t.shape).toEqual(shape);
    expect(Array.from(t.data)).toEqual(elements);
    expect(t.dtype).toBe('float32');
    expect(t.requiresGrad).toBe(false);
  });

  test('a view of a typed array of the same dtype, and a copy for another dtype', () => {
    const singles = new Float32Array(6);
    const doubles = new Float64Array(6);
    expect(tensor(singles).data).toBe(singles);
    expect(tensor(singles, [2, 3]).data).toBe(singles);
    expect(tensor(doubles, { dtype: 'float64' }).data).toBe(doubles);
    expect(tensor(doubles).dtype).toBe('float64');
    const copy = tensor(doubles, [3, 2], { dtype: 'float32', requiresGrad: true });
    expect(copy.data).toEqual(new Float32Array(6));
    expect(copy.requiresGrad).toBe(true);
  });

  test('a tensor over shared memory', () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    const t = tensor(shared, [2, 2]);
    shared[3] = 7;
    expect(t.at(1, 1).item()).toBe(7);
  });

  test('a copy of the shape, so that later changes of it do not matter', () => {
    const shape = [2, 3];
    const t = tensor(new Float32Array(6), shape);
    shape[0] = 100;
    expect(t.shape).toEqual([2, 3]);
    expect(Object.isFrozen(shape)).toBe(false);
  });

  test.each<[unknown, ErrorConstructor, string, string]>([
    [
      [
        [1, 2],
        [1, 2, 3],
      ],
      RangeError,
      'ERR_CONV1D_SHAPE',
      'expected sequence of length 2 at dim 1 (got 3)',
    ],
    [
      [
        [[1], [2]],
        [[1], [2, 3]],
      ],
      RangeError,
      'ERR_CONV1D_SHAPE',
      'expected sequence of length 1 at dim 2 (got 2)',
    ],
    [[[], [1]], RangeError, 'ERR_CONV1D_SHAPE', 'expected sequence of length 0 at dim 1 (got 1)'],
    [[new Float32Array(2), new Float32Array(3)], RangeError, 'ERR_CONV1D_SHAPE', 'length 2 at dim 1 (got 3)'],
    [[[1, 2], 3], TypeError, 'ERR_CONV1D_TYPE', 'not a sequence'],
    [[1, [2]], TypeError, 'ERR_CONV1D_TYPE', 'expected a number, but got an array'],
    [[1, '2'], TypeError, 'ERR_CONV1D_TYPE', "expected a number, but got '2'"],
    [[1, 2n], TypeError, 'ERR_CONV1D_TYPE', 'expected a number'],
    [[1, undefined], TypeError, 'ERR_CONV1D_TYPE', 'but got undefined'],
    [new Array(3), TypeError, 'ERR_CONV1D_TYPE', 'but got undefined'],
    [null, TypeError, 'ERR_CONV1D_TYPE', 'but got null'],
    [undefined, TypeError, 'ERR_CONV1D_TYPE', 'but got undefined'],
    ['12', TypeError, 'ERR_CONV1D_TYPE', "but got '12'"],
    [new Int16Array(3), TypeError, 'ERR_CONV1D_TYPE', 'Float32Array.from()'],
    [new DataView(new ArrayBuffer(4)), TypeError, 'ERR_CONV1D_TYPE', 'expected a number'],
    [ones(2), TypeError, 'ERR_CONV1D_TYPE', 'clone()'],
    [{ length: 2, 0: 1, 1: 2 }, TypeError, 'ERR_CONV1D_TYPE', 'expected a number'],
    [Object.create(Float32Array.prototype), TypeError, 'ERR_CONV1D_TYPE', 'expected a number'],
  ])('nothing from %o', (data, kind, code, sentence) => {
    expectError(() => tensor(data as TensorData), kind, code, sentence);
  });

  test.each<[unknown, unknown, ErrorConstructor, string, string]>([
    [[2, 2], undefined, RangeError, 'ERR_CONV1D_SHAPE', "shape '[2, 2]' is invalid for input of size 6"],
    [[-2, -3], undefined, RangeError, 'ERR_CONV1D_SHAPE', 'negative dimension -2: [-2, -3]'],
    [[6.5], undefined, RangeError, 'ERR_CONV1D_VALUE', 'size 0 must be an integer'],
    [['6'], undefined, TypeError, 'ERR_CONV1D_TYPE', 'size 0 must be an integer'],
    [6, undefined, TypeError, 'ERR_CONV1D_TYPE', 'plain object'],
    [null, undefined, TypeError, 'ERR_CONV1D_TYPE', 'plain object'],
    [{ dtype: 'float32' }, {}, TypeError, 'ERR_CONV1D_TYPE', "argument 'shape' (position 2) must be an array of sizes"],
    [[6], null, TypeError, 'ERR_CONV1D_TYPE', 'plain object, but got null'],
    [[6], ['float32'], TypeError, 'ERR_CONV1D_TYPE', 'plain object, but got an array'],
    [[6], new Map(), TypeError, 'ERR_CONV1D_TYPE', 'plain object'],
    [[6], { dtype: 'float16' }, RangeError, 'ERR_CONV1D_VALUE', "'float16'"],
    [[6], { dtype: 32 }, TypeError, 'ERR_CONV1D_TYPE', "'int32' or 'bool', but got 32"],
    [[6], { requiresGrad: 1 }, TypeError, 'ERR_CONV1D_TYPE', 'requiresGrad must be true or false, but got 1'],
    [[6], { requires_grad: true }, TypeError, 'ERR_CONV1D_OPTION', "did you mean 'requiresGrad'?"],
    [new Array(65).fill(1), undefined, RangeError, 'ERR_CONV1D_SHAPE', 'at most 64 dimensions'],
  ])('nothing with the shape %o and the options %o', (shape, options, kind, code, sentence) => {
    const data = new Float32Array(6);
    expectError(() => tensor(data, shape as number[], options as TensorOptions), kind, code, sentence);
  });

  test('nothing from an array that contains itself', () => {
    const array: TensorData[] = [];
    array.push(array);
    expectError(() => tensor(array), RangeError, 'ERR_CONV1D_SHAPE', 'nested 64 deep');
  });

  test('nothing from proxies that were revoked', () => {
    const revoked = () => revokedProxy([]) as number[];
    expectError(() => tensor(revoked()), TypeError, 'ERR_CONV1D_TYPE', 'expected a number');
    expectError(() => tensor([1], revoked()), TypeError, 'ERR_CONV1D_TYPE', 'plain object');
    expectError(() => zeros(revoked()), TypeError, 'ERR_CONV1D_TYPE', 'plain object');
    expectError(() => zeros(1).at(revoked() as [number, number]), TypeError, 'ERR_CONV1D_TYPE', '[start, stop]');
  });

  test('nothing inconsistent from an array whose rows change their length while they are read', () => {
    let reads = 0;
    const row = new Proxy([1, 2], {
      get: (target, key) => (key === 'length' ? 2 + reads++ : Reflect.get(target, key)),
    });
    expectError(() => tensor([row, row]), RangeError, 'ERR_CONV1D_SHAPE', 'expected sequence of length 2 at dim 1');
  });
});

describe('zeros, ones, rand and randn', () => {
  test('take sizes one by one or as an array, and options at the end', () => {
    expect(zeros(4, 2, 6).shape).toEqual([4, 2, 6]);
    expect(ones([4, 2]).toArray()).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(rand(3, { dtype: 'float64' }).dtype).toBe('float64');
    expect(randn([2, 3], { requiresGrad: true }).requiresGrad).toBe(true);
    expect(zeros().shape).toEqual([]);
    expect(ones({ dtype: 'float64' }).item()).toBe(1);
    expect(zeros([]).shape).toEqual([]);
    expect(zeros(2, undefined).shape).toEqual([2]);
    expect(zeros(0, 3).numel).toBe(0);
    expect(Object.is(zeros(-0).shape[0], 0)).toBe(true);
  });

  test('read every option once', () => {
    const read: string[] = [];
    const options = {
      get dtype() {
        read.push('dtype');
        return 'float64' as const;
      },
      get requiresGrad() {
        read.push('requiresGrad');
        return true;
      },
    };
    ones(2, options);
    tensor([1], options);
    expect(read).toEqual(['dtype', 'requiresGrad', 'dtype', 'requiresGrad']);
  });

  test.each<[unknown[], ErrorConstructor, string, string]>([
    [[-1], RangeError, 'ERR_CONV1D_SHAPE', 'Trying to create tensor with negative dimension -1: [-1]'],
    [[2, -3, -1], RangeError, 'ERR_CONV1D_SHAPE', 'Trying to create tensor with negative dimension -3: [2, -3, -1]'],
    [[2.5], RangeError, 'ERR_CONV1D_VALUE', 'size 0 must be an integer, but got 2.5'],
    [[Number.NaN], RangeError, 'ERR_CONV1D_VALUE', 'NaN'],
    [[Number.POSITIVE_INFINITY], RangeError, 'ERR_CONV1D_VALUE', 'Infinity'],
    [[2 ** 53], RangeError, 'ERR_CONV1D_VALUE', '2^53 - 1'],
    [['3'], TypeError, 'ERR_CONV1D_TYPE', "but got '3'"],
    [[3n], TypeError, 'ERR_CONV1D_TYPE', 'bigint'],
    [[undefined, 3], TypeError, 'ERR_CONV1D_TYPE', 'undefined'],
    [[[2], [3]], TypeError, 'ERR_CONV1D_TYPE', 'an array'],
    [[[2], 3], TypeError, 'ERR_CONV1D_TYPE', 'an array'],
    [[2, null], TypeError, 'ERR_CONV1D_TYPE', 'plain object, but got null'],
    [[2, { dtyp: 'float32' }], TypeError, 'ERR_CONV1D_OPTION', "; did you mean 'dtype'?"],
    [[2 ** 40, 2 ** 40], RangeError, 'ERR_CONV1D_SHAPE', 'more than 4294967295 elements'],
    [new Array(64).fill(2 ** 52), RangeError, 'ERR_CONV1D_SHAPE', 'more than 4294967295 elements'],
    [new Array(65).fill(1), RangeError, 'ERR_CONV1D_SHAPE', 'at most 64 dimensions'],
  ])('refuse %o', (args, kind, code, sentence) => {
    for (const make of [zeros, ones, rand, randn] as ((...args: unknown[]) => Tensor)[]) {
      expectError(() => make(...args), kind, code, sentence);
    }
  });

  test('a product that leaves the numbers is zero when one size is', () => {
    expect(zeros(...new Array(40).fill(2 ** 52), 0).numel).toBe(0);
  });

  test('a refused call draws nothing', () => {
    manualSeed(1);
    const expected = rand(1).item();
    manualSeed(1);
    expect(() => rand(3, { dtype: 'float16' as 'float32' })).toThrow();
    expect(() => randn(-1)).toThrow();
    expect(rand(1).item()).toBe(expected);
  });

  test('memory that cannot be had gives a coded error', () => {
    expectError(() => allocate('float64', 2 ** 52), RangeError, 'ERR_CONV1D_MEMORY', "can't allocate memory");
  });
});

describe('unknown options', () => {
  const known = ['stride', 'padding', 'dilation', 'groups', 'bias', 'paddingMode', 'dtype'];

  test.each([
    [{ strid: 2 }, "unknown option 'strid' of Conv1d; did you mean 'stride'?"],
    [{ padding_mode: 'zeros' }, "unknown option 'padding_mode' of Conv1d; did you mean 'paddingMode'?"],
    [{ Stride: 2 }, "unknown option 'Stride' of Conv1d; did you mean 'stride'?"],
    [{ device: 'cuda' }, "unknown option 'device' of Conv1d; it has 'stride', 'padding', 'dilation', 'groups'"],
    [{ [Symbol('stride')]: 2 }, "unknown option 'Symbol(stride)' of Conv1d; it has 'stride'"],
    [JSON.parse('{ "__proto__": 1 }'), "unknown option '__proto__' of Conv1d"],
    [Object.defineProperty({}, 'hidden', { value: 1 }), "unknown option 'hidden' of Conv1d"],
  ])('%o: the message names the nearest right one, or all', (options, sentence) => {
    expectError(() => refuseUnknownOptions(options, known, 'Conv1d'), TypeError, 'ERR_CONV1D_OPTION', sentence);
  });

  test('a very long name is cut in the message', () => {
    const attempt = () => refuseUnknownOptions({ ['x'.repeat(1e6)]: 2 }, known, 'Conv1d');
    const sentence = `unknown option '${'x'.repeat(40)}...' of Conv1d; it has`;
    expectError(attempt, TypeError, 'ERR_CONV1D_OPTION', sentence);
  });

  test.each([[null], [[]], [3], ['stride'], [() => undefined], [new Date()], [new Float32Array(1)]])(
    '%o is no options object',
    (options) => {
      const attempt = () => refuseUnknownOptions(options as object, known, 'Conv1d');
      expectError(attempt, TypeError, 'ERR_CONV1D_TYPE', 'the options of Conv1d must be a plain object');
    },
  );

  test('known names pass, and no value is read', () => {
    const options = Object.create(null, {
      stride: {
        enumerable: true,
        get: () => {
          throw new Error('read');
        },
      },
    });
    expect(() => refuseUnknownOptions(options, known, 'Conv1d')).not.toThrow();
  });
});

describe('at', () => {
  const t = ramp(4, 2, 6);

  test.each([
    [[0, 0], [6], [0, 1, 2, 3, 4, 5]],
    [[1, 1, 2], [], [20]],
    [[-1, -1, -1], [], [47]],
    [[0, 0, [1, 4]], [3], [1, 2, 3]],
    [
      [[0, 2], 1, [0, 2]],
      [2, 2],
      [6, 7, 18, 19],
    ],
    [[[2, 3], 0, 5], [1], [29]],
    [[0, 0, [-2, 100]], [2], [4, 5]],
    [[0, 0, [4, Number.POSITIVE_INFINITY]], [2], [4, 5]],
    [[0, 0, [5, 2]], [0], []],
    [[0, undefined, 1], [2], [1, 7]],
    [[-0, 0, [0, 1]], [1], [0]],
  ])('%o picks what Python picks', (indices, shape, elements) => {
    const view = t.at(...(indices as number[]));
    expect(view.shape).toEqual(shape);
    expect(Array.from(view.data)).toEqual(elements);
  });

  test('views share memory, and views of views too', () => {
    const base = ramp(3, 4);
    const view = base.at([1, 3]).at([0, 2], 2);
    base.data[6] = -1;
    expect(view.toArray()).toEqual([-1, 10]);
    expect(view.isContiguous).toBe(false);
    expect(base.at(1).isContiguous).toBe(true);
    base.at(1).data[0] = 99;
    expect(base.at(1, 0).item()).toBe(99);
  });

  test.each<[unknown[], ErrorConstructor, string, string]>([
    [[4], RangeError, 'ERR_CONV1D_SHAPE', 'index 4 is out of bounds for dimension 0 with size 4'],
    [[0, -3], RangeError, 'ERR_CONV1D_SHAPE', 'index -3 is out of bounds for dimension 1 with size 2'],
    [[0, 0, 0, 0], RangeError, 'ERR_CONV1D_SHAPE', 'too many indices for tensor of dimension 3'],
    [[1e300], RangeError, 'ERR_CONV1D_SHAPE', 'out of bounds'],
    [[Number.NaN], TypeError, 'ERR_CONV1D_TYPE', 'but got NaN'],
    [[0.5], TypeError, 'ERR_CONV1D_TYPE', 'but got 0.5'],
    [['0'], TypeError, 'ERR_CONV1D_TYPE', '[start, stop]'],
    [[1n], TypeError, 'ERR_CONV1D_TYPE', '[start, stop]'],
    [[null], TypeError, 'ERR_CONV1D_TYPE', '[start, stop]'],
    [[[0]], TypeError, 'ERR_CONV1D_TYPE', '[start, stop]'],
    [[[0, 1, 2]], TypeError, 'ERR_CONV1D_TYPE', '[start, stop]'],
    [[[0, Number.NaN]], TypeError, 'ERR_CONV1D_TYPE', '[start, stop]'],
    [[[0, '1']], TypeError, 'ERR_CONV1D_TYPE', '[start, stop] of two integers, but got an array'],
  ])('%o is refused', (indices, kind, code, sentence) => {
    expectError(() => t.at(...(indices as number[])), kind, code, sentence);
  });
});

test('at is not misled by an array that claims to be very long', () => {
  const attempt = () => ramp(3).at(new Array(2 ** 32 - 1) as [number, number]);
  expectError(attempt, TypeError, 'ERR_CONV1D_TYPE', '[start, stop]');
});

describe('reshape', () => {
  test('keeps the memory of a contiguous tensor and copies a view with gaps', () => {
    const t = ramp(2, 6);
    expect(t.reshape(3, 4).data).toBe(t.data);
    expect(t.reshape(-1, 2).shape).toEqual([6, 2]);
    expect(t.at(1).reshape(2, 3).toArray()).toEqual([
      [6, 7, 8],
      [9, 10, 11],
    ]);
    expect(t.at([0, 2], [0, 2]).reshape(4).toArray()).toEqual([0, 1, 6, 7]);
    expect(zeros(0, 3).reshape(-1, 3).shape).toEqual([0, 3]);
    expect(ramp(1).reshape().shape).toEqual([]);
  });

  test.each<[number, unknown[], ErrorConstructor, string, string]>([
    [4, [3], RangeError, 'ERR_CONV1D_SHAPE', "shape '[3]' is invalid for input of size 4"],
    [4, [3, -1], RangeError, 'ERR_CONV1D_SHAPE', "shape '[3, -1]' is invalid for input of size 4"],
    [4, [0, -1], RangeError, 'ERR_CONV1D_SHAPE', "shape '[0, -1]' is invalid for input of size 4"],
    [4, [-1, -1], RangeError, 'ERR_CONV1D_SHAPE', 'only one dimension can be inferred'],
    [4, [-2, -2], RangeError, 'ERR_CONV1D_SHAPE', 'invalid shape dimension -2'],
    [4, [0.5, 8], RangeError, 'ERR_CONV1D_SHAPE', 'invalid shape dimension 0.5'],
    [4, [Number.NaN], RangeError, 'ERR_CONV1D_SHAPE', 'invalid shape dimension NaN'],
    [4, [2 ** 52, 2 ** 52], RangeError, 'ERR_CONV1D_SHAPE', 'is invalid for input of size 4'],
    [4, ['4'], TypeError, 'ERR_CONV1D_TYPE', "size 0 must be a number, but got '4'"],
    [4, [[[4]]], TypeError, 'ERR_CONV1D_TYPE', 'size 0 must be a number, but got an array'],
    [1, new Array(65).fill(1), RangeError, 'ERR_CONV1D_SHAPE', 'at most 64 dimensions, but got 65'],
    [0, [-1, 0], RangeError, 'ERR_CONV1D_SHAPE', 'cannot reshape tensor of 0 elements into shape [-1, 0]'],
  ])('%i elements do not become %o', (numel, sizes, kind, code, sentence) => {
    expectError(() => zeros(numel).reshape(...(sizes as number[])), kind, code, sentence);
  });
});

describe('arithmetic', () => {
  test('broadcasts as PyTorch does', () => {
    const column = tensor([[10], [20]]);
    expect(column.add(tensor([1, 2, 3])).toArray()).toEqual([
      [11, 12, 13],
      [21, 22, 23],
    ]);
    expect(tensor([1, 2]).mul(3).toArray()).toEqual([3, 6]);
    expect(
      tensor(5)
        .sub(tensor([1, 2]))
        .toArray(),
    ).toEqual([4, 3]);
    expect(zeros(0, 3).add(ones(3)).shape).toEqual([0, 3]);
    expect(
      ramp(2, 3)
        .at([0, 2], 1)
        .dot(tensor([2, 3]))
        .item(),
    ).toBe(2 * 1 + 3 * 4);
    expect(zeros(0).dot(zeros(0)).item()).toBe(0);
  });

  test.each<[() => unknown, ErrorConstructor, string, string]>([
    [() => zeros(3).add(zeros(4)), RangeError, 'ERR_CONV1D_SHAPE', 'The size of tensor a (3) must match'],
    [() => zeros(3).dot(zeros(4)), RangeError, 'ERR_CONV1D_SHAPE', 'inconsistent tensor size'],
    [() => zeros(3).dot(zeros(3, 1)), RangeError, 'ERR_CONV1D_SHAPE', '1D tensors expected, but got 1D and 2D'],
    [() => zeros(3).dot(zeros(3, { dtype: 'float64' })), TypeError, 'ERR_CONV1D_DTYPE', 'same dtype'],
    [() => zeros(3).add('1' as unknown as number), TypeError, 'ERR_CONV1D_TYPE', 'must be a Tensor'],
    [() => zeros(3).add(Object.create(Tensor.prototype)), TypeError, 'ERR_CONV1D_TYPE', 'must be a Tensor'],
    [() => zeros(70000, 1).add(zeros(70000)), RangeError, 'ERR_CONV1D_SHAPE', 'more than 4294967295 elements'],
    [() => zeros(2).item(), RangeError, 'ERR_CONV1D_SHAPE', 'a Tensor with 2 elements cannot be converted'],
  ])('%o is refused', (attempt, kind, code, sentence) => {
    expectError(attempt, kind, code, sentence);
  });
});

describe('a parameter', () => {
  test.each<[unknown, unknown, unknown, ErrorConstructor, string, string]>([
    [
      new Float32Array(6),
      [2, 2],
      true,
      RangeError,
      'ERR_CONV1D_SHAPE',
      "shape '[2, 2]' is invalid for input of size 6",
    ],
    [new Float32Array(6), [-2, -3], true, RangeError, 'ERR_CONV1D_SHAPE', 'negative dimension -2'],
    [new Float32Array(6), 6, true, TypeError, 'ERR_CONV1D_TYPE', 'the shape must be an array of sizes, but got 6'],
    [new Float32Array(6), ['6'], true, TypeError, 'ERR_CONV1D_TYPE', 'size 0 must be an integer'],
    [new Float32Array(6), [6], 1, TypeError, 'ERR_CONV1D_TYPE', 'requiresGrad must be true or false'],
    [[1, 2], [2], true, TypeError, 'ERR_CONV1D_TYPE', 'the storage must be a Float32Array or a Float64Array'],
  ])('of %o with shape %o and requiresGrad %o is refused', (storage, shape, requiresGrad, kind, code, sentence) => {
    const make = () => new Parameter(storage as Float32Array, shape as number[], requiresGrad as boolean);
    expectError(make, kind, code, sentence);
  });
});

describe('a tensor', () => {
  test('of the most dimensions is nested and printed', () => {
    const deepest = zeros(1).reshape(...new Array(64).fill(1));
    expect(JSON.stringify(deepest.toArray())).toBe(`${'['.repeat(64)}0${']'.repeat(64)}`);
    expect(String(deepest)).toBe(`tensor(${'['.repeat(64)}0.${']'.repeat(64)})`);
  });

  test.each([
    ['0', tensor([1, 2]).dot(tensor([0, 0]))],
    ['[]', zeros(0)],
    ['[[],[]]', zeros(2, 0)],
    [
      '[[0,0.5],[-1,3]]',
      tensor([
        [0, 0.5],
        [-1, 3],
      ]),
    ],
    [
      '[0.5,3]',
      tensor([
        [0, 0.5],
        [-1, 3],
      ]).at([0, 2], 1),
    ],
    ['[null,null,null,0]', tensor([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0])],
    ['[0.10000000149011612]', tensor([0.1])],
    ['[0.1]', tensor([0.1], { dtype: 'float64' })],
    ['[1]', new Parameter(new Float32Array([1]), [1])],
  ])('is %s in JSON', (json, value) => {
    expect(JSON.stringify({ value })).toBe(`{"value":${json}}`);
  });

  test.each([[[]], [[[0], [1]]], [[new Float32Array(1)]], [[null, [1]]]])(
    'is not made by its constructor from %o',
    (args) => {
      const make = () => Reflect.construct(Tensor, args);
      expectError(make, TypeError, 'ERR_CONV1D_TYPE', 'make one with tensor(), zeros() or rand()');
    },
  );

  test('cannot be given another shape from outside', () => {
    const t = zeros(2, 3);
    expect(() => Object.assign(t, { numel: 100 })).toThrow(TypeError);
    expect(() => (t.shape as number[]).push(4)).toThrow(TypeError);
    Object.assign(t, { shape: [100] });
    expectError(() => t.data, TypeError, 'ERR_CONV1D_TYPE', 'read-only');
  });

  test('whose memory was transferred says so, whatever is asked of it', () => {
    const array = new Float32Array(6);
    const t = tensor(array, [2, 3]);
    const views = [t, t.at(1), t.at([0, 2], 1), t.at(1, 2), t.detach(), t.reshape(6)];
    structuredClone(array.buffer, { transfer: [array.buffer] });
    for (const view of views) {
      const attempts = [
        () => view.data,
        () => view.clone(),
        () => view.add(1),
        () => view.toArray(),
        () => String(view),
      ];
      for (const attempt of attempts)
        expectError(attempt, TypeError, 'ERR_CONV1D_DETACHED', 'was transferred or shrunk');
    }
    expectError(() => t.at(0, 0).item(), TypeError, 'ERR_CONV1D_DETACHED', 'shape [] is gone');
    expect(t.at([0, 0]).toArray()).toEqual([]);
  });

  test('whose buffer was shrunk says so', () => {
    const buffer = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 16 }]) as ArrayBuffer & {
      resize(bytes: number): void;
    };
    const t = tensor(new Float32Array(buffer), [2, 2]);
    buffer.resize(8);
    expectError(() => t.data, TypeError, 'ERR_CONV1D_DETACHED', 'shrunk');
    expectError(() => t.at([0, 2], 1).data, TypeError, 'ERR_CONV1D_DETACHED', 'shrunk');
    expect(t.at(0).toArray()).toEqual([0, 0]);
  });

  test('that is computed or viewed asks for no gradient', () => {
    const p = new Parameter(new Float32Array(4), [2, 2]);
    expect(p.requiresGrad).toBe(true);
    for (const other of [p.at(0), p.detach(), p.clone(), p.reshape(4), p.add(1)]) {
      expect(other.requiresGrad).toBe(false);
      expect(other).not.toBeInstanceOf(Parameter);
    }
  });
});
