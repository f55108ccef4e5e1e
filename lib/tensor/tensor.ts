import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import type { BinaryFunction, UnaryFunction } from '../native/pointwise.ts';
import type { Dtype, FloatArray } from './dtype.ts';
import { formatTensor } from './format.ts';
import { at, type Index } from './ops/at.ts';
import { dot } from './ops/dot.ts';
import { elementwise } from './ops/elementwise.ts';
import { reshape } from './ops/reshape.ts';
import { unary } from './ops/unary.ts';
import { readRecord, type TensorRecord, tensorAdvice } from './record.ts';
import { formatShape, numelOf } from './shape.ts';
import type { CommonRank, DataOf, NestedArray, NestedOf, RankAfter } from './types.ts';
import { elementsOfView, isGone, makeView, readView, requireMemory, type View, viewOfAll } from './view.ts';

export type { NestedArray } from './types.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The most empty rows that {@link Tensor.toArray} writes: without a bound, a tensor of no elements could fill the memory with them. */
const MOST_EMPTY_ROWS = 2 ** 20;

/**
 * What a real tensor is made of; undefined for anything else. The rest of the library reads tensors through this and never through
 * their properties, which a subclass or an owner may have replaced.
 */
export let viewOf: (value: unknown) => View | undefined;

/** What the constructor takes before a view that this library made: nobody else has it. */
const MADE = Symbol('made');

/** The dimensions of an element-wise result: R with a number, otherwise what both have in common. */
type RankWith<R extends number, Other> = Other extends Tensor<Dtype, infer S> ? CommonRank<R, S> : R;

/**
 * An n-dimensional array of float32 or float64 over a typed array, laid out in rows as PyTorch lays them out.
 *
 * Make one with `tensor`, `zeros`, `ones`, `rand` or `randn`. `at` and `detach` return views: they share memory.
 *
 * In TypeScript `Tensor` is any tensor; `Tensor<'float32', 2>` is one of that dtype with two dimensions, whose `data` is a Float32Array
 * and whose `toArray()` is `number[][]`.
 *
 * @example
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * x.at(1);          // tensor([4., 5., 6.])
 * x.at([0, 2], 2);  // tensor([3., 6.])
 * @category Tensors
 */
export class Tensor<out D extends Dtype = Dtype, out R extends number = number> {
  /** Whether this is a value to be learned. There are no gradients yet: the flag is stored and printed, and no result inherits it. */
  requiresGrad: boolean;
  /** The sizes, outermost dimension first. Frozen. */
  readonly shape: readonly number[];
  readonly #view: View;

