import { rangeError, typeError } from '../check/errors.ts';
import { arrayLength } from '../check/list.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe, isArray } from '../check/validate.ts';
import { allocate } from './allocate.ts';
import { requireBools } from './bools.ts';
import {
  type Dtype,
  dtypeOf,
  type Elements,
  type FloatArray,
  type FloatDtype,
  isElements,
  isFloatArray,
  isFloatDtype,
  plainElements,
  readDtype,
  torchName,
} from './dtype.ts';
import { converted } from './ops/convert.ts';
import { full } from './ops/full.ts';
import { element } from './ops/scalar.ts';
import { normal, uniform } from './random/random.ts';
import { MAX_DIMENSIONS, numelOf } from './shape.ts';
import { readSizes, requireNumel } from './sizes.ts';
import { Tensor, tensorOf } from './tensor.ts';
import { noteMade } from './tracing.ts';
import type { ChosenDtype, DtypeOfData, RankOfData, TensorData } from './types.ts';
import { elementsOfView, makeView } from './view.ts';

/**
 * The options of the functions that make tensors.
 *
 * @category Tensors
 */
export interface TensorOptions<D extends Dtype | undefined = FloatDtype | undefined> {
  /** The type of the elements. Default `'float32'`; for `tensor`, that of a typed array which is given, and of bools and bigints. */
  dtype?: D;
  /** Whether the tensor is a value to be learned: `backward()` leaves its gradient in `grad`. Default false. */
  requiresGrad?: boolean | undefined;
}

export type { TensorData } from './types.ts';

/**
 * Sizes, one by one or as one array, and after them the options.
 *
 * @category Tensors
 */
export type SizesAndOptions = [
  ...(number[] | [sizes: readonly number[]]),
  ...([] | [options: TensorOptions | undefined]),
];

/**
 * The functions that make a tensor of given sizes.
 *
 * @category Tensors
 */
export interface TensorFactory {
  <const S extends readonly number[]>(...sizes: S): Tensor<'float32', S['length']>;
  <const S extends readonly number[], D extends Dtype | undefined = undefined>(
    sizes: S,
    options?: TensorOptions<D>,
  ): Tensor<ChosenDtype<D, 'float32'>, S['length']>;
  <const S extends readonly number[], D extends Dtype | undefined = undefined>(
    ...args: [...sizes: S, options: TensorOptions<D> | undefined]
  ): Tensor<ChosenDtype<D, 'float32'>, S['length']>;
  (...args: SizesAndOptions): Tensor;
}

const OPTIONS = ['dtype', 'requiresGrad'] as const;

/**
 * Makes a tensor of given values.
 *
 * The tensor wraps a typed array of the kind of a dtype without a copy (unless `dtype` asks for another): writing to the
 * array changes the tensor. It copies nested arrays. Numbers are float32 unless `dtype` says otherwise, true and false bool, bigints int64.
 *
 * @category Tensors
 * @param data     a number, nested arrays, or a typed array
 * @param options  dtype: that of the typed array (for a Uint8Array, say `'bool'`, or for its numbers another), else that of the values; requiresGrad: false
 * @throws TypeError ERR_CONV1D_TYPE     when something other than numbers is found
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_SHAPE   when rows differ in length
 * @throws RangeError ERR_CONV1D_VALUE   when an integer dtype does not have a number, or a byte is no bool
 * @throws RangeError ERR_CONV1D_MEMORY  when the memory cannot be allocated
 * @example
 * tensor([[1, 2, 3], [4, 5, 6]]);                              // shape [2, 3], float32
 * tensor([0.5, 1.5], { dtype: 'float64', requiresGrad: true });
 * tensor([3, 4], { dtype: 'int64' }).data;                      // a BigInt64Array
 */
export function tensor<T extends TensorData, D extends Dtype | undefined = undefined>(
  data: T,
  options?: TensorOptions<D>,
): Tensor<ChosenDtype<D, DtypeOfData<T>>, RankOfData<T>>;
/**
 * Makes a tensor of given values in a shape of its own.
 *
 * @param data     as without a shape
 * @param shape    sizes whose product is the number of values; left out, it is that of `data`
 * @param options  as without a shape
 * @throws TypeError ERR_CONV1D_TYPE     when something other than numbers is found
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_SHAPE   when rows differ in length, or the shape does not fit
 * @throws RangeError ERR_CONV1D_MEMORY  when the memory cannot be allocated
 * @example
 * tensor(new Float64Array([1, 2, 3, 4, 5, 6]), [3, 2]);        // shape [3, 2], float64, the array's own memory
 */
export function tensor<
  T extends TensorData,
  const S extends readonly number[],
  D extends Dtype | undefined = undefined,
