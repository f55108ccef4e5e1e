import { rangeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, integer } from '../../check/validate.ts';
import { readDimension, readDimensions } from '../dimensions.ts';
import { apply, applyMany, ownView } from '../dispatch.ts';
import type { Dtype, FloatDtype } from '../dtype.ts';
import { isRecorded, NONE_LEARNED } from '../history.ts';
import { type Operation, runOperation } from '../operation.ts';
import { max, min } from '../ops/extreme.ts';
import {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  deviation,
  mean,
  norm,
  prod,
  type ReduceAttributes,
  sum,
  type VarianceAttributes,
  variance,
} from '../ops/reduce.ts';
import { reshape } from '../ops/reshape.ts';
import { logSoftmax, softmax } from '../ops/softmax.ts';
import { cumsum, sort, topk } from '../ops/sorting.ts';
import { NO_PARAMETERS, sqrt } from '../ops/unary.ts';
import type { Tensor } from '../tensor.ts';
import type { View } from '../view.ts';
import { readFlags } from './arguments.ts';

/** The options of reductions. */
export interface ReduceOptions {
  /** Whether the dimensions that are reduced stay, with size 1. Default false. */
  readonly keepdim?: boolean | undefined;
}

/** The options of `var` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** What is taken off the number of elements before the sum of squares is divided by it. Default 1, Bessel's correction. */
  readonly correction?: number | undefined;
}

/** The options of `sort`. */
export interface SortOptions {
  /** Whether the largest comes first. Default false. */
  readonly descending?: boolean | undefined;
}

/** The options of `topk`. */
export interface TopkOptions {
  /** Whether the largest are wanted, rather than the smallest. Default true. */
  readonly largest?: boolean | undefined;
  /** Whether they are in order, which they always are. Default true. */
  readonly sorted?: boolean | undefined;
}

/** Values, and where along the dimension they came from. */
export interface ValuesAndIndices<D extends Dtype> {
  readonly values: Tensor<D>;
  readonly indices: Tensor<'int64'>;
}

/** One dimension, several, or (left out, or an empty array) all of them. */
export type Dims = number | readonly number[] | null;

/** Sums of integers have 64 bits. */
interface Widened extends Record<Exclude<Dtype, FloatDtype>, 'int64'>, Record<'float32', 'float32'> {
  float64: 'float64';
}

/**
 * What makes fewer elements of many. Sums are taken in one fixed order, in blocks of 4096 elements, whatever the machine, the threads and the
 * other dimensions.
 */
export interface ReductionMethods<D extends Dtype, R extends number> {
  /**
   * The sum over dimensions, or over all. Integers and bools add up with 64 bits.
   *
   * @param dims     one dimension or several; negative ones count from the end; all when left out
   * @param options  `keepdim`: false by default
   * @throws TypeError ERR_CONV1D_TYPE    when an argument is of the wrong kind
   * @throws TypeError ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension, or it is named twice
   * @example
   * tensor([[1, 2], [3, 4]]).sum(0);   // tensor([4., 6.])
   * tensor([[1, 2], [3, 4]]).sum();    // tensor(10.)
   */
  sum(dims?: Dims, options?: ReduceOptions): Tensor<Widened[D]>;

  /**
   * The mean over dimensions, or over all, of floats; arguments and errors as for {@link sum}. Of nothing, NaN.
   *
   * @throws TypeError ERR_CONV1D_DTYPE  of integers and bools
   * @example
   * tensor([[1, 2], [3, 4]]).mean([1], { keepdim: true });   // shape [2, 1]
   */
  mean(dims?: Dims, options?: ReduceOptions): Tensor<D>;

  /**
   * The product over a dimension, or over all elements; errors as for {@link sum}.
   *
   * @example
   * tensor([[1, 2], [3, 4]]).prod(1);   // tensor([ 2., 12.])
   */
  prod(dim?: number, options?: ReduceOptions): Tensor<Widened[D]>;