  static {
    viewOf = (value) => (Tensor.isTensor(value) ? Tensor.#untouched(value) : undefined);
  }

  /** @internal Use the factories. `storage[offset + sum(index * strides)]` must exist for every index. */
  constructor(
    storage: FloatArray,
    shape: readonly number[],
    requiresGrad?: boolean,
    offset?: number,
    strides?: readonly number[] | null,
  );
  /** @internal A view that this library made is not checked again. */
  constructor(made: typeof MADE, view: View, requiresGrad?: boolean);
  constructor(
    storage: FloatArray | typeof MADE,
    shapeOrView: readonly number[] | View,
    requiresGrad = false,
    offset = 0,
    strides: readonly number[] | null = null,
  ) {
    // JavaScript sees no @internal.
    const view = storage === MADE ? (shapeOrView as View) : readView(storage, shapeOrView, offset, strides);
    this.requiresGrad = requiresGrad;
    this.shape = view.shape;
    this.#view = view;
    defineGetter.call(this, 'data', DATA);
  }

  /** Whether a value is a tensor of this library; an object that only inherits from its prototype is not. */
  static isTensor(value: unknown): value is Tensor {
    return typeof value === 'object' && value !== null && #view in value;
  }

  /**
   * A tensor over what arrived of one: `structuredClone`, `postMessage` and a worker pool's result carry a tensor as a plain object
   * of its `data`, `shape` and `requiresGrad`. The array is wrapped, not copied. A tensor is given back as it is.
   *
   * @param record  `data`: a Float32Array or a Float64Array; `shape`: sizes whose product is its length; `requiresGrad`: false by default
   * @throws TypeError ERR_CONV1D_TYPE    when the record or a property is of the wrong kind
   * @throws TypeError ERR_CONV1D_OPTION  when a property's name is unknown
   * @throws RangeError ERR_CONV1D_SHAPE  when the shape does not fit the data
   * @example
   * Tensor.from(structuredClone(tensor([[1, 2], [3, 4]]))).shape;   // [2, 2]
   */
  static from(record: TensorRecord): Tensor {
    if (Tensor.isTensor(record)) return record;
    const { data, shape, requiresGrad } = readRecord(record);
    return new Tensor(MADE, makeView(data, shape), requiresGrad);
  }

  /** `'float32'` or `'float64'`. */
  get dtype(): D {
    return Tensor.#own(this, 'dtype').dtype as D;
  }

  /** The number of elements. */
  get numel(): number {
    return Tensor.#own(this, 'numel').numel;
  }

  /** The number of dimensions. */
  get ndim(): number {
    return Tensor.#own(this, 'ndim').shape.length;
  }

  /** Whether the elements lie one after the other in memory, so that {@link data} needs no copy. */
  get isContiguous(): boolean {
    return Tensor.#own(this, 'isContiguous').strides === null;
  }

  /**
   * The elements in row-major order, as a typed array.
   *
   * For a contiguous tensor it is the memory itself: writing to it changes the tensor. For a view with gaps
   * (`isContiguous` is false) it is a copy.
   *
   * @throws TypeError ERR_CONV1D_DETACHED  when the memory was transferred to another thread or has shrunk
   */
  get data(): DataOf<D> {
    return elementsOfView(Tensor.#viewOf(this, 'data')) as DataOf<D>;
  }

  /**
   * Picks elements: a number drops its dimension, `[start, stop]` keeps it; dimensions left out are kept whole. Negative
   * positions count from the end, as in Python. The result is a view, whatever is picked.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when an index is out of range or there are too many
   * @throws TypeError ERR_CONV1D_TYPE    when an index is neither an integer nor two of them
   * @example
   * rand(4, 2, 6).at(0, 0, [0, 5]).shape;   // [5]
   */
  at<const I extends readonly Index[]>(...indices: I): Tensor<D, RankAfter<R, I>> {
    return Tensor.#over(at(Tensor.#viewOf(this, 'at'), indices));
  }

  /** The only element, as a number. RangeError ERR_CONV1D_SHAPE when there is not exactly one. */
  item(): number {
    const view = Tensor.#viewOf(this, 'item');
    const { storage, numel, offset } = view;
    if (numel !== 1) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `a Tensor with ${numel} elements cannot be converted to a number; pick one with at()`,
      );
    }
    requireMemory(view, offset + 1);
    return storage[offset]!;
  }

  /** The elements as nested arrays. RangeError ERR_CONV1D_SHAPE when they would be more than 2^20 empty ones. */
  toArray(): NestedOf<R> {
    return Tensor.#nested(Tensor.#viewOf(this, 'toArray')) as NestedOf<R>;
  }

  /**
   * What `JSON.stringify` writes: the elements as nested arrays, as {@link toArray} gives them. JSON has no NaN and no
   * infinities: it says null for them, as for every number.
   *
   * @example
   * JSON.stringify({ y: tensor([[1, 2], [3, 0 / 0]]) });   // '{"y":[[1,2],[3,null]]}'
   */
  toJSON(): NestedOf<R> {
    return Tensor.#nested(Tensor.#viewOf(this, 'toJSON')) as NestedOf<R>;
  }

