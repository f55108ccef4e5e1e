import { rangeError, typeError } from '../check/errors.ts';
import { describe, isArray } from '../check/validate.ts';
import { allocate } from './allocate.ts';
import { type Dtype, dtypeOf, type FloatArray, isFloatArray } from './dtype.ts';
import { formatTensor } from './format.ts';
import { contiguousStrides, formatShape, numelOf, sameShape } from './shape.ts';

/**
 * One index of {@link Tensor.at}: a position drops the dimension, `[start, stop]` keeps it.
 *
 * @category Tensors
 */
export type Index = number | readonly [start: number, stop: number];

/**
 * A tensor as nested arrays; a plain number when the tensor has no dimensions.
 *
 * @category Tensors
 */
export type NestedArray = number | NestedArray[];

const inspect = Symbol.for('nodejs.util.inspect.custom');

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
  readonly #shape: readonly number[];
  readonly #numel: number;
  readonly #storage: FloatArray;
  readonly #offset: number;
  /** In elements; null when the elements lie one after the other. */
  readonly #strides: readonly number[] | null;

  /**
   * @internal Use the factories. The shape is frozen, not copied; `storage[offset + sum(index * strides)]` must exist for
   * every index.
   */
  constructor(
    storage: FloatArray,
    shape: readonly number[],
    requiresGrad = false,
    offset = 0,
    strides?: readonly number[],
  ) {
    // JavaScript sees no @internal.
    if (!isFloatArray(storage) || !isArray(shape)) {
      throw typeError('ERR_CONV1D_TYPE', 'Tensor is not to be constructed; make one with tensor(), zeros() or rand()');
    }
    this.requiresGrad = requiresGrad;
    this.#shape = Object.freeze(shape);
    this.#numel = numelOf(shape);
    this.#storage = storage;
    this.#offset = offset;
    this.#strides = strides === undefined || isContiguous(shape, strides) ? null : strides;
  }

  /** Whether a value is a tensor of this library; an object that only inherits from its prototype is not. */
  static isTensor(value: unknown): value is Tensor {
    return typeof value === 'object' && value !== null && #storage in value;
  }

  /** `'float32'` or `'float64'`. */
  get dtype(): Dtype {
    return dtypeOf(this.#storage);
  }

  /** The sizes, outermost dimension first. Frozen. */
  get shape(): readonly number[] {
    return this.#shape;
  }

  /** The number of elements. */
  get numel(): number {
    return this.#numel;
  }

  /** The number of dimensions. */
  get ndim(): number {
    return this.#shape.length;
  }

  /** Whether the elements lie one after the other in memory, so that {@link data} needs no copy. */
  get isContiguous(): boolean {
    return this.#strides === null;
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
    if (this.#strides !== null) return this.#gather(this.#strides);
    const end = this.#offset + this.#numel;
    this.#requireMemory(end);
    if (end === this.#numel && this.#storage.length === end) return this.#storage;
    return this.#storage.subarray(this.#offset, end);
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
    if (indices.length > this.ndim) {
      throw rangeError('ERR_CONV1D_SHAPE', `too many indices for tensor of dimension ${this.ndim}`);
    }
    let offset = this.#offset;
    const shape: number[] = [];
    const strides: number[] = [];
    const ownStrides = this.#strides ?? contiguousStrides(this.#shape);
    for (let dim = 0; dim < this.ndim; dim++) {
      const size = this.#shape[dim]!;
      const stride = ownStrides[dim]!;
      const index = indices[dim];
      if (typeof index === 'number') {
        offset += position(index, size, dim) * stride;
      } else {
        const [start, stop] = index === undefined ? [0, size] : range(index, size);
        offset += start * stride;
        shape.push(stop - start);
        strides.push(stride);
      }
    }
    return new Tensor(this.#storage, shape, false, offset, strides);
  }

  /** The only element, as a number. RangeError ERR_CONV1D_SHAPE when there is not exactly one. */
  item(): number {
    if (this.#numel !== 1) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `a Tensor with ${this.#numel} elements cannot be converted to a number; pick one with at()`,
      );
    }
    this.#requireMemory(this.#offset + 1);
    return this.#storage[this.#offset]!;
  }

  /** The elements as nested arrays. */
  toArray(): NestedArray {
    const data = this.data;
    let next = 0;
    const build = (dim: number): NestedArray =>
      dim === this.ndim ? data[next++]! : Array.from({ length: this.#shape[dim]! }, () => build(dim + 1));
    return build(0);
  }

  /**
   * What `JSON.stringify` writes: the elements as nested arrays, as {@link toArray} gives them. JSON has no NaN and no
   * infinities: it says null for them, as for every number.
   *
   * @example
   * JSON.stringify({ y: tensor([[1, 2], [3, 0 / 0]]) });   // '{"y":[[1,2],[3,null]]}'
   */
  toJSON(): NestedArray {
    return this.toArray();
  }

  /**
   * The dot product of two vectors of one length and dtype, summed in the order of the elements.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  unless both have one dimension and the same length
   */
  dot(other: Tensor): Tensor {
    this.#requireTensor(other, 'dot');
    if (this.ndim !== 1 || other.ndim !== 1) {
      throw rangeError('ERR_CONV1D_SHAPE', `1D tensors expected, but got ${this.ndim}D and ${other.ndim}D tensors`);
    }
    if (this.#numel !== other.numel) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `inconsistent tensor size, expected tensor [${this.#numel}] and src [${other.numel}] to have the same number of elements, but got ${this.#numel} and ${other.numel} elements respectively`,
      );
    }
    const a = this.data;
    const b = other.data;
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
    return new Tensor(this.#like(1).fill(sum), []);
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
    return this.#elementwise(other, 'add', (a, b) => a + b);
  }

  /**
   * The element-wise difference; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).sub(1);   // tensor([0., 1.])
   */
  sub(other: Tensor | number): Tensor {
    return this.#elementwise(other, 'sub', (a, b) => a - b);
  }

  /**
   * The element-wise product; arguments and errors as for {@link add}.
   *
   * @example
   * tensor([1, 2]).mul(tensor([3, 4]));   // tensor([3., 8.])
   */
  mul(other: Tensor | number): Tensor {
    return this.#elementwise(other, 'mul', (a, b) => a * b);
  }

  /** A tensor over the same memory, with `requiresGrad` false. */
  detach(): Tensor {
    return new Tensor(this.#storage, this.#shape, false, this.#offset, this.#strides ?? undefined);
  }

  /** A copy in memory of its own. */
  clone(): Tensor {
    if (this.#strides !== null) return new Tensor(this.#gather(this.#strides), this.#shape);
    const copy = this.#like(this.#numel);
    copy.set(this.data);
    return new Tensor(copy, this.#shape);
  }

  /** This tensor if it is contiguous, a contiguous copy otherwise. */
  contiguous(): Tensor {
    return this.#strides === null ? this : this.clone();
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
    const shape = inferSizes(sizes, this.#numel);
    return this.#strides === null
      ? new Tensor(this.#storage, shape, false, this.#offset)
      : new Tensor(this.#gather(this.#strides), shape);
  }

  /** The tensor as torch prints it. */
  toString(): string {
    return formatTensor(this);
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    return this.toString();
  }

  /** Zeros of the same dtype. */
  #like(length: number): FloatArray {
    return allocate(this.dtype, length);
  }

  /** Refuses to go on when the storage no longer has `length` elements: they would read as undefined. */
  #requireMemory(length: number): void {
    if (this.#numel > 0 && this.#storage.length < length) {
      throw typeError(
        'ERR_CONV1D_DETACHED',
        `the memory of a tensor of shape ${formatShape(this.#shape)} is gone: its ArrayBuffer was transferred or shrunk; copy the tensor with clone() before that`,
      );
    }
  }

  /** A packed copy of the elements of a view with gaps. */
  #gather(strides: readonly number[]): FloatArray {
    const last = this.#shape.reduce((sum, size, dim) => sum + (size - 1) * strides[dim]!, this.#offset);
    this.#requireMemory(last + 1);
    const storage = this.#storage;
    const out = this.#like(this.#numel);
    const inner = this.ndim - 1;
    let next = 0;
    const walk = (dim: number, start: number): void => {
      const stride = strides[dim]!;
      const size = this.#shape[dim]!;
      for (let i = 0, offset = start; i < size; i++, offset += stride) {
        if (dim === inner) out[next++] = storage[offset]!;
        else walk(dim + 1, offset);
      }
    };
    walk(0, this.#offset);
    return out;
  }

  #requireTensor(other: unknown, operation: string): asserts other is Tensor {
    if (!Tensor.isTensor(other)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `${operation}(): argument 'other' must be a Tensor, but got ${describe(other)}`,
      );
    }
    if (other.dtype !== this.dtype) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `${operation}() expected both tensors to have the same dtype, but got ${this.dtype} and ${other.dtype}`,
      );
    }
  }

  #elementwise(other: Tensor | number, operation: string, f: (a: number, b: number) => number): Tensor {
    if (typeof other === 'number') {
      const a = this.data;
      const out = this.#like(a.length);
      for (let i = 0; i < a.length; i++) out[i] = f(a[i]!, other);
      return new Tensor(out, this.#shape);
    }
    this.#requireTensor(other, operation);
    const shape = sameShape(this.#shape, other.shape) ? this.#shape : broadcastShape(this.#shape, other.shape);
    const a = this.#broadcast(shape).data;
    const b = other.#broadcast(shape).data;
    const out = this.#like(a.length);
    for (let i = 0; i < out.length; i++) out[i] = f(a[i]!, b[i]!);
    return new Tensor(out, shape);
  }

  /** A view of a larger shape in which repeated dimensions have stride 0. */
  #broadcast(shape: readonly number[]): Tensor {
    if (sameShape(this.#shape, shape)) return this;
    const missing = shape.length - this.ndim;
    const ownStrides = this.#strides ?? contiguousStrides(this.#shape);
    const strides = shape.map((_, dim) =>
      dim < missing || this.#shape[dim - missing] === 1 ? 0 : ownStrides[dim - missing]!,
    );
    return new Tensor(this.#storage, shape, false, this.#offset, strides);
  }
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    if (shape[dim] === 0) return true;
    if (shape[dim] !== 1 && strides[dim] !== expected) return false;
    expected *= shape[dim]!;
  }
  return true;
}

function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const ndim = Math.max(a.length, b.length);
  return Array.from({ length: ndim }, (_, dim) => {
    const x = a[dim - ndim + a.length] ?? 1;
    const y = b[dim - ndim + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ${dim}`,
      );
    }
    return x === 1 ? y : x;
  });
}

/** The shape meant by sizes of which one may be -1. */
function inferSizes(sizes: readonly number[], numel: number): number[] {
  let known = 1;
  let inferred = -1;
  for (const [dim, size] of sizes.entries()) {
    if (typeof size !== 'number') {
      throw typeError('ERR_CONV1D_TYPE', `reshape(): size ${dim} must be a number, but got ${describe(size)}`);
    }
    if (!Number.isSafeInteger(size) || size < -1) {
      throw rangeError('ERR_CONV1D_SHAPE', `invalid shape dimension ${size}; a size is an integer, or one of them -1`);
    }
    if (size !== -1) {
      known *= size;
    } else if (inferred !== -1) {
      throw rangeError('ERR_CONV1D_SHAPE', 'only one dimension can be inferred');
    } else {
      inferred = dim;
    }
  }
  if (inferred !== -1 && known === 0 && numel === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `cannot reshape tensor of 0 elements into shape ${formatShape(sizes)} because the unspecified dimension size -1 can be any value and is ambiguous`,
    );
  }
  const shape = sizes.map((size, dim) => (dim === inferred ? numel / known : size));
  if (inferred === -1 ? known !== numel : !Number.isInteger(numel / known)) {
    throw rangeError('ERR_CONV1D_SHAPE', `shape '${formatShape(sizes)}' is invalid for input of size ${numel}`);
  }
  return shape;
}

/** A checked position, counted from the front. */
function position(index: number, size: number, dim: number): number {
  if (!Number.isInteger(index)) {
    throw typeError('ERR_CONV1D_TYPE', `an index must be an integer or [start, stop], but got ${index}`);
  }
  if (index < -size || index >= size) {
    throw rangeError('ERR_CONV1D_SHAPE', `index ${index} is out of bounds for dimension ${dim} with size ${size}`);
  }
  return index < 0 ? index + size : index;
}

/** `[start, stop]` as Python slices: negative counts from the end, beyond the end is clamped, an empty range is empty. */
function range(index: readonly [number, number], size: number): [start: number, stop: number] {
  const [start, stop]: unknown[] = isArray(index) && index.length === 2 ? [index[0], index[1]] : [];
  if (!isBound(start) || !isBound(stop)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `an index must be an integer or [start, stop] of two integers, but got ${describe(index)}`,
    );
  }
  const clamp = (bound: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, 0), size);
  const first = clamp(start);
  return [first, Math.max(first, clamp(stop))];
}

/** Infinity is welcome as "to the end". */
function isBound(value: unknown): value is number {
  return Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
}
