import { apply, givenView, isTensor, ownView } from '../dispatch.ts';
import type { Dtype, FloatDtype } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { eq, ge, gt, le, lt, ne } from '../ops/compare.ts';
import { converted } from '../ops/convert.ts';
import { dot } from '../ops/dot.ts';
import { add, div, type ElementwiseAttributes, maximum, minimum, mul, sub } from '../ops/elementwise.ts';
import { matmul } from '../ops/matmul.ts';
import { pow } from '../ops/pow.ts';
import { readScalar } from '../ops/scalar.ts';
import {
  abs,
  ceil,
  clamp,
  cos,
  erf,
  exp,
  expm1,
  floor,
  log,
  log1p,
  NO_PARAMETERS,
  neg,
  reciprocal,
  relu,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  tanh,
  type UnaryAttributes,
} from '../ops/unary.ts';
import type { Tensor } from '../tensor.ts';
import type { CommonRank } from '../types.ts';
import { readBounds } from './arguments.ts';

/** The dimensions of an element-wise result with a tensor. */
type RankWith<R extends number, Other> = Other extends Tensor<Dtype, infer S> ? CommonRank<R, S> : R;

interface Floats {
  float32: 'float32';
  float64: 'float64';
}

/** The dtype of an element-wise result with a tensor of any dtype, or a number: as far as types tell it. */
interface WithAny extends Record<FloatDtype, FloatDtype>, Record<Exclude<Dtype, FloatDtype>, Dtype> {}

/** The dtype with a number of JavaScript, whose type does not say whether it has a fraction. */
interface WithNumber extends Floats {
  int64: 'int64' | 'float32';
  int32: 'int32' | 'float32';
  bool: 'bool' | 'int64' | 'float32';
}

/** The same where integers become floats. */
interface FloatOfAny extends Record<Exclude<Dtype, 'float64'>, 'float32'> {
  float64: 'float64';
}
type FloatOf<D extends Dtype> = FloatOfAny[D];

/** What is computed element by element. */
export interface PointwiseMethods<D extends Dtype, R extends number> {
  /**
   * The element-wise sum with a number or a tensor. Shapes are broadcast and dtypes promoted as in PyTorch; a number without a fraction counts as an integer.
   *
   * @throws TypeError ERR_CONV1D_TYPE      when `other` is neither a number nor a tensor
   * @throws RangeError ERR_CONV1D_SHAPE    when the shapes cannot be broadcast
   * @throws RangeError ERR_CONV1D_VALUE    when an integer dtype does not have the number
   * @throws RangeError ERR_CONV1D_MEMORY   when the result cannot be allocated
   * @throws TypeError ERR_CONV1D_DETACHED  when the memory of either was transferred to another thread
   *
   * @example
   * tensor([[1, 2], [3, 4]]).add(tensor([10, 20])).toArray();   // [[11, 22], [13, 24]]
   */
  add<O extends Tensor<D>>(other: O): Tensor<D, RankWith<R, O>>;
  add(other: number): Tensor<WithNumber[D], R>;
  add(other: Tensor<Dtype> | number): Tensor<WithAny[D]>;

  /**
   * The element-wise difference; arguments and errors as for {@link add}. There is none of two bools.
   *
   * @example
   * tensor([1, 2]).sub(1);   // tensor([0., 1.])
   */
  sub<O extends Tensor<D>>(other: O): Tensor<D, RankWith<R, O>>;
  sub(other: number): Tensor<WithNumber[D], R>;
  sub(other: Tensor<Dtype> | number): Tensor<WithAny[D]>;

  /**
   * The element-wise product; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).mul(tensor([3, 4]));   // tensor([3., 8.])
   */
  mul<O extends Tensor<D>>(other: O): Tensor<D, RankWith<R, O>>;
  mul(other: number): Tensor<WithNumber[D], R>;
  mul(other: Tensor<Dtype> | number): Tensor<WithAny[D]>;

  /**
   * The element-wise quotient, of integers as float32; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).div(4);   // tensor([0.2500, 0.5000])
   */
  div<O extends Tensor<D>>(other: O): Tensor<FloatOfAny[D], RankWith<R, O>>;
  div(other: number): Tensor<FloatOfAny[WithNumber[D]], R>;
  div(other: Tensor<Dtype> | number): Tensor<FloatOfAny[WithAny[D]]>;