  /**
   * The dot product of two vectors of one length and dtype, summed in the order of the elements.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  unless both have one dimension and the same length
   */
  dot(other: Tensor): Tensor<D, 0> {
    const view = Tensor.#viewOf(this, 'dot');
    return Tensor.#over(dot(view, Tensor.#operand(view, other, 'dot')));
  }

  /**
   * The element-wise sum with a number or with a tensor of the same dtype; shapes are broadcast as in PyTorch.
   *
   * @throws TypeError ERR_CONV1D_TYPE      when `other` is neither a number nor a tensor
   * @throws TypeError ERR_CONV1D_DTYPE     when it is a tensor of another dtype
   * @throws RangeError ERR_CONV1D_SHAPE    when the shapes cannot be broadcast
   * @throws RangeError ERR_CONV1D_MEMORY   when the result cannot be allocated
   * @throws TypeError ERR_CONV1D_DETACHED  when the memory of either was transferred to another thread
   * @example
   * tensor([[1, 2], [3, 4]]).add(tensor([10, 20])).toArray();   // [[11, 22], [13, 24]]
   */
  add<O extends Tensor | number>(other: O): Tensor<D, RankWith<R, O>> {
    return Tensor.#elementwise(this, other, 'add');
  }

  /**
   * The element-wise difference; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).sub(1);   // tensor([0., 1.])
   */
  sub<O extends Tensor | number>(other: O): Tensor<D, RankWith<R, O>> {
    return Tensor.#elementwise(this, other, 'sub');
  }

  /**
   * The element-wise product; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).mul(tensor([3, 4]));   // tensor([3., 8.])
   */
  mul<O extends Tensor | number>(other: O): Tensor<D, RankWith<R, O>> {
    return Tensor.#elementwise(this, other, 'mul');
  }

  /**
   * The element-wise quotient; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).div(4);   // tensor([0.2500, 0.5000])
   */
  div<O extends Tensor | number>(other: O): Tensor<D, RankWith<R, O>> {
    return Tensor.#elementwise(this, other, 'div');
  }

  /**
   * The smaller one of each two elements, NaN where either is; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 5]).minimum(tensor([2, 3]));   // tensor([1., 3.])
   */
  minimum<O extends Tensor>(other: O): Tensor<D, RankWith<R, O>> {
    return Tensor.#elementwiseOfTensors(this, other, 'minimum');
  }

  /**
   * The larger one of each two elements, NaN where either is; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 5]).maximum(tensor([2, 3]));   // tensor([2., 5.])
   */
  maximum<O extends Tensor>(other: O): Tensor<D, RankWith<R, O>> {
    return Tensor.#elementwiseOfTensors(this, other, 'maximum');
  }

  /**
   * Minus each element; of a zero, zero.
   *
   * @example
   * tensor([1, -2]).neg();   // tensor([-1.,  2.])
   */
  neg(): Tensor<D, R> {
    return Tensor.#unary(this, 'neg');
  }

  /**
   * The magnitude of each element.
   *
   * @example
   * tensor([1, -2]).abs();   // tensor([1., 2.])
   */
  abs(): Tensor<D, R> {
    return Tensor.#unary(this, 'abs');
  }

  /**
   * The square root of each element; NaN below zero.
   *
   * @example
   * tensor([4, 9]).sqrt();   // tensor([2., 3.])
   */
  sqrt(): Tensor<D, R> {
    return Tensor.#unary(this, 'sqrt');
  }

  /**
   * e to the power of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).exp();   // tensor([1.0000, 2.7183])
   */
  exp(): Tensor<D, R> {
    return Tensor.#unary(this, 'exp');
  }

  /**
   * The natural logarithm of each element, to 2 units in the last place; NaN below zero.
   *
   * @example
   * tensor([1, 10]).log();   // tensor([0.0000, 2.3026])
   */
  log(): Tensor<D, R> {
    return Tensor.#unary(this, 'log');
  }

