import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  Conv1d,
  type FloatArray,
  type FloatDtype,
  functional,
  type NestedArray,
  ones,
  Parameter,
  rand,
  randn,
  type SizesAndOptions,
  Tensor,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
} from '../lib/index.ts';

// `npm run typecheck` compares the types, the run compares what they promise with what is there.

/** Compares the data's kind and the depth of the arrays with what a tensor's type says. */
function check<D extends FloatDtype, R extends number>(t: Tensor<D, R>, dtype: NoInfer<D>, rank: NoInfer<R>): void {
  expect([t.dtype, t.data.constructor.name, t.ndim]).toEqual([
    dtype,
    dtype === 'float32' ? 'Float32Array' : 'Float64Array',
    rank,
  ]);
}

describe('TypeScript knows dtype and dimensions', () => {
  test('of tensor', () => {
    const row = tensor([1, 2]);
    expectTypeOf(row).toEqualTypeOf<Tensor<'float32', 1>>();
    expectTypeOf(row.data).toEqualTypeOf<Float32Array>();
    expectTypeOf(row.dtype).toEqualTypeOf<'float32'>();
    expectTypeOf(row.toArray()).toEqualTypeOf<number[]>();
    expectTypeOf(row.toJSON()).toEqualTypeOf<number[]>();
    check(row, 'float32', 1);

    const scalar = tensor(7, { dtype: 'float64' });
    expectTypeOf(scalar.data).toEqualTypeOf<Float64Array>();
    expectTypeOf(scalar.toArray()).toEqualTypeOf<number>();
    check(scalar, 'float64', 0);

    expectTypeOf(tensor([[1], [2]], { requiresGrad: true }).toArray()).toEqualTypeOf<number[][]>();
    check(tensor([[1], [2]], { requiresGrad: true }), 'float32', 2);
    check(tensor([]), 'float32', 1);
    check(tensor([[[[1]]]]), 'float32', 4);
    check(tensor(new Float64Array(6)), 'float64', 1);
    check(tensor(new Float64Array(6), { dtype: 'float32' }), 'float32', 1);
    check(tensor([new Float64Array(6)]), 'float32', 2);
    check(tensor(new Float64Array(6), [1, 2, 3]), 'float64', 3);
    check(tensor(new Float32Array(6), [2, 3], { dtype: 'float64' }), 'float64', 2);
  });

  test('of zeros, ones, rand and randn', () => {
    check(zeros(2, 3), 'float32', 2);
    check(ones([4, 2, 6]), 'float32', 3);
    check(rand(4, 2, 6, { dtype: 'float64' }), 'float64', 3);
    check(randn([5], { dtype: 'float64' }), 'float64', 1);
    check(zeros(2, undefined), 'float32', 1);
    check(zeros(), 'float32', 0);
    expectTypeOf(rand(4, 2, 6).toArray()).toEqualTypeOf<number[][][]>();
  });

  test('of views and sums', () => {
    const x = rand(4, 2, 6);
    check(x.at(0), 'float32', 2);
    check(x.at([0, 2], 1), 'float32', 2);
    check(x.at(0, 0, 0), 'float32', 0);
    check(x.at(), 'float32', 3);
    check(x.reshape(8, -1), 'float32', 2);
    check(x.clone(), 'float32', 3);
    check(x.add(1), 'float32', 3);
    check(x.mul(x), 'float32', 3);
    check(x.at(0, 0).dot(x.at(0, 1)), 'float32', 0);
    expectTypeOf(x.add(tensor(1))).toEqualTypeOf<Tensor<'float32', number>>();
    expect(x.add(tensor(1)).ndim).toBe(3);
  });

  test('of what a layer gives: those of its input', async () => {
    const conv = new Conv1d(2, 3, 5);
    check(conv.forward(rand(4, 2, 6)), 'float32', 3);
    check(await conv.forwardAsync(rand(2, 6)), 'float32', 2);
    check((await conv.forwardMany([rand(2, 6)]))[0]!, 'float32', 2);
    check(conv.stream().push(rand(2, 6)), 'float32', 2);
    check(functional.conv1d(rand(2, 6, { dtype: 'float64' }), rand(3, 2, 5, { dtype: 'float64' })), 'float64', 2);
  });
});

describe('where it knows less, it says so', () => {
  test('of tensors, sizes, data and options of a wider type', () => {
    const some: Tensor = rand(4, 2, 6);
    expectTypeOf<Tensor>().toEqualTypeOf<Tensor<FloatDtype, number>>();
    expectTypeOf(some.data).toEqualTypeOf<FloatArray>();
    expectTypeOf(some.toArray()).toEqualTypeOf<NestedArray>();
    expectTypeOf(some.at(0)).toEqualTypeOf<Tensor>();
    expectTypeOf(some.add(some)).toEqualTypeOf<Tensor>();

    const sizes: readonly number[] = some.shape;
    expectTypeOf(zeros(...sizes)).toEqualTypeOf<Tensor<'float32', number>>();
    expectTypeOf(zeros(sizes)).toEqualTypeOf<Tensor<'float32', number>>();
    const data: TensorData = [1, 2];
    expectTypeOf(tensor(data as TensorData).toArray()).toEqualTypeOf<NestedArray>();
    const options: TensorOptions = { dtype: 'float64' };
    expectTypeOf(zeros(2, options).data).toEqualTypeOf<FloatArray>();
    const maybe = [{ dtype: 'float64' as const }, { dtype: undefined }].at(0)!;
    expectTypeOf(tensor([1], maybe).data).toEqualTypeOf<FloatArray>();
    const args: SizesAndOptions = [2, 3, { dtype: 'float64' }];
    expectTypeOf(zeros(...(args as SizesAndOptions))).toEqualTypeOf<Tensor>();
    expect([zeros(...args).dtype, zeros(2, options).dtype, tensor(data).ndim]).toEqual(['float64', 'float64', 1]);
  });

  test('every tensor is a Tensor', () => {
    const list: Tensor[] = [
      tensor(1),
      rand(2, 3),
      rand(2, { dtype: 'float64' }),
      new Parameter(Float32Array.of(1), [1]),
    ];
    const dict: Record<string, Tensor> = { weight: rand(3, 2, 5), bias: zeros(3) };
    let y: Tensor = rand(2);
    y = y.reshape(1, 2);
    const sum = list.slice(0, 1).reduce((a, b) => a.add(b), tensor(0) as Tensor);
    expect([...list, ...Object.values(dict), y, sum].every((t) => Tensor.isTensor(t))).toBe(true);
  });

  test('a misspelt option is an error of the compiler', () => {
    // @ts-expect-error
    expect(() => zeros(2, { dtyp: 'float64' })).toThrow();
    // @ts-expect-error
    expect(() => tensor([1], { dtyp: 'float64' })).toThrow();
    // @ts-expect-error
    expect(() => tensor([1], { dtype: 'float16' })).toThrow();
  });
});
