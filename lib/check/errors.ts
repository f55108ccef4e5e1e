import { constants } from 'node:os';

/**
 * The `code` that every error of this library's own carries besides its message. Files that cannot be opened or written keep Node's
 * code (`ENOENT`, `EACCES`), and aborted calls reject with an AbortError.
 *
 * | code | thrown as | when |
 * |---|---|---|
 * | `ERR_CONV1D_TYPE`       | TypeError  | an argument is of the wrong kind |
 * | `ERR_CONV1D_DTYPE`      | TypeError  | float32 and float64 are mixed |
 * | `ERR_CONV1D_VALUE`      | RangeError | a number or a string is outside what is allowed |
 * | `ERR_CONV1D_OPTION`     | TypeError  | an option's name is unknown |
 * | `ERR_CONV1D_SHAPE`      | RangeError | sizes do not fit together |
 * | `ERR_CONV1D_OVERLAP`    | RangeError | `out` shares memory with what is read |
 * | `ERR_CONV1D_DETACHED`   | TypeError  | a tensor's ArrayBuffer was detached or shrunk |
 * | `ERR_CONV1D_MEMORY`     | RangeError | the memory for a result cannot be allocated |
 * | `ERR_CONV1D_STATE_DICT` | RangeError | a state dict does not fit the layer |
 * | `ERR_CONV1D_GRAD`       | RangeError | a gradient cannot be computed as the graph is |
 * | `ERR_CONV1D_STREAM`     | RangeError | a stream has ended, or stands where a call cannot be answered |
 * | `ERR_CONV1D_FORMAT`     | RangeError | a file is not what its name or header says |
 * | `ERR_CONV1D_TRACE`      | TypeError  | `compile` cannot follow a forward |
 * | `ERR_CONV1D_ONNX`       | RangeError | an ONNX model is malformed, or has what is not computed here |
 * | `ERR_CONV1D_ISA`        | RangeError | `CONV1D_ISA` names what this machine cannot run |
 * | `ERR_CONV1D_ADDON`      | Error      | no native binary loads |
 * | `ERR_CONV1D_DEPENDENCY` | Error      | an optional package that is needed is not installed |
 * | `ERR_CONV1D_QUEUE`      | Error      | the queue's server cannot be reached or refuses |
 *
 * @category Errors
 */
export type ErrorCode =
  | 'ERR_CONV1D_TYPE'
  | 'ERR_CONV1D_DTYPE'
  | 'ERR_CONV1D_VALUE'
  | 'ERR_CONV1D_OPTION'
  | 'ERR_CONV1D_SHAPE'
  | 'ERR_CONV1D_OVERLAP'
  | 'ERR_CONV1D_DETACHED'
  | 'ERR_CONV1D_MEMORY'
  | 'ERR_CONV1D_STATE_DICT'
  | 'ERR_CONV1D_GRAD'
  | 'ERR_CONV1D_STREAM'
  | 'ERR_CONV1D_FORMAT'
  | 'ERR_CONV1D_TRACE'
  | 'ERR_CONV1D_ONNX'
  | 'ERR_CONV1D_ISA'
  | 'ERR_CONV1D_ADDON'
  | 'ERR_CONV1D_DEPENDENCY'
  | 'ERR_CONV1D_QUEUE';

function withCode<E extends Error>(error: E, code: ErrorCode): E & { code: ErrorCode } {
  return Object.assign(error, { code });
}

/** A TypeError: the argument is of the wrong kind. */
export function typeError(code: ErrorCode, message: string): TypeError & { code: ErrorCode } {
  return withCode(new TypeError(message), code);
}

/** A RangeError: the right kind, with a value or a shape that cannot be used. */
export function rangeError(code: ErrorCode, message: string): RangeError & { code: ErrorCode } {
  return withCode(new RangeError(message), code);
}

/** An Error: nothing the caller passed is wrong, but something outside this library is missing or does not answer. */
export function environmentError(code: ErrorCode, message: string): Error & { code: ErrorCode } {
  return withCode(new Error(message), code);
}

/** An error as the system's own are: EIO, with the number that the system has for it. */
export function inputOutputError(message: string): Error & { code: string; errno: number } {
  return Object.assign(new Error(message), { code: 'EIO', errno: -constants.errno.EIO });
}