  /**
   * The sine of each element (radians, of any size), to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).sin();   // tensor([0.0000, 0.8415])
   */
  sin(): Tensor<D, R> {
    return Tensor.#unary(this, 'sin');
  }

  /**
   * The cosine of each element (radians, of any size), to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).cos();   // tensor([1.0000, 0.5403])
   */
  cos(): Tensor<D, R> {
    return Tensor.#unary(this, 'cos');
  }

  /**
   * The hyperbolic tangent of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).tanh();   // tensor([0.0000, 0.7616])
   */
  tanh(): Tensor<D, R> {
    return Tensor.#unary(this, 'tanh');
  }

  /**
   * 1 / (1 + e^-x) of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).sigmoid();   // tensor([0.5000, 0.7311])
   */
  sigmoid(): Tensor<D, R> {
    return Tensor.#unary(this, 'sigmoid');
  }

  /**
   * The error function of each element, to 2 units in the last place.
   *
   * @example
   * tensor([0, 1]).erf();   // tensor([0.0000, 0.8427])
   */
  erf(): Tensor<D, R> {
    return Tensor.#unary(this, 'erf');
  }

  /**
   * Each element, but zero for those below it.
   *
   * @example
   * tensor([1, -2]).relu();   // tensor([1., 0.])
   */
  relu(): Tensor<D, R> {
    return Tensor.#unary(this, 'relu');
  }

  /** A tensor over the same memory, with `requiresGrad` false. */
  detach(): Tensor<D, R> {
    return Tensor.#over(Tensor.#viewOf(this, 'detach'));
  }

  /** A copy in memory of its own. */
  clone(): Tensor<D, R> {
    return Tensor.#copy(Tensor.#viewOf(this, 'clone'));
  }

  /** This tensor if it is contiguous, a contiguous copy otherwise. */
  contiguous(): Tensor<D, R> {
    const view = Tensor.#viewOf(this, 'contiguous');
    return view.strides === null ? this : Tensor.#copy(view);
  }

  /**
   * The same elements in another shape; shares memory when the tensor is contiguous. One size may be -1 and is worked out.
   *
   * @throws TypeError ERR_CONV1D_TYPE    when a size is not a number
   * @throws RangeError ERR_CONV1D_SHAPE  when the element counts differ, a size is no integer from -1 on, or there are more than 64
   * @example
   * rand(4, 2, 6).reshape(-1, 6).shape;   // [8, 6]
   */
  reshape<const S extends readonly number[]>(...sizes: S): Tensor<D, S['length']> {
    return Tensor.#over(reshape(Tensor.#viewOf(this, 'reshape'), sizes));
  }

  /** The tensor as torch prints it. */
  toString(): string {
    const view = Tensor.#viewOf(this, 'toString');
    if (isGone(view)) elementsOfView(view); // throws, naming this tensor and not a part of it
    return formatTensor(new Tensor(MADE, view, this.requiresGrad));
  }

  /** @internal What console.log prints: of a tensor whose memory is gone, too, since that is when one looks. */
  [inspect](): string {
    const view = Tensor.#viewOf(this, 'inspect');
    return isGone(view) ? `tensor(<memory transferred or shrunk>, size=(${view.shape.join(', ')}))` : this.toString();
  }

