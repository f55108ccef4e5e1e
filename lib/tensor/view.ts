import { rangeError, typeError } from '../check/errors.ts';
import { integer, isArray } from '../check/validate.ts';
import { copy } from '../native/pointwise.ts';
import { allocateResult } from '../native/resultMemory.ts';
import { type Dtype, dtypeOf, type Elements, type FloatArray, isElements } from './dtype.ts';
import type { History } from './history.ts';
import { contiguousStrides, formatShape, numelOf, sameShape } from './shape.ts';
import { readSizes } from './sizes.ts';
import { isSymbol, noteSame, symbolIsRead } from './tracing.ts';

/** Where the elements of a tensor lie: element i0, i1, ... is `storage[offset + i0 * strides[0] + i1 * strides[1] + ...]`. */
export interface View<A extends Elements = Elements> {
  readonly storage: A;
  /** Of the storage. */
  readonly dtype: Dtype;
  /** Frozen. */
  readonly shape: readonly number[];
  readonly numel: number;
  readonly offset: number;
  /** In elements; null when the elements lie one after the other. */
  readonly strides: readonly number[] | null;
  /** The result that was found to fit here, which need not be checked again. Nothing but this and the history of a view ever changes. */
  checkedFor: object | null;
  /** Where it comes from, of a value that gradients flow to. */
  history: History | null;
}

/** A view; it keeps and freezes the shape, and drops strides that only say that the elements lie one after the other. */
export function makeView<A extends Elements>(
  storage: A,
  shape: readonly number[],
  offset = 0,
  strides: readonly number[] | null = null,
): View<A> {
  const gaps = strides === null || isContiguous(shape, strides) ? null : strides;
  return {
    storage,
    dtype: dtypeOf(storage),
    shape: Object.freeze(shape),
    numel: numelOf(shape),
    offset,
    strides: gaps,
    checkedFor: null,
    history: null,
  };
}

/** The view that the arguments of the constructor of Tensor mean, whoever calls it. */
export function readView(storage: unknown, shape: unknown, offset: unknown, strides: unknown): View {
  if (!isElements(storage) || !isArray(shape)) {
    throw typeError('ERR_CONV1D_TYPE', 'Tensor is not to be constructed; make one with tensor(), zeros() or rand()');
  }
  const sizes = readSizes(shape, 'Tensor');
  const steps = isArray(strides) ? readSizes(strides, 'Tensor') : null;
  if (steps !== null && steps.length !== sizes.length) {
    throw rangeError('ERR_CONV1D_SHAPE', `Tensor: ${sizes.length} sizes need as many strides, not ${steps.length}`);
  }
  return makeView(storage, sizes, integer(offset, 'Tensor: offset'), steps);
}

/** A view of all elements of an array of this dtype; the shape is frozen and has as many. */
export function viewOfAll<A extends Elements>(storage: A, dtype: Dtype, shape: readonly number[]): View<A> {
  return { storage, dtype, shape, numel: storage.length, offset: 0, strides: null, checkedFor: null, history: null };
}

/**
 * The elements in row-major order: the memory itself where they lie one after the other, a copy otherwise.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory is gone
 */
export function elementsOfView<A extends Elements>(view: View<A>): A {
  const { storage, numel, offset } = view;
  if (view.strides !== null) return packed(view, view.strides);
  const end = offset + numel;
  requireMemory(view, end);
  return end === numel && storage.length === end ? storage : (storage.subarray(offset, end) as A);
}

/** A view without gaps: the same one, or of a copy. */
export function packedView(view: View): View {
  return view.strides === null ? view : viewOfAll(elementsOfView(view), view.dtype, view.shape);
}

/** The same elements as another view: one that no gradient flows to. */
export function sameView<A extends Elements>(view: View<A>): View<A> {
  const same: View<A> = { ...view, checkedFor: null, history: null };
  noteSame(view, same);
  return same;
}

/** The elements of a view in memory of their own. */
export function copyOfView(view: View): View {
  if (isSymbol(view)) return view;
  return view.strides === null ? viewOfAll(elementsOfView(view).slice(), view.dtype, view.shape) : packedView(view);
}

/** The same of a view of floats, which the caller knows it to be. */
export function floatsOfView(view: View): FloatArray {
  return elementsOfView(view) as FloatArray;
}

/** Refuses to go on when the storage no longer has `length` elements: they would read as undefined. */
export function requireMemory(view: View, length: number): void {
  const { storage, shape, numel } = view;
  if (numel > 0 && lengthNow(storage) < length) {
    if (isSymbol(view)) throw symbolIsRead();
    throw typeError(
      'ERR_CONV1D_DETACHED',
      `the memory of a tensor of shape ${formatShape(shape)} is gone: its ArrayBuffer was transferred or shrunk; copy the tensor with clone() before that`,
    );
  }
}

/** Whether the memory of some element was transferred away or has shrunk. */
export function isGone(view: View): boolean {
  const { shape, numel, offset, storage } = view;
  if (numel === 0) return false;
  const last = stridesOf(view).reduce((sum, stride, dim) => sum + (shape[dim]! - 1) * stride, offset);
  return lengthNow(storage) <= last;
}

/**
 * The number of elements that are there. Not by `length`: where code that V8 has optimized (Node 20) has met a resizable buffer, that goes
 * on to give what a detached array had.
 */
function lengthNow(array: Elements): number {
  return array.byteLength / array.BYTES_PER_ELEMENT;
}

/** The strides, spelt out. */
export function stridesOf({ shape, strides }: View): readonly number[] {
  return strides ?? contiguousStrides(shape);
}

/** A view of a larger shape in which repeated dimensions have stride 0. */
export function broadcastTo(view: View, shape: readonly number[]): View {
  if (sameShape(view.shape, shape)) return view;
  const missing = shape.length - view.shape.length;
  const own = stridesOf(view);
  const strides = shape.map((_, dim) => (dim < missing || view.shape[dim - missing] === 1 ? 0 : own[dim - missing]!));
  return makeView(view.storage, shape, view.offset, strides);
}

/** A packed copy of the elements of a view with gaps. */
function packed<A extends Elements>(view: View<A>, strides: readonly number[]): A {
  const { storage, dtype, shape, numel, offset } = view;
  requireElements(view);
  const out = allocateResult(dtype, numel);
  copy(shape, { storage, offset, strides }, { storage: out, offset: 0, strides: contiguousStrides(shape) });
  return out as Elements as A;
}

/** Refuses to go on when the memory of some element is gone. */
export function requireElements(view: View): void {
  const { shape, numel, offset } = view;
  if (numel === 0) return;
  requireMemory(view, stridesOf(view).reduce((sum, stride, dim) => sum + (shape[dim]! - 1) * stride, offset) + 1);
}

export function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  // Before any stride is looked at: to gather nothing must not walk over the other sizes.
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let dim = shape.length - 1; dim >= 0; dim--) {
    if (shape[dim] !== 1 && strides[dim] !== expected) return false;
    expected *= shape[dim]!;
  }
  return true;
}
