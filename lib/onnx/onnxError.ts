import { rangeError } from '../check/errors.ts';

/** The error for a model that is malformed, or has nodes that this library does not compute. */
export function onnxError(sentence: string): RangeError {
  return rangeError('ERR_CONV1D_ONNX', sentence);
}
