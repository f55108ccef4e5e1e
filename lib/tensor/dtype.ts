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

/** torch's names of the dtypes in its messages, `torch.FloatTensor` and the like. */
export const TORCH_NAME = { float32: 'Float', float64: 'Double' } as const satisfies Record<Dtype, string>;

/**
 * The value as a dtype.
 *
 * @throws TypeError ERR_CONV1D_TYPE    unless it is a string
 * @throws RangeError ERR_CONV1D_VALUE  when it is another string
 */
export function readDtype(value: unknown): Dtype {
  if (value === 'float32' || value === 'float64') return value;
  const sentence = `dtype must be 'float32' or 'float64', but got ${describe(value)}`;
  throw typeof value === 'string' ? rangeError('ERR_CONV1D_VALUE', sentence) : typeError('ERR_CONV1D_TYPE', sentence);
}

export function isFloatArray(value: unknown): value is FloatArray {
  // isView refuses what only inherits from the prototypes.
  return ArrayBuffer.isView(value) && (value instanceof Float32Array || value instanceof Float64Array);
}

export function dtypeOf(array: FloatArray): Dtype {
  return array instanceof Float32Array ? 'float32' : 'float64';
}
