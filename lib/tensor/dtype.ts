import { rangeError, typeError } from '../check/errors.ts';
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

/** A getter that all typed arrays share: it asks the array itself, whatever realm it is from, and no property that hides it. */
function getter(name: 'buffer' | 'byteOffset' | 'length' | typeof Symbol.toStringTag): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)!.get!;
}

/** What a typed array calls itself; undefined for all else, a proxy or a heir of the prototype included. */
const kindOf = getter(Symbol.toStringTag) as (this: unknown) => string | undefined;
const lengthOf = getter('length') as (this: unknown) => number;
const byteOffsetOf = getter('byteOffset') as (this: unknown) => number;
const bufferOf = getter('buffer') as (this: unknown) => ArrayBuffer;

/** What is used of a typed array, and a property of its own could hide. */
const USED = ['length', 'buffer', 'byteOffset', 'byteLength', 'BYTES_PER_ELEMENT', 'subarray', 'slice', 'set', 'fill'];

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
  const kind = kindOf.call(value);
  return kind !== undefined && Object.hasOwn(DTYPE_OF, kind);
}

/** Whether a value is a Uint8Array, of this realm or another; a Buffer is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf.call(value) === 'Uint8Array';
}

/** An array that a caller gave, or one over the same memory where own properties of the given one hide what it is. */
export function plainFloats(array: FloatArray): FloatArray {
  if (!USED.some((name) => Object.hasOwn(array, name))) return array;
  const kind = arrayKind(dtypeOf(array));
  const length = lengthOf.call(array);
  // Memory that is gone cannot be looked at again.
  return length === 0 ? new kind(0) : new kind(bufferOf.call(array), byteOffsetOf.call(array), length);
}

/** The same bytes as a Uint8Array and nothing else: a Buffer has methods of its own, and an owner may have given it others. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  const length = lengthOf.call(bytes);
  return length === 0 ? new Uint8Array(0) : new Uint8Array(bufferOf.call(bytes), byteOffsetOf.call(bytes), length);
}

/** Whether an array holds float32. */
export function isFloat32(array: FloatArray): array is Float32Array {
  return dtypeOf(array) === 'float32';
}

/** The dtype of an array. */
export function dtypeOf(array: FloatArray): Dtype {
  return DTYPE_OF[kindOf.call(array)!]!;
}
