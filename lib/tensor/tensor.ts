import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { connect } from './dispatch.ts';
import type { DataOf, Dtype, Elements, FloatDtype } from './dtype.ts';
import { formatTensor, type Printable } from './format.ts';
import { gradOf, setGrad } from './grad.ts';
import { setGradEnabled } from './gradMode.ts';
import { followFlag, type GradFn } from './history.ts';
import { type GradientMethods, gradientMethods } from './methods/gradients.ts';
import { type IndexMethods, indexMethods } from './methods/indexing.ts';
import { type PointwiseMethods, pointwiseMethods } from './methods/pointwise.ts';
import { type ReductionMethods, reductionMethods } from './methods/reductions.ts';
import { type ShapeMethods, shapeMethods } from './methods/shapes.ts';
import { runOperation } from './operation.ts';
import { at } from './ops/at.ts';
import { clone } from './ops/clone.ts';
import { readRecord, type TensorRecord } from './record.ts';
import { formatShape, numelOf } from './shape.ts';
import { isSymbol } from './tracing.ts';
import type { NestedArray, NestedOf } from './types.ts';
import { elementsOfView, isGone, makeView, readView, requireMemory, sameView, type View, viewOfAll } from './view.ts';

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

/**
 * An n-dimensional array of floats, integers or bools over a typed array, laid out in rows as PyTorch lays them out.
 *
 * Make one with `tensor`, `zeros`, `ones`, `rand` or `randn`. `at`, `detach` and others that say so return views: they share memory.
 *
 * In TypeScript `Tensor` is any tensor of floats, and `Tensor<Dtype>` any at all; `Tensor<'float32', 2>` is one of that dtype with two
 * dimensions, whose `data` is a Float32Array and whose `toArray()` is `number[][]`.
 *
 * @example
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * x.at(1);          // tensor([4., 5., 6.])
 * x.at([0, 2], 2);  // tensor([3., 6.])
 * @category Tensors
 */
export interface Tensor<out D extends Dtype = FloatDtype, out R extends number = number>
  extends PointwiseMethods<D, R>,
    ReductionMethods<D, R>,
    ShapeMethods<D, R>,
    IndexMethods<D, R>,
    GradientMethods {}
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: defineMethods, below, gives the class what the interface promises
export class Tensor<out D extends Dtype = FloatDtype, out R extends number = number> {
  /**
   * Whether gradients flow to this tensor: to a value to be learned, and to all that is computed from one. That of a leaf may be
   * assigned to; what is computed has it for good, and an assignment is refused where the tensor is used next.
   */
  requiresGrad: boolean;
  /** The sizes, outermost dimension first. Frozen. */
  readonly shape: readonly number[];
  readonly #view: View;

  static {
    viewOf = (value) => (Tensor.isTensor(value) ? Tensor.#untouched(value) : undefined);
    connect({ viewOf, make: (view) => new Tensor(MADE, view) });
  }

  /** @internal Use the factories. `storage[offset + sum(index * strides)]` must exist for every index. */
  constructor(
    storage: Elements,
    shape: readonly number[],
    requiresGrad?: boolean,
    offset?: number,
    strides?: readonly number[] | null,
  );
  /** @internal A view that this library made is not checked again. */
  constructor(made: typeof MADE, view: View, requiresGrad?: boolean);
  constructor(
    storage: Elements | typeof MADE,
    shapeOrView: readonly number[] | View,
    requiresGrad = false,
    offset = 0,
    strides: readonly number[] | null = null,
  ) {
    // JavaScript sees no @internal.
    const view = storage === MADE ? (shapeOrView as View) : readView(storage, shapeOrView, offset, strides);
    if (requiresGrad) followFlag(view, requiresGrad);
    this.requiresGrad = view.history !== null;
    this.shape = view.shape;
    this.#view = view;
    defineGetter.call(this, 'data', DATA);
  }

  /** Whether a value is a tensor of this library; an object that only inherits from its prototype is not. */
  static isTensor(value: unknown): value is Tensor<Dtype> {
    return typeof value === 'object' && value !== null && #view in value;
  }

  /**
   * A tensor over what arrived of one: `structuredClone`, `postMessage` and a worker pool's result carry a tensor as a plain object
   * of its `data`, `shape` and `requiresGrad`. The array is wrapped, not copied. A tensor is given back as it is.
   *
   * @param record  `data`: a typed array of the kind of a dtype (a Uint8Array holds bools); `shape`: sizes whose product is its length; `requiresGrad`: false by default
   * @throws TypeError ERR_CONV1D_TYPE    when the record or a property is of the wrong kind
   * @throws TypeError ERR_CONV1D_OPTION  when a property's name is unknown
   * @throws RangeError ERR_CONV1D_SHAPE  when the shape does not fit the data
   * @example
   * Tensor.from(structuredClone(tensor([[1, 2], [3, 4]]))).shape;   // [2, 2]
   */
  static from<A extends Elements>(record: TensorRecord<A>): Tensor<DtypeOf<A>> {
    if (Tensor.isTensor(record)) return record as unknown as Tensor<DtypeOf<A>>;
    const { data, shape, requiresGrad } = readRecord(record);
    return new Tensor(MADE, makeView(data, shape), requiresGrad);
  }

  /** `'float32'`, `'float64'`, `'int64'`, `'int32'` or `'bool'`. */
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
   * The only element, as a number: 1 and 0 for true and false.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there is not exactly one
   * @throws RangeError ERR_CONV1D_VALUE  when it is an integer beyond 2^53 - 1: read it from {@link data}
   */
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
    return safeNumber(storage[offset]!);
  }