  /**
   * The smaller one of each two elements, NaN where either is; errors as for {@link add}.
   *
   * @example
   * tensor([1, 5]).minimum(tensor([2, 3]));   // tensor([1., 3.])
   */
  minimum<O extends Tensor<D>>(other: O): Tensor<D, RankWith<R, O>>;
  minimum(other: Tensor<Dtype>): Tensor<WithAny[D]>;

  /**
   * The larger one of each two elements, NaN where either is; errors as for {@link add}.
   *
   * @example
   * tensor([1, 5]).maximum(tensor([2, 3]));   // tensor([2., 5.])
   */
  maximum<O extends Tensor<D>>(other: O): Tensor<D, RankWith<R, O>>;
  maximum(other: Tensor<Dtype>): Tensor<WithAny[D]>;

  /**
   * Where elements are equal, as bools; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).eq(2);   // tensor([False,  True])
   */
  eq<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;
  eq(other: number): Tensor<'bool', R>;
  eq(other: Tensor<Dtype> | number): Tensor<'bool'>;

  /**
   * Where elements are not equal, as bools; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).ne(2);   // tensor([ True, False])
   */
  ne<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;
  ne(other: number): Tensor<'bool', R>;
  ne(other: Tensor<Dtype> | number): Tensor<'bool'>;

  /**
   * Where elements are less, as bools; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).lt(tensor([2, 2]));   // tensor([ True, False])
   */
  lt<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;
  lt(other: number): Tensor<'bool', R>;
  lt(other: Tensor<Dtype> | number): Tensor<'bool'>;

  /**
   * Where elements are less or equal, as bools; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).le(1);   // tensor([ True, False])
   */
  le<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;
  le(other: number): Tensor<'bool', R>;
  le(other: Tensor<Dtype> | number): Tensor<'bool'>;

  /**
   * Where elements are greater, as bools; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).gt(1);   // tensor([False,  True])
   */
  gt<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;
  gt(other: number): Tensor<'bool', R>;
  gt(other: Tensor<Dtype> | number): Tensor<'bool'>;

  /**
   * Where elements are greater or equal, as bools; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).ge(2);   // tensor([False,  True])
   */
  ge<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;
  ge(other: number): Tensor<'bool', R>;
  ge(other: Tensor<Dtype> | number): Tensor<'bool'>;

  /**
   * Minus each element; of a zero, zero. Refuses bools.
   *
   * @example
   * tensor([1, -2]).neg();   // tensor([-1.,  2.])
   */
  neg(): Tensor<D, R>;

  /**
   * The magnitude of each element. Refuses bools.
   *
   * @example
   * tensor([1, -2]).abs();   // tensor([1., 2.])
   */
  abs(): Tensor<D, R>;

  /**
   * Each element, but zero for those below it. Refuses bools.
   *
   * @example
   * tensor([1, -2]).relu();   // tensor([1., 0.])
   */
  relu(): Tensor<D, R>;

  /**
   * The square root of each element; NaN below zero.
   *
   * @example
   * tensor([4, 9]).sqrt();   // tensor([2., 3.])
   */
  sqrt(): Tensor<FloatOf<D>, R>;

  /**
   * e to the power of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).exp();   // tensor([1.0000, 2.7183])
   */
  exp(): Tensor<FloatOf<D>, R>;

  /**
   * The natural logarithm of each element, to 2 units in the last place; NaN below zero.
   *
   * @example
   * tensor([1, 10]).log();   // tensor([0.0000, 2.3026])
   */
  log(): Tensor<FloatOf<D>, R>;

  /**
   * The sine of each element (radians, of any size), to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).sin();   // tensor([0.0000, 0.8415])
   */
  sin(): Tensor<FloatOf<D>, R>;

  /**
   * The cosine of each element (radians, of any size), to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).cos();   // tensor([1.0000, 0.5403])
   */
  cos(): Tensor<FloatOf<D>, R>;

  /**
   * The hyperbolic tangent of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).tanh();   // tensor([0.0000, 0.7616])
   */
  tanh(): Tensor<FloatOf<D>, R>;

  /**
   * 1 / (1 + e^-x) of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).sigmoid();   // tensor([0.5000, 0.7311])
   */
  sigmoid(): Tensor<FloatOf<D>, R>;