>(data: T, shape?: S, options?: TensorOptions<D>): Tensor<ChosenDtype<D, DtypeOfData<T>>, S['length']>;
export function tensor(
  data: TensorData,
  shapeOrOptions?: readonly number[] | TensorOptions,
  lastOptions?: TensorOptions,
): Tensor<Dtype> {
  const hasShape = isArray(shapeOrOptions);
  const givenShape = hasShape ? readSizes(shapeOrOptions, 'tensor') : undefined;
  if (!hasShape && shapeOrOptions !== undefined && lastOptions !== undefined) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `tensor(): argument 'shape' (position 2) must be an array of sizes, not ${describe(shapeOrOptions)}`,
    );
  }
  const { dtype, requiresGrad } = readOptions(hasShape ? lastOptions : (lastOptions ?? shapeOrOptions), 'tensor');

  const given = isElements(data) ? plainElements(data) : undefined;
  const { values, shape } =
    given === undefined
      ? copyNested(data, dtype)
      : { values: withDtype(given, dtype ?? dtypeOfArray(given)), shape: [given.length] };
  if (givenShape !== undefined) requireNumel(givenShape, values.length);
  requireFloatForGrad(dtypeOf(values), requiresGrad);
  return tensorOf(makeView(values, givenShape ?? shape), requiresGrad);
}

/**
 * A tensor of zeros.
 *
 * @param args  the sizes, or one array of them; then optionally `{ dtype, requiresGrad }`, `'float32'` and false by default
 * @throws TypeError ERR_CONV1D_TYPE     when a size is not a number
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_VALUE   when a size is not an integer
 * @throws RangeError ERR_CONV1D_SHAPE   when a size is negative, or there are too many elements
 * @throws RangeError ERR_CONV1D_MEMORY  when the memory cannot be allocated
 * @function
 * @example
 * zeros(4, 2, 6);
 * zeros([4, 2, 6], { dtype: 'float64' });
 * @category Tensors
 */
export const zeros = ((...args: SizesAndOptions): Tensor<Dtype> =>
  filled('zeros', args, () => undefined, 0)) as TensorFactory;

/**
 * A tensor of ones; arguments and errors as for {@link zeros}.
 *
 * @function
 * @example
 * ones(2, 3).toArray();   // [[1, 1, 1], [1, 1, 1]]
 * ones(-1);               // ERR_CONV1D_SHAPE
 * @category Tensors
 */
export const ones = ((...args: SizesAndOptions): Tensor<Dtype> =>
  filled('ones', args, (values) => fillWith(values, 1), 1)) as TensorFactory;

/**
 * Numbers evenly distributed over [0, 1), as `torch.rand` draws them; arguments and errors as for {@link zeros}.
 *
 * @function
 * @example
 * manualSeed(0);
 * rand(2, 3);   // the numbers of torch.manual_seed(0); torch.rand(2, 3), bit for bit
 * @category Tensors
 */
export const rand = ((...args: SizesAndOptions): Tensor<Dtype> =>
  filled('rand', args, (values) => uniform(requireFloats(values, 'rand')))) as TensorFactory;

/**
 * Normally distributed numbers with mean 0 and variance 1, as `torch.randn` draws them; arguments and errors as for {@link zeros}.
 *
 * @function
 * @example
 * manualSeed(0);
 * randn(3);   // tensor([ 1.5410, -0.2934, -2.1788])
 * @category Tensors
 */
export const randn = ((...args: SizesAndOptions): Tensor<Dtype> =>
  filled('randn', args, (values) => normal(requireFloats(values, 'randn')))) as TensorFactory;

/** An array filled with a number. */
function fillWith(values: Elements, value: number): void {
  const one = element(value, dtypeOf(values));
  (values as { fill(value: number | bigint): unknown }).fill(one);
}

/** Random numbers have fractions. */
function requireFloats(values: Elements, what: string): FloatArray {
  if (isFloatArray(values)) return values;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `"${what}" not implemented for '${torchName(dtypeOf(values))}'; use a float dtype`,
  );
}

/** Bytes may be bools, samples or anything: only who says so gets bools. */
function dtypeOfArray(given: Elements): Dtype {
  const dtype = dtypeOf(given);
  if (dtype !== 'bool') return dtype;
  throw typeError(
    'ERR_CONV1D_TYPE',
    "tensor(): a Uint8Array may hold bools or numbers; give { dtype: 'bool' }, or convert it with Float32Array.from()",
  );
}

function requireFloatForGrad(dtype: Dtype, requiresGrad: boolean): void {
  if (!requiresGrad || isFloatDtype(dtype)) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `Only Tensors of floating point and complex dtype can require gradients, but the dtype is ${dtype}`,
  );
}