  /**
   * The variance over dimensions, or over all, of floats: squares of the distances from the mean, over their number less `correction`.
   *
   * @param options  `correction`: 1 by default; `keepdim`: false by default
   * @throws TypeError ERR_CONV1D_DTYPE  of integers and bools; with the errors of {@link sum}
   * @example
   * tensor([1, 2, 3, 4]).var();                      // tensor(1.6667)
   * tensor([1, 2, 3, 4]).var(0, { correction: 0 });   // tensor(1.2500)
   */
  var(dims?: Dims, options?: VarianceOptions): Tensor<D>;

  /**
   * The standard deviation, the square root of {@link var}.
   *
   * @example
   * tensor([1, 2, 3, 4]).std();   // tensor(1.2910)
   */
  std(dims?: Dims, options?: VarianceOptions): Tensor<D>;

  /**
   * The Euclidean norm over dimensions, or over all, of floats: the root of the sum of squares.
   *
   * @throws TypeError ERR_CONV1D_DTYPE  of integers and bools; with the errors of {@link sum}
   * @example
   * tensor([3, 4]).norm();   // tensor(5.)
   */
  norm(dims?: Dims, options?: ReduceOptions): Tensor<D>;

  /**
   * The largest element of all, NaN where one is; or of each row of a dimension, with where it lies: the first of equal ones.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is nothing to choose from; with the errors of {@link sum}
   * @example
   * tensor([[1, 5], [4, 2]]).max();                  // tensor(5.)
   * tensor([[1, 5], [4, 2]]).max(1).indices;         // tensor([1, 0])
   */
  max(): Tensor<D, 0>;
  max(dim: number, options?: ReduceOptions): ValuesAndIndices<D>;

  /**
   * The smallest element of all, NaN where one is; or of each row of a dimension, with where it lies; as {@link max}.
   *
   * @example
   * tensor([[1, 5], [4, 2]]).min(0).values;   // tensor([1., 2.])
   */
  min(): Tensor<D, 0>;
  min(dim: number, options?: ReduceOptions): ValuesAndIndices<D>;

  /**
   * The largest element over dimensions, or over all; arguments as for {@link sum}, errors as for {@link max}.
   *
   * @example
   * tensor([[1, 5], [4, 2]]).amax(0);   // tensor([4., 5.])
   */
  amax(dims?: Dims, options?: ReduceOptions): Tensor<D>;

  /**
   * The smallest element over dimensions, or over all; as {@link amax}.
   *
   * @example
   * tensor([[1, 5], [4, 2]]).amin(0);   // tensor([1., 2.])
   */
  amin(dims?: Dims, options?: ReduceOptions): Tensor<D>;

  /**
   * Where the largest element lies, the first of equal ones: along a dimension, or counted over all elements. NaN is the largest.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is nothing to choose from; with the errors of {@link sum}
   * @example
   * tensor([[1, 5], [4, 2]]).argmax(1);   // tensor([1, 0])
   * tensor([[1, 5], [4, 2]]).argmax();    // tensor(1)
   */
  argmax(dim?: number | null, options?: ReduceOptions): Tensor<'int64'>;

  /**
   * Where the smallest element lies; as {@link argmax}. NaN is the smallest, too.
   *
   * @example
   * tensor([[1, 5], [4, 2]]).argmin(1);   // tensor([0, 1])
   */
  argmin(dim?: number | null, options?: ReduceOptions): Tensor<'int64'>;

  /**
   * Whether any element is true (not zero), of all or along a dimension; errors as for {@link sum}.
   *
   * @example
   * tensor([[1, 0], [0, 0]]).any(1);   // tensor([ True, False])
   */
  any(dim?: number, options?: ReduceOptions): Tensor<'bool'>;

  /**
   * Whether all elements are true (not zero), of all or along a dimension; errors as for {@link sum}.
   *
   * @example
   * tensor([[1, 0], [1, 1]]).all(1);   // tensor([False,  True])
   */
  all(dim?: number, options?: ReduceOptions): Tensor<'bool'>;

