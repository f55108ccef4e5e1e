import { rangeError, typeError } from './errors.ts';

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

/** The value as one of some names, in torch's words for its `padding_mode`. */
export function oneOf<Name extends string>(value: unknown, names: readonly Name[], what: string): Name {
  const known = names.find((name) => name === value);
  if (known !== undefined) return known;
  const list = names.map((name) => `'${name}'`).join(', ');
  const given = typeof value === 'string' ? describe(value) : `'${describe(value)}'`;
  const sentence = `${what} must be one of {${list}}, but got ${what}=${given}`;
  throw typeof value === 'string' ? rangeError('ERR_CONV1D_VALUE', sentence) : typeError('ERR_CONV1D_TYPE', sentence);
}