  /**
   * The elements as nested arrays of numbers: 1 and 0 for true and false.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when there would be more than 2^20 empty arrays
   * @throws RangeError ERR_CONV1D_VALUE  when an element is an integer beyond 2^53 - 1: read it from {@link data}
   */
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

  /** A tensor over the same memory, to which no gradient flows. */
  detach(): Tensor<D, R> {
    const view = Tensor.#viewOf(this, 'detach');
    return Tensor.#over(isSymbol(view) ? view : sameView(view));
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
   * The gradient that `backward` has added up for this tensor: of a leaf, or after {@link retainGrad}. Null where there is none. It may
   * be assigned to: null before the next step, as an optimiser's `zeroGrad()` does it.
   *
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when anything else than a tensor of this dtype, or null, is assigned
   * @throws RangeError ERR_CONV1D_SHAPE  when a tensor of another shape is assigned
   */
  get grad(): Tensor<D, R> | null {
    return gradOf(Tensor.#own(this, 'grad')) as Tensor<D, R> | null;
  }

  set grad(value: Tensor<D, R> | null) {
    setGrad(Tensor.#own(this, 'grad'), value);
  }

  /** What made this tensor, where gradients flow to it: its `name` is torch's. Null of a leaf. */
  get gradFn(): GradFn | null {
    return Tensor.#viewOf(this, 'gradFn').history?.gradFn ?? null;
  }

  /** Whether this tensor was not computed from others that gradients flow to: `backward` leaves a gradient at those alone. */
  get isLeaf(): boolean {
    return !Tensor.#viewOf(this, 'isLeaf').history?.node;
  }

  /** The tensor as torch prints it. */
  toString(): string {
    const view = Tensor.#viewOf(this, 'toString');
    if (isGone(view)) elementsOfView(view); // throws, naming this tensor and not a part of it
    const before = setGradEnabled(false);
    try {
      return formatTensor(printable(view, markOf(view)));
    } finally {
      setGradEnabled(before);
    }
  }

  /** @internal What console.log prints: of a tensor whose memory is gone, too, since that is when one looks. */
  [inspect](): string {
    const view = Tensor.#viewOf(this, 'inspect');
    if (isSymbol(view)) return `tensor(<not computed yet>, size=(${view.shape.join(', ')}))`;
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
    return Tensor.#untouched(self as Tensor<Dtype>);
  }

  /**
   * The view of a tensor. JavaScript may have assigned to its shape, which TypeScript does not allow: that is refused, as it cannot have
   * the effect that was hoped for. A getter that somebody put in its place is not asked.
   */
  static #untouched(tensor: Tensor<Dtype>): View {
    const view = tensor.#view;
    if (tensor.requiresGrad !== (view.history !== null)) Tensor.#follow(tensor, view);
    const shape = Object.getOwnPropertyDescriptor(tensor, 'shape');
    if (shape !== undefined && 'value' in shape && shape.value !== view.shape) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'the shape of a tensor is read-only, but something was assigned to it; reshape() gives the same memory another shape',
      );
    }
    return view;
  }

  /** Follows an assignment to `requiresGrad`; a getter that somebody put in its place is not asked. */
  static #follow(tensor: Tensor<Dtype>, view: View): void {
    const flag = Object.getOwnPropertyDescriptor(tensor, 'requiresGrad');
    if (flag !== undefined && 'value' in flag) followFlag(view, flag.value);
  }

  static #copy<D extends Dtype, R extends number>(view: View): Tensor<D, R> {
    if (isSymbol(view)) return Tensor.#over(view); // nobody writes to it
    return Tensor.#over(runOperation(clone, [view], undefined));
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
      dim === shape.length ? safeNumber(data[next++]!) : Array.from({ length: shape[dim]! }, () => build(dim + 1));
    return build(0);
  }
}

/** The dtype of a typed array, for types. */
type DtypeOf<A extends Elements> = A extends Float32Array
  ? 'float32'
  : A extends Float64Array
    ? 'float64'
    : A extends BigInt64Array
      ? 'int64'
      : A extends Int32Array
        ? 'int32'
        : 'bool';

/** An element as a number that is exactly it. */
function safeNumber(element: number | bigint): number {
  const number = Number(element);
  if (typeof element === 'number' || Number.isSafeInteger(number)) return number;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `the integer ${element} is beyond 2^53 - 1, and no number of JavaScript is exactly it; read it as a bigint from data`,
  );
}

/** What is printed behind the elements of a tensor that gradients flow to. */
function markOf({ history }: View): string | null {
  if (history === null) return null;
  return history.gradFn === null ? 'requires_grad=True' : `grad_fn=<${history.gradFn.name}>`;
}

function printable(view: View, mark: string | null): Printable {
  return {
    shape: view.shape,
    numel: view.numel,
    dtype: view.dtype,
    mark,
    at: (index) => printable(runOperation(at, [view], { indices: [index] }), mark),
    element: () => elementsOfView(view)[0]!,
  };
}

/** The methods of operations, which have files of their own; as those of a class, nobody meets them in a loop over properties. */
function defineMethods(methods: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Tensor.prototype, name, { value, writable: true, configurable: true });
  }
}

defineMethods(pointwiseMethods);
defineMethods(reductionMethods);
defineMethods(shapeMethods);
defineMethods(indexMethods);
defineMethods(gradientMethods);

/** A tensor over a view that this library made. */
export function tensorOf(view: View, requiresGrad = false): Tensor<Dtype> {
  return new Tensor(MADE, view, requiresGrad);
}

/** A tensor over all elements of an array of this dtype; the shape is frozen and has as many. */
export function tensorOfAll<D extends Dtype>(elements: DataOf<D>, dtype: D, shape: readonly number[]): Tensor<D> {
  return new Tensor(MADE, viewOfAll<Elements>(elements, dtype, shape));
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
