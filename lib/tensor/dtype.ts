/** The element types a tensor can have. */
export type Dtype = 'float32' | 'float64';

/** The memory of a tensor: one typed array kind per dtype. */
export type FloatArray = Float32Array | Float64Array;

export function isDtype(value: unknown): value is Dtype {
  return value === 'float32' || value === 'float64';
}

export function isFloatArray(value: unknown): value is FloatArray {
  // isView refuses what only inherits from the prototypes.
  return ArrayBuffer.isView(value) && (value instanceof Float32Array || value instanceof Float64Array);
}

export function dtypeOf(array: FloatArray): Dtype {
  return array instanceof Float32Array ? 'float32' : 'float64';
}
