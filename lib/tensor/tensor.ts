import { rangeError, typeError } from '../check/errors.ts';
import { describe, isArray } from '../check/validate.ts';
import { type Dtype, dtypeOf, type FloatArray, isFloatArray } from './dtype.ts';
import { formatTensor } from './format.ts';
import { at, type Index } from './ops/at.ts';
import { dot } from './ops/dot.ts';
import { elementwise } from './ops/elementwise.ts';
import { reshape } from './ops/reshape.ts';
import { readRecord, type TensorRecord, tensorAdvice } from './record.ts';
import type { CommonRank, DataOf, NestedArray, NestedOf, RankAfter } from './types.ts';
import { elementsOfView, makeView, requireMemory, type View } from './view.ts';

export type { NestedArray } from './types.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

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

  /**
   * @internal Use the factories. The shape is frozen, not copied; `storage[offset + sum(index * strides)]` must exist for
   * every index.
   */
  constructor(
    storage: FloatArray,
    shape: readonly number[],
    requiresGrad = false,
    offset = 0,
    strides: readonly number[] | null = null,
  ) {
    // JavaScript sees no @internal.
    if (!isFloatArray(storage) || !isArray(shape)) {
      throw typeError('ERR_CONV1D_TYPE', 'Tensor is not to be constructed; make one with tensor(), zeros() or rand()');
    }
    this.requiresGrad = requiresGrad;
    this.shape = Object.freeze(shape);
    this.#view = makeView(storage, shape, offset, strides);
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
    return new Tensor(data, shape, requiresGrad);
  }

  /** `'float32'` or `'float64'`. */
  get dtype(): D {
    return dtypeOf(this.#view.storage) as D;
  }

  /** The number of elements. */
  get numel(): number {
    return this.#view.numel;
  }

  /** The number of dimensions. */
  get ndim(): number {
    return this.#view.shape.length;
  }

  /** Whether the elements lie one after the other in memory, so that {@link data} needs no copy. */
  get isContiguous(): boolean {
    return this.#view.strides === null;
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
    return elementsOfView(this.#read()) as DataOf<D>;
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
    return Tensor.#over(at(this.#read(), indices));
  }

  /** The only element, as a number. RangeError ERR_CONV1D_SHAPE when there is not exactly one. */
  item(): number {
    const view = this.#read();
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

  /** The elements as nested arrays. */
  toArray(): NestedOf<R> {
    const data: FloatArray = this.data;
    let next = 0;
    const build = (dim: number): NestedArray =>
      dim === this.ndim ? data[next++]! : Array.from({ length: this.shape[dim]! }, () => build(dim + 1));
    return build(0) as NestedOf<R>;
  }

  /**
   * What `JSON.stringify` writes: the elements as nested arrays, as {@link toArray} gives them. JSON has no NaN and no
   * infinities: it says null for them, as for every number.
   *
   * @example
   * JSON.stringify({ y: tensor([[1, 2], [3, 0 / 0]]) });   // '{"y":[[1,2],[3,null]]}'
   */
  toJSON(): NestedOf<R> {
    return this.toArray();
  }

  /**
   * The dot product of two vectors of one length and dtype, summed in the order of the elements.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  unless both have one dimension and the same length
   */
  dot(other: Tensor): Tensor<D, 0> {
    this.#requireTensor(other, 'dot');
    return Tensor.#over(dot(this.#read(), other.#read()));
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
    return this.#elementwise(other, 'add', (a, b) => a + b);
  }

  /**
   * The element-wise difference; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).sub(1);   // tensor([0., 1.])
   */
  sub<O extends Tensor | number>(other: O): Tensor<D, RankWith<R, O>> {
    return this.#elementwise(other, 'sub', (a, b) => a - b);
  }

  /**
   * The element-wise product; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).mul(tensor([3, 4]));   // tensor([3., 8.])
   */
  mul<O extends Tensor | number>(other: O): Tensor<D, RankWith<R, O>> {
    return this.#elementwise(other, 'mul', (a, b) => a * b);
  }

  /** A tensor over the same memory, with `requiresGrad` false. */
  detach(): Tensor<D, R> {
    return Tensor.#over(this.#read());
  }

  /** A copy in memory of its own. */
  clone(): Tensor<D, R> {
    const elements = this.data;
    return new Tensor(this.isContiguous ? elements.slice() : elements, this.shape);
  }

  /** This tensor if it is contiguous, a contiguous copy otherwise. */
  contiguous(): Tensor<D, R> {
    return this.isContiguous ? this : this.clone();
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
    return Tensor.#over(reshape(this.#read(), sizes));
  }

  /** The tensor as torch prints it. */
  toString(): string {
    return formatTensor(this);
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    return this.toString();
  }

  /** The view; refuses to go on where JavaScript assigned another shape, which TypeScript does not allow. */
  #read(): View {
    if (this.shape !== this.#view.shape) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'the shape of a tensor is read-only, but something was assigned to it; reshape() gives the same memory another shape',
      );
    }
    return this.#view;
  }

  static #over<D extends Dtype, R extends number>({ storage, shape, offset, strides }: View): Tensor<D, R> {
    return new Tensor(storage, shape, false, offset, strides);
  }

  #requireTensor(other: unknown, operation: string): asserts other is Tensor {
    if (!Tensor.isTensor(other)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `${operation}(): argument 'other' must be a Tensor, but got ${describe(other)}; ${tensorAdvice(other)}`,
      );
    }
    if (other.dtype !== this.dtype) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `${operation}() expected both tensors to have the same dtype, but got ${this.dtype} and ${other.dtype}`,
      );
    }
  }

  #elementwise<S extends number>(
    other: Tensor | number,
    operation: string,
    f: (a: number, b: number) => number,
  ): Tensor<D, S> {
    if (typeof other === 'number') return Tensor.#over(elementwise(this.#read(), other, f));
    this.#requireTensor(other, operation);
    return Tensor.#over(elementwise(this.#read(), other.#read(), f));
  }
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