  /**
   * e^x over its sum along a dimension, of floats.
   *
   * @throws TypeError ERR_CONV1D_DTYPE   of integers and bools
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
   * @example
   * tensor([0, 0]).softmax(0);   // tensor([0.5000, 0.5000])
   */
  softmax(dim: number): Tensor<D, R>;

  /**
   * The logarithm of {@link softmax}, exact where that is near zero.
   *
   * @example
   * tensor([0, 0]).logSoftmax(0);   // tensor([-0.6931, -0.6931])
   */
  logSoftmax(dim: number): Tensor<D, R>;

  /**
   * The running sum along a dimension: element i is the sum of the first i + 1. Integers and bools add up with 64 bits.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
   * @example
   * tensor([1, 2, 3]).cumsum(0);   // tensor([1., 3., 6.])
   */
  cumsum(dim: number): Tensor<Widened[D], R>;

  /**
   * The elements in order along a dimension, equal ones in the order that they had; NaN is larger than all else.
   *
   * @param dim      -1 by default
   * @param options  `descending`: false by default
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension
   * @example
   * tensor([3, 1, 2]).sort().indices;   // tensor([1, 2, 0])
   */
  sort(dim?: number, options?: SortOptions): ValuesAndIndices<D>;

  /**
   * The k largest elements along a dimension, the largest first; NaN is larger than all else.
   *
   * @param dim      -1 by default
   * @param options  `largest`: true by default; `sorted`: they always are
   * @throws RangeError ERR_CONV1D_SHAPE  when there is no such dimension, or it has fewer elements
   * @example
   * tensor([3, 1, 2]).topk(2).values;   // tensor([3., 2.])
   */
  topk(k: number, dim?: number, options?: TopkOptions): ValuesAndIndices<D>;
}

const KEEPDIM = { keepdim: false } as const;

/** A method for a reduction over any dimensions. */
function over(name: string, operation: Operation<ReduceAttributes>) {
  return function (this: unknown, dims?: unknown, options?: unknown): object {
    const self = ownView(this, name);
    if (self.numel === 0 && dims === undefined && (operation === amax || operation === amin)) throw dimNeeded(name);
    return apply(operation, [self], {
      dims: readDimensions(dims, self.shape.length, `${name}(): dim`),
      ...readFlags(options, KEEPDIM, name),
      areAll: dims === undefined,
    });
  };
}

/** Of nothing there is no extreme. */
function dimNeeded(name: string): RangeError {
  return rangeError(
    'ERR_CONV1D_SHAPE',
    `${name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the 'dim' argument.`,
  );
}

function readVariance(options: unknown, what: string): { keepdim: boolean; correction: number } {
  if (options === undefined) return { keepdim: false, correction: 1 };
  refuseUnknownOptions(options as object, ['keepdim', 'correction'], what);
  const { keepdim = false, correction = 1 } = options as Record<string, unknown>;
  return { keepdim: boolean(keepdim, 'keepdim'), correction: integer(correction, `${what}(): correction`) };
}

function varianceArguments(self: View, name: string, dims: unknown, options: unknown): VarianceAttributes {
  return { dims: readDimensions(dims, self.shape.length, `${name}(): dim`), ...readVariance(options, name) };
}

/** A method for the extreme of all, or of a dimension with where it lies. */
function extreme(name: 'max' | 'min') {
  const [ofAll, along] = name === 'max' ? [amax, max] : [amin, min];
  return function (this: unknown, dim?: unknown, options?: unknown): object {
    const self = ownView(this, name);
    if (dim === undefined) {
      if (self.numel === 0) throw dimNeeded(name);
      return apply(ofAll, [self], { dims: self.shape.map((_, each) => each), keepdim: false, isExtreme: true });
    }
    const { keepdim } = readFlags(options, KEEPDIM, name);
    const at = readDimension(dim, self.shape.length, `${name}(): dim`);
    const [values, indices] = applyMany(along, [self], { dim: at, keepdim });
    return { values, indices };
  };
}