  /**
   * The error function of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).erf();   // tensor([0.0000, 0.8427])
   */
  erf(): Tensor<FloatOf<D>, R>;

  /**
   * Each element times itself.
   *
   * @example
   * tensor([3, -2]).square();   // tensor([9., 4.])
   */
  square(): Tensor<FloatOf<D>, R>;

  /**
   * 1 over each element.
   *
   * @example
   * tensor([2, 4]).reciprocal();   // tensor([0.5000, 0.2500])
   */
  reciprocal(): Tensor<FloatOf<D>, R>;

  /**
   * 1 over the square root of each element.
   *
   * @example
   * tensor([4, 16]).rsqrt();   // tensor([0.5000, 0.2500])
   */
  rsqrt(): Tensor<FloatOf<D>, R>;

  /**
   * The natural logarithm of 1 plus each element, exact to the last places near zero.
   *
   * @example
   * tensor([0, 1]).log1p();   // tensor([0.0000, 0.6931])
   */
  log1p(): Tensor<FloatOf<D>, R>;

  /**
   * e to the power of each element, minus 1, exact to the last places near zero.
   *
   * @example
   * tensor([0, 1]).expm1();   // tensor([0.0000, 1.7183])
   */
  expm1(): Tensor<FloatOf<D>, R>;

  /**
   * The largest integer that is not above each element.
   *
   * @example
   * tensor([1.5, -1.5]).floor();   // tensor([ 1., -2.])
   */
  floor(): Tensor<D, R>;

  /**
   * The smallest integer that is not below each element.
   *
   * @example
   * tensor([1.5, -1.5]).ceil();   // tensor([ 2., -1.])
   */
  ceil(): Tensor<D, R>;

  /**
   * The integer nearest to each element, the even one of two.
   *
   * @example
   * tensor([0.5, 1.5]).round();   // tensor([0., 2.])
   */
  round(): Tensor<D, R>;

  /**
   * 1, 0 or -1, as the sign of each element is.
   *
   * @example
   * tensor([3, 0, -2]).sign();   // tensor([ 1.,  0., -1.])
   */
  sign(): Tensor<D, R>;

  /**
   * Each element to the power of a number or of another element, to 1 unit in the last place; arguments and errors as for {@link add}.
   * Integers have integer powers, which wrap around.
   *
   * @throws RangeError ERR_CONV1D_VALUE  when an integer would have a negative number as its power
   * @example
   * tensor([1, 2, 3]).pow(2);   // tensor([1., 4., 9.])
   */
  pow<O extends Tensor<D>>(exponent: O): Tensor<D, RankWith<R, O>>;
  pow(exponent: number): Tensor<WithNumber[D], R>;
  pow(exponent: Tensor<Dtype> | number): Tensor<WithAny[D]>;

  /**
   * Where elements of both are true (not zero), as bools.
   *
   * @example
   * tensor([true, true]).logicalAnd(tensor([true, false]));   // tensor([ True, False])
   */
  logicalAnd<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;

  /**
   * Where elements of one or both are true (not zero), as bools.
   *
   * @example
   * tensor([true, false]).logicalOr(tensor([false, false]));   // tensor([ True, False])
   */
  logicalOr<O extends Tensor<Dtype>>(other: O): Tensor<'bool', RankWith<R, O>>;

  /**
   * Where elements are false (zero), as bools.
   *
   * @example
   * tensor([true, false]).logicalNot();   // tensor([False,  True])
   */
  logicalNot(): Tensor<'bool', R>;

  /**
   * The product of matrices, of vectors, or of batches of matrices, which are broadcast, as in PyTorch: (..., m, k) times (..., k, n). Each output is one
   * chain of sums in the order of k, the same bits on every machine.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when the sizes do not fit
   * @throws TypeError ERR_CONV1D_DTYPE   when dtypes differ, or are no floats
   * @example
   * rand(4, 2, 3).matmul(rand(3, 5)).shape;   // [4, 2, 5]
   */
  matmul(other: Tensor<D>): Tensor<D>;