  static #over<D extends Dtype, R extends number>(view: View): Tensor<D, R> {
    return new Tensor(MADE, view);
  }

  /** The view of `this`, which may be anything: a method that was taken off its tensor, a getter that was read off the prototype. */
  static #own(self: unknown, member: string): View {
    if (Tensor.isTensor(self)) return self.#view;
    throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a Tensor: x.${member}, not on ${describe(self)}`);
  }

  /** The same; refuses a tensor to which another shape was assigned, too. */
  static #viewOf(self: unknown, member: string): View {
    Tensor.#own(self, member);
    return Tensor.#untouched(self as Tensor);
  }

  /**
   * The view of a tensor. JavaScript may have assigned to its shape, which TypeScript does not allow: that is refused, as it cannot have
   * the effect that was hoped for. A getter that somebody put in its place is not asked.
   */
  static #untouched(tensor: Tensor): View {
    const view = tensor.#view;
    const shape = Object.getOwnPropertyDescriptor(tensor, 'shape');
    if (shape !== undefined && 'value' in shape && shape.value !== view.shape) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'the shape of a tensor is read-only, but something was assigned to it; reshape() gives the same memory another shape',
      );
    }
    return view;
  }

  static #copy<D extends Dtype, R extends number>(view: View): Tensor<D, R> {
    const elements = elementsOfView(view);
    return new Tensor(view.strides === null ? elements.slice() : elements, view.shape);
  }

  static #nested(view: View): NestedArray {
    const { shape, numel } = view;
    if (numel === 0 && numelOf(shape.slice(0, shape.indexOf(0))) > MOST_EMPTY_ROWS) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `a tensor of shape ${formatShape(shape)} has no elements, but more than ${MOST_EMPTY_ROWS} empty rows; read its shape instead`,
      );
    }
    const data = elementsOfView(view);
    let next = 0;
    const build = (dim: number): NestedArray =>
      dim === shape.length ? data[next++]! : Array.from({ length: shape[dim]! }, () => build(dim + 1));
    return build(0);
  }

  static #operand(view: View, other: unknown, operation: string): View {
    if (!Tensor.isTensor(other)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `${operation}(): argument 'other' must be a Tensor, but got ${describe(other)}; ${tensorAdvice(other)}`,
      );
    }
    if (view.dtype !== other.#view.dtype) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `${operation}() expected both tensors to have the same dtype, but got ${view.dtype} and ${other.#view.dtype}`,
      );
    }
    return Tensor.#untouched(other);
  }

  static #elementwise<D extends Dtype, R extends number>(
    self: unknown,
    other: Tensor | number,
    operation: BinaryFunction,
  ): Tensor<D, R> {
    const view = Tensor.#viewOf(self, operation);
    const right = typeof other === 'number' ? other : Tensor.#operand(view, other, operation);
    return Tensor.#over(elementwise(view, right, operation));
  }

  /** The same for functions that take no number. */
  static #elementwiseOfTensors<D extends Dtype, R extends number>(
    self: unknown,
    other: Tensor,
    operation: BinaryFunction,
  ): Tensor<D, R> {
    const view = Tensor.#viewOf(self, operation);
    return Tensor.#over(elementwise(view, Tensor.#operand(view, other, operation), operation));
  }

  static #unary<D extends Dtype, R extends number>(self: unknown, name: UnaryFunction): Tensor<D, R> {
    return Tensor.#over(unary(Tensor.#viewOf(self, name), name));
  }
}

/** A tensor over a view that this library made. */
export function tensorOf(view: View, requiresGrad = false): Tensor {
  return new Tensor(MADE, view, requiresGrad);
}

/** A tensor over all elements of an array of this dtype; the shape is frozen and has as many. */
export function tensorOfAll(elements: FloatArray, dtype: Dtype, shape: readonly number[]): Tensor {
  return new Tensor(MADE, viewOfAll(elements, dtype, shape));
}

/**
 * What others compare (node:assert, vitest, Jest) and carry (structuredClone, postMessage) are own enumerable properties, so each
 * tensor gets the getter as its own: a getter, because memory that is gone must throw, a view with gaps copies only when
 * asked, and nobody may assign to it. It costs 0.1 us per tensor; Object.defineProperty would cost 0.2, and a getter for `shape`
 * as much again.
 */
const DATA = Object.getOwnPropertyDescriptor(Tensor.prototype, 'data')!.get!;
const { __defineGetter__: defineGetter } = Object.prototype as unknown as {
  __defineGetter__: (this: object, name: string, getter: () => unknown) => void;
};
