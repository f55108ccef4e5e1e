import type { Dtype } from '../../tensor/dtype.ts';
import { onnxError } from '../onnxError.ts';

/** How ONNX stores elements of a type, and their dtype here. */
export interface ElementType {
  readonly name: string;
  /** The dtype of its tensors; undefined if we have none. */
  readonly dtype: Dtype | undefined;
  /** Bytes of an element in raw data. */
  readonly bytes: 1 | 2 | 4 | 8;
  /** The field that has the elements as numbers, if there are no raw data. */
  readonly field: number;
}

/** ONNX's numbers of element types. We widen narrow integers, and compute 16-bit floats in float32. */
const TYPES: ReadonlyMap<number, ElementType> = new Map([
  [1, { name: 'float', dtype: 'float32', bytes: 4, field: 4 }],
  [2, { name: 'uint8', dtype: 'int32', bytes: 1, field: 5 }],
  [3, { name: 'int8', dtype: 'int32', bytes: 1, field: 5 }],
  [4, { name: 'uint16', dtype: 'int32', bytes: 2, field: 5 }],
  [5, { name: 'int16', dtype: 'int32', bytes: 2, field: 5 }],
  [6, { name: 'int32', dtype: 'int32', bytes: 4, field: 5 }],
  [7, { name: 'int64', dtype: 'int64', bytes: 8, field: 7 }],
  [8, { name: 'string', dtype: undefined, bytes: 1, field: 6 }],
  [9, { name: 'bool', dtype: 'bool', bytes: 1, field: 5 }],
  [10, { name: 'float16', dtype: 'float32', bytes: 2, field: 5 }],
  [11, { name: 'double', dtype: 'float64', bytes: 8, field: 10 }],
  [12, { name: 'uint32', dtype: 'int64', bytes: 4, field: 11 }],
  [13, { name: 'uint64', dtype: 'int64', bytes: 8, field: 11 }],
  [16, { name: 'bfloat16', dtype: 'float32', bytes: 2, field: 5 }],
]);

/** Whether we read elements of a type as floats. */
export function isFloatType(type: number): boolean {
  const dtype = TYPES.get(type)?.dtype;
  return dtype === 'float32' || dtype === 'float64';
}

/** An element type of ONNX by its number; throws RangeError ERR_CONV1D_ONNX for one that we do not have. */
export function elementType(type: number, what: string): ElementType & { readonly dtype: Dtype } {
  const known = TYPES.get(type);
  if (known?.dtype !== undefined) return known as ElementType & { readonly dtype: Dtype };
  throw onnxError(
    `${what} has elements of type ${known?.name ?? type}, of which there are none here; floats, integers and bools are read`,
  );
}
