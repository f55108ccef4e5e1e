import { closest, distance } from 'fastest-levenshtein';
import { typeError } from './errors.ts';
import { describe } from './validate.ts';

/** A longer name is no slip of the fingers: the message cuts it, and nothing is like it. */
const LONGEST_NAME = 40;

/**
 * Refuses options that are not a plain object, or that carry a name which is not in `known`.
 *
 * It looks at names only and reads no value, so that the caller can read each of them exactly once.
 *
 * @param options  what was given as options
 * @param known    the right names
 * @param what     whose options these are, as it shall appear in the message
 * @throws TypeError ERR_CONV1D_TYPE    when `options` is not a plain object
 * @throws TypeError ERR_CONV1D_OPTION  at the first unknown name, with the nearest right one
 * @example
 * refuseUnknownOptions({ strid: 2 }, ['stride', 'padding'], 'Conv1d');
 * // TypeError: unknown option 'strid' of Conv1d; did you mean 'stride'?
 */
export function refuseUnknownOptions(options: object, known: readonly string[], what: string): void {
  if (!isPlainObject(options)) {
    throw typeError('ERR_CONV1D_TYPE', `the options of ${what} must be a plain object, but got ${describe(options)}`);
  }
  // Not Reflect.ownKeys: for an object literal these two take half the time (60 ns).
  const wrong =
    Object.getOwnPropertyNames(options).find((name) => !known.includes(name)) ??
    Object.getOwnPropertySymbols(options)[0];
  if (wrong === undefined) return;
  throw typeError('ERR_CONV1D_OPTION', `unknown option ${describe(String(wrong))} of ${what}; ${advice(wrong, known)}`);
}

/** Whether a value is an object literal or the like, of whatever realm: no array, no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  try {
    if (Array.isArray(value)) return false;
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false; // A revoked proxy, or one that throws.
  }
}

function advice(name: string | symbol, known: readonly string[]): string {
  if (known.length === 0) return 'it has none';
  if (typeof name === 'string' && name.length <= LONGEST_NAME) {
    const nearest = closest(name, known);
    if (distance(name, nearest) <= Math.max(2, nearest.length / 2)) return `did you mean '${nearest}'?`;
  }
  return `it has ${known.map((right) => `'${right}'`).join(', ')}`;
}
