import { rangeError, typeError } from '../check/errors.ts';
import { isHidden, plainView, typedArrayKind } from '../check/typedArray.ts';
import { describe } from '../check/validate.ts';

/**
 * The element types a tensor can have.
 *
 * @category Tensors
 */
export type Dtype = 'float32' | 'float64';

/**
 * The memory of a tensor: one typed array kind per dtype.
 *
 * @category Tensors
 */
export type FloatArray = Float32Array | Float64Array;

/** All that depends on a dtype; nothing else tells them apart. */
const DTYPES = {
  float32: { array: Float32Array, bytes: 4, torchName: 'Float' },
  float64: { array: Float64Array, bytes: 8, torchName: 'Double' },
} as const satisfies Record<Dtype, { array: unknown; bytes: number; torchName: string }>;

/** The dtype of each kind of typed array. */
const DTYPE_OF: Readonly<Record<string, Dtype>> = { Float32Array: 'float32', Float64Array: 'float64' };

/** The typed array of a dtype. */
export function arrayKind(dtype: Dtype): Float32ArrayConstructor | Float64ArrayConstructor {
  return DTYPES[dtype].array;
}

/** Bytes of an element. */
export function bytesPerElement(dtype: Dtype): number {
  return DTYPES[dtype].bytes;
}

/** torch's name in messages, `Float` of `torch.FloatTensor`. */
export function torchName(dtype: Dtype): string {
  return DTYPES[dtype].torchName;
}

/**
 * The value as a dtype.
 *
 * @throws TypeError ERR_CONV1D_TYPE    unless it is a string
 * @throws RangeError ERR_CONV1D_VALUE  when it is another string
 */
export function readDtype(value: unknown): Dtype {
  if (typeof value === 'string' && Object.hasOwn(DTYPES, value)) return value as Dtype;
  const sentence = `dtype must be 'float32' or 'float64', but got ${describe(value)}`;
  throw typeof value === 'string' ? rangeError('ERR_CONV1D_VALUE', sentence) : typeError('ERR_CONV1D_TYPE', sentence);
}

/** Whether a value is a Float32Array or a Float64Array, of this realm or another. */
export function isFloatArray(value: unknown): value is FloatArray {
  const kind = typedArrayKind(value);
  return kind !== undefined && Object.hasOwn(DTYPE_OF, kind);
}

/** An array that a caller gave, or one over the same memory where own properties of the given one hide what it is. */
export function plainFloats(array: FloatArray): FloatArray {
  return isHidden(array) ? plainView<FloatArray>(array, arrayKind(dtypeOf(array))) : array;
}

/** Whether an array holds float32. */
export function isFloat32(array: FloatArray): array is Float32Array {
  return dtypeOf(array) === 'float32';
}

/** The dtype of an array. */
export function dtypeOf(array: FloatArray): Dtype {
  return DTYPE_OF[typedArrayKind(array)!]!;
}
