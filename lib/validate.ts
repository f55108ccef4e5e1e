import { rangeError, typeError } from './errors.ts';
import { type FloatArray, isFloatArray } from './tensor/dtype.ts';
import { Tensor } from './tensor/tensor.ts';

/** How long a string may be before a message cuts it. */
const LONGEST_QUOTE = 40;

/** A value as a message names it: strings quoted and cut, objects by their kind. It runs no code of the value. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.length <= LONGEST_QUOTE ? `'${value}'` : `'${value.slice(0, LONGEST_QUOTE)}...'`;
    case 'bigint':
      return 'a bigint';
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'object':
      return value === null ? 'null' : isArray(value) ? 'an array' : 'an object';
    default:
      return `a ${typeof value}`;
  }
}

/** Array.isArray, which throws for a revoked proxy. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/**
 * The value as an integer below 2^53 in magnitude.
 *
 * @throws TypeError ERR_CONV1D_TYPE    unless it is a number
 * @throws RangeError ERR_CONV1D_VALUE  when it is a number, but NaN, infinite, fractional, or beyond 2^53 - 1
 */
export function integer(value: unknown, what: string, kind = 'an integer'): number {
  if (typeof value !== 'number') {
    throw typeError('ERR_CONV1D_TYPE', `${what} must be ${kind}, but got ${describe(value)}`);
  }
  if (!Number.isSafeInteger(value)) {
    const hint = Number.isInteger(value) ? ', which is beyond 2^53 - 1' : '';
    throw rangeError('ERR_CONV1D_VALUE', `${what} must be ${kind}, but got ${value}${hint}`);
  }
  return value + 0; // -0 becomes 0
}

/** The value as a boolean; TypeError ERR_CONV1D_TYPE for anything else, however truthy. */
export function boolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') {
    throw typeError('ERR_CONV1D_TYPE', `${what} must be true or false, but got ${describe(value)}`);
  }
  return value;
}

/**
 * The value as a tensor that really is one: an object that only inherits from Tensor's prototype is refused.
 *
 * @param what  how the message names it, e.g. `conv1d(): argument 'input' (position 1)`
 * @throws TypeError ERR_CONV1D_TYPE  for anything else
 */
export function tensorArgument(value: unknown, what: string): Tensor {
  if (Tensor.isTensor(value)) return value;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${what} must be Tensor, not ${describe(value)}; make one with tensor(), zeros() or rand()`,
  );
}

/**
 * A tensor's elements in row-major order: its memory where it is contiguous, a copy otherwise.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory is gone
 */
export function elementsOf(tensor: Tensor, what: string): FloatArray {
  const elements = tensor.data;
  // A subclass may answer with anything; kinds and lengths are compared again on the native side.
  if (!isFloatArray(elements)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `the data of ${what} must be a Float32Array or a Float64Array, but got ${describe(elements)}`,
    );
  }
  return elements;
}