/** A method for the place of an extreme. */
function placeOf(name: 'argmax' | 'argmin') {
  const operation = name === 'argmax' ? argmax : argmin;
  return function (this: unknown, dim?: unknown, options?: unknown): object {
    const self = ownView(this, name);
    const { keepdim } = readFlags(options, KEEPDIM, name);
    if (dim !== undefined && dim !== null) {
      return apply(operation, [self], { dim: readDimension(dim, self.shape.length, `${name}(): dim`), keepdim });
    }
    if (self.numel === 0) throw dimNeeded(name);
    const flat = runOperation(reshape, [self], { sizes: [-1] });
    const found = runOperation(operation, [flat], { dim: 0, keepdim: false });
    return apply(reshape, [found], { sizes: keepdim ? self.shape.map(() => 1) : [] });
  };
}

/** A method for a reduction over one dimension or all of them. */
function overOne(name: string, operation: Operation<ReduceAttributes>) {
  return function (this: unknown, dim?: unknown, options?: unknown): object {
    const self = ownView(this, name);
    if (dim !== undefined) readDimension(dim, self.shape.length, `${name}(): dim`); // one, not several
    return apply(operation, [self], {
      dims: readDimensions(dim, self.shape.length, `${name}(): dim`),
      ...readFlags(options, KEEPDIM, name),
      areAll: dim === undefined,
    });
  };
}

/** A method for an operation along one dimension. */
function along(name: string, operation: Operation<{ readonly dim: number }>) {
  return function (this: unknown, dim: unknown): object {
    const self = ownView(this, name);
    return apply(operation, [self], { dim: readDimension(dim, self.shape.length, `${name}(): dim`) });
  };
}

/** The methods of {@link ReductionMethods}. */
export const reductionMethods = {
  sum: over('sum', sum),
  mean: over('mean', mean),
  amax: over('amax', amax),
  amin: over('amin', amin),
  norm: over('norm', norm),
  prod: overOne('prod', prod),
  any: overOne('any', any),
  all: overOne('all', all),
  max: extreme('max'),
  min: extreme('min'),
  argmax: placeOf('argmax'),
  argmin: placeOf('argmin'),
  softmax: along('softmax', softmax),
  logSoftmax: along('logSoftmax', logSoftmax),
  cumsum: along('cumsum', cumsum),

  var(this: unknown, dims?: unknown, options?: unknown): object {
    const self = ownView(this, 'var');
    return apply(variance, [self], varianceArguments(self, 'var', dims, options));
  },

  std(this: unknown, dims?: unknown, options?: unknown): object {
    const self = ownView(this, 'std');
    const attributes = varianceArguments(self, 'std', dims, options);
    // One call has the gradient, which is zero where the deviation is; compiled networks have steps for the two.
    if (isRecorded([self], NONE_LEARNED)) return apply(deviation, [self], attributes);
    return apply(sqrt, [runOperation(variance, [self], attributes)], NO_PARAMETERS);
  },

  sort(this: unknown, dim: unknown = -1, options?: unknown): object {
    const self = ownView(this, 'sort');
    const { descending } = readFlags(options, { descending: false }, 'sort');
    const at = readDimension(dim, self.shape.length, 'sort(): dim');
    const [values, indices] = applyMany(sort, [self], { dim: at, descending });
    return { values, indices };
  },

  topk(this: unknown, k: unknown, dim: unknown = -1, options?: unknown): object {
    const self = ownView(this, 'topk');
    const { largest } = readFlags(options, { largest: true, sorted: true }, 'topk');
    const count = integer(k, 'topk(): k');
    const at = readDimension(dim, self.shape.length, 'topk(): dim');
    const [values, indices] = applyMany(topk, [self], { k: count, dim: at, largest });
    return { values, indices };
  },
};
