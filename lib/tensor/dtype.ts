import { rangeError, typeError } from '../check/errors.ts';
import { isHidden, plainView, typedArrayKind } from '../check/typedArray.ts';
import { describe } from '../check/validate.ts';

/**
 * The element types a tensor can have: numbers with a fraction, integers, and bools for masks.
 *
 * @category Tensors
 */
export type Dtype = FloatDtype | 'int64' | 'int32' | 'bool';

/**
 * The element types that layers compute in.
 *
 * @category Tensors
 */
export type FloatDtype = 'float32' | 'float64';

/**
 * The memory of a tensor of floats: one typed array kind per dtype.
 *
 * @category Tensors
 */
export type FloatArray = Float32Array | Float64Array;

/** The memory of a tensor: of bools, a byte each, 1 for true. */
export type Elements = FloatArray | BigInt64Array | Int32Array | Uint8Array;

/**
 * The typed array of a dtype.
 *
 * @category Tensors
 */
export type DataOf<D extends Dtype> = D extends 'float32'
  ? Float32Array
  : D extends 'float64'
    ? Float64Array
    : D extends 'int64'
      ? BigInt64Array
      : D extends 'int32'
        ? Int32Array
        : Uint8Array;

interface DtypeRecord {
  readonly array: unknown;
  readonly bytes: number;
  /** torch's name in messages, `Float` of `torch.FloatTensor`. */
  readonly torchName: string;
  /** Bools, integers and floats: the dtype of a result is that of the higher category, as in torch. */
  readonly category: 0 | 1 | 2;
}

/** All that depends on a dtype; nothing else tells them apart. Within a category the narrower one comes first. */
const DTYPES = {
  bool: { array: Uint8Array, bytes: 1, torchName: 'Bool', category: 0 },
  int32: { array: Int32Array, bytes: 4, torchName: 'Int', category: 1 },
  int64: { array: BigInt64Array, bytes: 8, torchName: 'Long', category: 1 },
  float32: { array: Float32Array, bytes: 4, torchName: 'Float', category: 2 },
  float64: { array: Float64Array, bytes: 8, torchName: 'Double', category: 2 },
} as const satisfies Record<Dtype, DtypeRecord>;

const NARROW_TO_WIDE = Object.keys(DTYPES) as Dtype[];

/** The names of all dtypes. */
export const DTYPE_NAMES: readonly Dtype[] = NARROW_TO_WIDE;

/** The dtype of each kind of typed array. */
const DTYPE_OF: Readonly<Record<string, Dtype>> = Object.fromEntries(
  NARROW_TO_WIDE.map((dtype) => [DTYPES[dtype].array.name, dtype]),
);

/** The constructor of the typed array of a dtype. */
export interface ArrayKind<D extends Dtype> {
  new (length: number): DataOf<D>;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): DataOf<D>;
}

/** The typed array of a dtype. */
export function arrayKind<D extends Dtype>(dtype: D): ArrayKind<D> {
  return DTYPES[dtype].array as unknown as ArrayKind<D>;
}

/** Bytes of an element. */
export function bytesPerElement(dtype: Dtype): number {
  return DTYPES[dtype].bytes;
}

/** torch's name in messages, `Float` of `torch.FloatTensor`. */
export function torchName(dtype: Dtype): string {
  return DTYPES[dtype].torchName;
}

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return DTYPES[dtype].category === 2;
}

/** The dtype of a result of both: that of the higher category, the wider one within a category. */
export function promote(a: Dtype, b: Dtype): Dtype {
  return NARROW_TO_WIDE.indexOf(a) >= NARROW_TO_WIDE.indexOf(b) ? a : b;
}

/**
 * torch's rule for a result of two: what has dimensions decides over what has none, and that over numbers of JavaScript, as long as it
 * is not of a lower category.
 */
export function promoteByRank(a: Dtype, hasDimensions: boolean, b: Dtype, othersDimensions: boolean): Dtype {
  if (hasDimensions === othersDimensions) return promote(a, b);
  const [strong, weak] = hasDimensions ? [a, b] : [b, a];
  return DTYPES[strong].category >= DTYPES[weak].category ? strong : weak;
}

/**
 * The value as a dtype of floats.
 *
 * @throws TypeError ERR_CONV1D_TYPE    unless it is a string
 * @throws RangeError ERR_CONV1D_VALUE  when it is another string
 */
export function readFloatDtype(value: unknown): FloatDtype {
  if (value === 'float32' || value === 'float64') return value;
  throw wrongDtype(value, "'float32' or 'float64'");
}

/** The value as a dtype; errors as for {@link readFloatDtype}. */
export function readDtype(value: unknown): Dtype {
  if (typeof value === 'string' && Object.hasOwn(DTYPES, value)) return value as Dtype;
  throw wrongDtype(value, "'float32', 'float64', 'int64', 'int32' or 'bool'");
}

function wrongDtype(value: unknown, names: string): Error {
  const sentence = `dtype must be ${names}, but got ${describe(value)}`;
  return typeof value === 'string' ? rangeError('ERR_CONV1D_VALUE', sentence) : typeError('ERR_CONV1D_TYPE', sentence);
}

/** Whether a value is a Float32Array or a Float64Array, of this realm or another. */
export function isFloatArray(value: unknown): value is FloatArray {
  const dtype = dtypeOfKind(value);
  return dtype !== undefined && isFloatDtype(dtype);
}

/** Whether a value is a typed array of the kind of a dtype, of this realm or another. */
export function isElements(value: unknown): value is Elements {
  return dtypeOfKind(value) !== undefined;
}

function dtypeOfKind(value: unknown): Dtype | undefined {
  const kind = typedArrayKind(value);
  return kind !== undefined && Object.hasOwn(DTYPE_OF, kind) ? DTYPE_OF[kind] : undefined;
}

/** An array that a caller gave, or one over the same memory where own properties of the given one hide what it is. */
export function plainElements<A extends Elements>(array: A): A {
  return isHidden(array) ? (plainView<Elements>(array, arrayKind(dtypeOf(array))) as A) : array;
}

/** Whether an array holds float32. */
export function isFloat32(array: FloatArray): array is Float32Array {
  return dtypeOf(array) === 'float32';
}

/** The dtype of an array. */
export function dtypeOf<A extends Elements>(array: A): A extends FloatArray ? FloatDtype : Dtype {
  return DTYPE_OF[typedArrayKind(array)!] as A extends FloatArray ? FloatDtype : Dtype;
}
