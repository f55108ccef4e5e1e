import type { Dtype, Elements } from './dtype.ts';
import type { Index } from './ops/at.ts';

// What TypeScript knows of a tensor: its dtype D and its number of dimensions R. Both are `Dtype` and `number` where it knows nothing.

/**
 * A tensor as nested arrays; a plain number when the tensor has no dimensions.
 *
 * @category Tensors
 */
export type NestedArray = number | NestedArray[];

/**
 * The nested arrays of a tensor of R dimensions: `number[][]` of two. From five on it is `NestedArray`.
 *
 * @category Tensors
 */
export type NestedOf<R extends number> = R extends keyof NestedByRank ? NestedByRank[R] : NestedArray;

interface NestedByRank {
  0: number;
  1: number[];
  2: number[][];
  3: number[][][];
  4: number[][][][];
}

/**
 * What `tensor` takes: a number (or a bool, or a bigint), nested arrays of them with rows of one length, or typed arrays as rows.
 *
 * @category Tensors
 */
export type TensorData = number | boolean | bigint | Elements | readonly TensorData[];

/** The dtype that the options chose, and where they may not have chosen one, the default. */
export type ChosenDtype<D extends Dtype | undefined, Default extends Dtype> =
  | Exclude<D, undefined>
  | (undefined extends D ? Default : never);

/** The dtype of `tensor(data)`. */
export type DtypeOfData<T> = [T] extends [Float64Array]
  ? 'float64'
  : [T] extends [BigInt64Array]
    ? 'int64'
    : [T] extends [Int32Array]
      ? 'int32'
      : [T] extends [boolean]
        ? 'bool'
        : [T] extends [bigint]
          ? 'int64'
          : [T] extends [readonly (infer Row)[]]
            ? [Row] extends [boolean | bigint | readonly unknown[]]
              ? [Row] extends [never]
                ? 'float32'
                : DtypeOfData<Row>
              : 'float32'
            : 'float32';

/** The dimensions of `tensor(data)`. */
export type RankOfData<T> = TensorData extends T ? number : RankWithin<T, []>;

type RankWithin<T, Outer extends readonly unknown[]> = [T] extends [never]
  ? Outer['length']
  : T extends number | boolean | bigint
    ? Outer['length']
    : T extends Elements
      ? [...Outer, unknown]['length']
      : T extends readonly (infer Row)[]
        ? Outer['length'] extends 5
          ? number
          : RankWithin<Row, [...Outer, unknown]>
        : number;

/** The dimensions that `at` leaves of R: each number among the indices drops one. */
export type RankAfter<R extends number, Indices extends readonly Index[]> = R extends keyof Dimensions
  ? RankLeft<Dimensions[R], Indices>
  : number;

interface Dimensions {
  0: [];
  1: [1];
  2: [1, 2];
  3: [1, 2, 3];
  4: [1, 2, 3, 4];
}

type RankLeft<Left extends readonly unknown[], Indices extends readonly Index[]> = Indices extends readonly []
  ? Left['length']
  : Indices extends readonly [infer First, ...infer Rest extends readonly Index[]]
    ? [First] extends [number]
      ? Left extends readonly [unknown, ...infer Fewer]
        ? RankLeft<Fewer, Rest>
        : number
      : [First] extends [readonly number[]]
        ? RankLeft<Left, Rest>
        : number
    : number;

/** The dimensions of two tensors' element-wise result: R where both have R, unknown otherwise. */
export type CommonRank<R extends number, S extends number> = R extends keyof Dimensions
  ? S extends R
    ? R
    : number
  : number;
