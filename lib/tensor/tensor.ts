import { rangeError, typeError } from '../check/errors.ts';
import { describe, integer, isArray } from '../check/validate.ts';
import { type Dtype, dtypeOf, type FloatArray, isFloatArray } from './dtype.ts';
import { formatTensor } from './format.ts';
import { at, type Index } from './ops/at.ts';
import { dot } from './ops/dot.ts';
import { elementwise } from './ops/elementwise.ts';
import { reshape } from './ops/reshape.ts';
import { formatShape, numelOf } from './shape.ts';
import { readSizes } from './sizes.ts';
import { elementsOfView, makeView, requireMemory, type View } from './view.ts';

/**
 * A tensor as nested arrays; a plain number when the tensor has no dimensions.
 *
 * @category Tensors
 */
export type NestedArray = number | NestedArray[];

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The most empty rows that {@link Tensor.toArray} writes: without a bound, a tensor of no elements could fill the memory with them. */
const MOST_EMPTY_ROWS = 2 ** 20;

/**
 * What a real tensor is made of; undefined for anything else. The rest of the library reads tensors through this and never through
 * their properties, which a subclass or an owner may have replaced.
 */
export let viewOf: (value: unknown) => View | undefined;

/**
 * An n-dimensional array of float32 or float64 over a typed array, laid out in rows as PyTorch lays them out.
 *
 * Make one with `tensor`, `zeros`, `ones`, `rand` or `randn`. `at` and `detach` return views: they share memory.
 *
 * @example
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * x.at(1);          // tensor([4., 5., 6.])
 * x.at([0, 2], 2);  // tensor([3., 6.])
 * @category Tensors
 */
export class Tensor {
  /** Whether this is a value to be learned. There are no gradients yet: the flag is stored and printed, and no result inherits it. */
  requiresGrad: boolean;
  readonly #view: View;

  static {
    viewOf = (value) => (Tensor.isTensor(value) ? value.#view : undefined);
  }

  /** @internal Use the factories. `storage[offset + sum(index * strides)]` must exist for every index. */
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
    const sizes = Object.freeze(readSizes(shape, 'Tensor'));
    const steps = isArray(strides) ? readSizes(strides, 'Tensor') : null;
    if (steps !== null && steps.length !== sizes.length) {
      throw rangeError('ERR_CONV1D_SHAPE', `Tensor: ${sizes.length} sizes need as many strides, not ${steps.length}`);
    }
    this.requiresGrad = requiresGrad;
    this.#view = makeView(storage, sizes, integer(offset, 'Tensor: offset'), steps);
  }

  /** Whether a value is a tensor of this library; an object that only inherits from its prototype is not. */
  static isTensor(value: unknown): value is Tensor {
    return typeof value === 'object' && value !== null && #view in value;
  }

  /** `'float32'` or `'float64'`. */
  get dtype(): Dtype {
    return dtypeOf(Tensor.#viewOf(this, 'dtype').storage);
  }

  /** The sizes, outermost dimension first. Frozen. */
  get shape(): readonly number[] {
    return Tensor.#viewOf(this, 'shape').shape;
  }

  /** The number of elements. */
  get numel(): number {
    return Tensor.#viewOf(this, 'numel').numel;
  }

  /** The number of dimensions. */
  get ndim(): number {
    return Tensor.#viewOf(this, 'ndim').shape.length;
  }

  /** Whether the elements lie one after the other in memory, so that {@link data} needs no copy. */
  get isContiguous(): boolean {
    return Tensor.#viewOf(this, 'isContiguous').strides === null;
  }

  /**
   * The elements in row-major order, as a typed array.
   *
   * For a contiguous tensor it is the memory itself: writing to it changes the tensor. For a view with gaps
   * (`isContiguous` is false) it is a copy.
   *
   * @throws TypeError ERR_CONV1D_DETACHED  when the memory was transferred to another thread or has shrunk
   */
  get data(): FloatArray {
    return elementsOfView(Tensor.#viewOf(this, 'data'));
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
  at(...indices: Index[]): Tensor {
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
  toArray(): NestedArray {
    return Tensor.#nested(Tensor.#viewOf(this, 'toArray'));
  }

  /**
   * What `JSON.stringify` writes: the elements as nested arrays, as {@link toArray} gives them. JSON has no NaN and no
   * infinities: it says null for them, as for every number.
   *
   * @example
   * JSON.stringify({ y: tensor([[1, 2], [3, 0 / 0]]) });   // '{"y":[[1,2],[3,null]]}'
   */
  toJSON(): NestedArray {
    return Tensor.#nested(Tensor.#viewOf(this, 'toJSON'));
  }

  /**
   * The dot product of two vectors of one length and dtype, summed in the order of the elements.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  unless both have one dimension and the same length
   */
  dot(other: Tensor): Tensor {
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
  add(other: Tensor | number): Tensor {
    return Tensor.#elementwise(this, other, 'add', (a, b) => a + b);
  }

  /**
   * The element-wise difference; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).sub(1);   // tensor([0., 1.])
   */
  sub(other: Tensor | number): Tensor {
    return Tensor.#elementwise(this, other, 'sub', (a, b) => a - b);
  }

  /**
   * The element-wise product; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).mul(tensor([3, 4]));   // tensor([3., 8.])
   */
  mul(other: Tensor | number): Tensor {
    return Tensor.#elementwise(this, other, 'mul', (a, b) => a * b);
  }

  /** A tensor over the same memory, with `requiresGrad` false. */
  detach(): Tensor {
    return Tensor.#over(Tensor.#viewOf(this, 'detach'));
  }

  /** A copy in memory of its own. */
  clone(): Tensor {
    return Tensor.#copy(Tensor.#viewOf(this, 'clone'));
  }

  /** This tensor if it is contiguous, a contiguous copy otherwise. */
  contiguous(): Tensor {
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
  reshape(...sizes: number[]): Tensor {
    return Tensor.#over(reshape(Tensor.#viewOf(this, 'reshape'), sizes));
  }

  /** The tensor as torch prints it. */
  toString(): string {
    const { storage, shape, offset, strides } = Tensor.#viewOf(this, 'toString');
    return formatTensor(new Tensor(storage, shape, this.requiresGrad, offset, strides));
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    Tensor.#viewOf(this, 'inspect');
    return this.toString();
  }

  static #over({ storage, shape, offset, strides }: View): Tensor {
    return new Tensor(storage, shape, false, offset, strides);
  }

  /** The view of `this`, which may be anything: a method that was taken off its tensor, a getter that was read off the prototype. */
  static #viewOf(self: unknown, member: string): View {
    if (Tensor.isTensor(self)) return self.#view;
    throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a Tensor: x.${member}, not on ${describe(self)}`);
  }

  static #copy(view: View): Tensor {
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
        `${operation}(): argument 'other' must be a Tensor, but got ${describe(other)}`,
      );
    }
    const dtypes = [dtypeOf(view.storage), dtypeOf(other.#view.storage)] as const;
    if (dtypes[0] !== dtypes[1]) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `${operation}() expected both tensors to have the same dtype, but got ${dtypes[0]} and ${dtypes[1]}`,
      );
    }
    return other.#view;
  }

  static #elementwise(
    self: unknown,
    other: Tensor | number,
    operation: string,
    f: (a: number, b: number) => number,
  ): Tensor {
    const view = Tensor.#viewOf(self, operation);
    return Tensor.#over(
      elementwise(view, typeof other === 'number' ? other : Tensor.#operand(view, other, operation), f),
    );
  }
}