  /**
   * Each element between two bounds, either of which may be left out; beyond them, the bound. Refuses bools.
   *
   * @throws TypeError ERR_CONV1D_TYPE    when a bound is no number
   * @throws RangeError ERR_CONV1D_VALUE  when there is no bound at all
   *
   * @example
   * tensor([-2, 0.5, 7]).clamp(-1, 1);   // tensor([-1.0000,  0.5000,  1.0000])
   * tensor([-2, 0.5, 7]).clamp(undefined, 1);   // tensor([-2.0000,  0.5000,  1.0000])
   */
  clamp(min?: number | null, max?: number | null): Tensor<WithNumber[D], R>;

  /**
   * The dot product of two vectors of one length and dtype, summed in the order of the elements.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  unless both have one dimension and the same length
   *
   * @example
   * tensor([1, 2]).dot(tensor([3, 4]));   // tensor(11.)
   */
  dot(other: Tensor<Dtype>): Tensor<D, 0>;
}

/** A method for an operation on a tensor and another, or a number. */
function ofTwo(name: string, operation: Operation<ElementwiseAttributes>) {
  return function (this: unknown, other: unknown): object {
    const self = ownView(this, name);
    if (typeof other === 'number') return apply(operation, [self], { other });
    if (isTensor(other)) return apply(operation, [self, givenView(other, name)], {});
    return apply(operation, [self], { other: readScalar(other, `${name}(): argument 'other'`) });
  };
}

/** A method for an operation on two tensors. */
function ofTensors(name: string, operation: Operation<ElementwiseAttributes>) {
  return function (this: unknown, other: unknown): object {
    return apply(operation, [ownView(this, name), givenView(other, `${name}(): argument 'other'`)], {});
  };
}

function ofOne(name: string, operation: Operation<UnaryAttributes>) {
  return function (this: unknown): object {
    return apply(operation, [ownView(this, name)], NO_PARAMETERS);
  };
}

/** A method for an operation on two tensors as masks. */
function ofMasks(name: string, operation: Operation<ElementwiseAttributes>) {
  return function (this: unknown, other: unknown): object {
    const masks = [ownView(this, name), givenView(other, `${name}(): argument 'other'`)];
    return apply(
      operation,
      masks.map((view) => converted(view, 'bool')),
      {},
    );
  };
}

/** The methods of {@link PointwiseMethods}. */
export const pointwiseMethods = {
  add: ofTwo('add', add),
  sub: ofTwo('sub', sub),
  mul: ofTwo('mul', mul),
  div: ofTwo('div', div),
  minimum: ofTensors('minimum', minimum),
  maximum: ofTensors('maximum', maximum),
  eq: ofTwo('eq', eq),
  ne: ofTwo('ne', ne),
  lt: ofTwo('lt', lt),
  le: ofTwo('le', le),
  gt: ofTwo('gt', gt),
  ge: ofTwo('ge', ge),
  neg: ofOne('neg', neg),
  abs: ofOne('abs', abs),
  relu: ofOne('relu', relu),
  sqrt: ofOne('sqrt', sqrt),
  exp: ofOne('exp', exp),
  log: ofOne('log', log),
  sin: ofOne('sin', sin),
  cos: ofOne('cos', cos),
  tanh: ofOne('tanh', tanh),
  sigmoid: ofOne('sigmoid', sigmoid),
  erf: ofOne('erf', erf),
  square: ofOne('square', square),
  reciprocal: ofOne('reciprocal', reciprocal),
  rsqrt: ofOne('rsqrt', rsqrt),
  log1p: ofOne('log1p', log1p),
  expm1: ofOne('expm1', expm1),
  floor: ofOne('floor', floor),
  ceil: ofOne('ceil', ceil),
  round: ofOne('round', round),
  sign: ofOne('sign', sign),
  pow: ofTwo('pow', pow),
  matmul(this: unknown, other: unknown): object {
    return apply(matmul, [ownView(this, 'matmul'), givenView(other, "matmul(): argument 'other'")], undefined);
  },
  logicalAnd: ofMasks('logicalAnd', mul),
  logicalOr: ofMasks('logicalOr', maximum),
  logicalNot(this: unknown): object {
    return apply(eq, [converted(ownView(this, 'logicalNot'), 'bool')], { other: false });
  },
  clamp(this: unknown, min?: unknown, max?: unknown): object {
    const self = ownView(this, 'clamp');
    return apply(clamp, [self], readBounds(min, max));
  },
  dot(this: unknown, other: unknown): object {
    return apply(dot, [ownView(this, 'dot'), givenView(other, "dot(): argument 'other'")], undefined);
  },
};