/** @param value  what all elements are, if they are one number */
function filled(
  what: string,
  args: readonly unknown[],
  fill: (values: Elements) => unknown,
  value?: number,
): Tensor<Dtype> {
  // A trailing undefined is an options argument that was not given.
  const last = args.at(-1);
  const hasOptions = args.length > 0 && ((typeof last === 'object' && !isArray(last)) || last === undefined);
  const sizes = hasOptions ? args.slice(0, -1) : args;
  const { dtype, requiresGrad } = readOptions(hasOptions ? last : undefined, what);
  const shape = readSizes(sizes.length === 1 && isArray(sizes[0]) ? sizes[0] : sizes, what);
  const values = allocate(dtype ?? 'float32', numelOf(shape));
  requireFloatForGrad(dtype ?? 'float32', requiresGrad);
  fill(values);
  const view = makeView<Elements>(values, shape);
  if (value !== undefined) noteMade(full, [], { sizes: shape, value, dtype: view.dtype }, [view]);
  return tensorOf(view, requiresGrad);
}

/** Checks the options; each is read once. */
function readOptions(options: unknown, what: string): { dtype: Dtype | undefined; requiresGrad: boolean } {
  if (options === undefined) return { dtype: undefined, requiresGrad: false };
  refuseUnknownOptions(options as object, OPTIONS, what);
  const { dtype, requiresGrad = false } = options as Record<string, unknown>;
  return {
    dtype: dtype === undefined ? undefined : readDtype(dtype),
    requiresGrad: boolean(requiresGrad, 'requiresGrad'),
  };
}

/** Bytes of which somebody says that they are no bools. */
function numbersOf(bytes: Uint8Array, dtype: Dtype): Elements {
  const values: Elements = allocate(dtype, bytes.length);
  bytes.forEach((byte, i) => {
    values[i] = element(byte, dtype);
  });
  return values;
}

/** The array itself when it has the dtype, a converted copy otherwise. */
function withDtype(array: Elements, dtype: Dtype): Elements {
  if (dtypeOf(array) === dtype) {
    requireBools(array, 'tensor');
    return array;
  }
  if (dtypeOf(array) === 'bool') return numbersOf(array as Uint8Array, dtype);
  return elementsOfView(converted(makeView(array, [array.length]), dtype));
}

/** Copies nested arrays of numbers, bools or bigints. The first row of every dimension tells how long the others must be. */
function copyNested(data: unknown, chosen: Dtype | undefined): { values: Elements; shape: number[] } {
  const shape: number[] = [];
  let row = data;
  for (; isSequence(row); row = row[0]) {
    const length = arrayLength(row, 'an array');
    shape.push(length);
    if (length === 0) break;
    if (shape.length > MAX_DIMENSIONS) {
      throw rangeError('ERR_CONV1D_SHAPE', `too many dimensions: arrays may be nested ${MAX_DIMENSIONS} deep`);
    }
  }
  const dtype = chosen ?? dtypeOfLeaf(row);
  const values = allocate(dtype, numelOf(shape));
  // Floats need no look at what they are.
  const isFloat = isFloatDtype(dtype);
  const kind = chosen === undefined ? typeof row : undefined;
  let next = 0;
  const copy = (item: unknown, dim: number): void => {
    if (dim === shape.length) {
      if (typeof item === 'number' && isFloat) values[next++] = item;
      else if (isLeaf(item) && (kind === undefined || kind === typeof item)) values[next++] = element(item, dtype);
      else throw notANumber(item);
      return;
    }
    if (!isSequence(item))
      throw typeError('ERR_CONV1D_TYPE', `not a sequence: expected an array at dim ${dim}, but got ${describe(item)}`);
    const length = arrayLength(item, 'an array');
    if (length !== shape[dim]) {
      throw rangeError('ERR_CONV1D_SHAPE', `expected sequence of length ${shape[dim]} at dim ${dim} (got ${length})`);
    }
    for (let i = 0; i < length; i++) copy(item[i], dim + 1);
  };
  copy(data, 0);
  return { values, shape };
}

/** Numbers are floats unless somebody says otherwise; what can be nothing else is what it is. */
function dtypeOfLeaf(leaf: unknown): Dtype {
  return typeof leaf === 'boolean' ? 'bool' : typeof leaf === 'bigint' ? 'int64' : 'float32';
}

function isLeaf(item: unknown): item is number | boolean | bigint {
  return typeof item === 'number' || typeof item === 'boolean' || typeof item === 'bigint';
}

function isSequence(value: unknown): value is ArrayLike<unknown> {
  return isArray(value) || isElements(value);
}

function notANumber(item: unknown): TypeError {
  const hint = Tensor.isTensor(item)
    ? 'use clone() or detach() of a tensor'
    : ArrayBuffer.isView(item)
      ? 'convert it with Float32Array.from()'
      : 'give numbers, nested arrays of numbers, or a typed array';
  return typeError('ERR_CONV1D_TYPE', `tensor(): expected a number, but got ${describe(item)}; ${hint}`);
}
