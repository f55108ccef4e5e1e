import { rangeError, typeError } from './errors.ts';
import { describe, integer, isArray } from './validate.ts';

/** The most elements of an array of tensors: more are a mistake, and the array itself would be gigabytes. */
export const MOST_LISTED = 2 ** 20;

/**
 * A copy of an array that a caller gave, which nobody changes meanwhile. It is read by length and index, each once, and never by
 * its iterator, which may have no end.
 *
 * @param what   how the message names it
 * @param items  what should be in it, in the plural
 * @throws TypeError  ERR_CONV1D_TYPE   when it is no array
 * @throws RangeError ERR_CONV1D_VALUE  when it is longer than 2^20
 */
export function readList(value: unknown, what: string, items: string): unknown[] {
  if (!isArray(value)) {
    throw typeError('ERR_CONV1D_TYPE', `${what} must be an array of ${items}, not ${describe(value)}`);
  }
  const length = arrayLength(value, what);
  if (length > MOST_LISTED) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${what} may have at most ${MOST_LISTED} ${items}, but has ${length}; give them in several calls`,
    );
  }
  return firstOf(value, length);
}

/**
 * A copy of an array of which a few elements are of use: at most one more than `most`, so that the caller sees that there are too many.
 * It is read by length and index, as {@link readList} reads.
 */
export function readFew(value: readonly unknown[], most: number, what: string): unknown[] {
  return firstOf(value, Math.min(arrayLength(value, what), most + 1));
}

/**
 * The length of an array that a caller gave. That of a proxy may be anything.
 *
 * @throws TypeError  ERR_CONV1D_TYPE   when it is no number
 * @throws RangeError ERR_CONV1D_VALUE  when it is no integer from 0 on
 */
export function arrayLength(value: ArrayLike<unknown>, what: string): number {
  const given: unknown = value.length;
  // Every shape comes by here: only what is wrong pays for a message.
  if (Number.isSafeInteger(given) && (given as number) >= 0) return given as number;
  const length = integer(given, `the length of ${what}`);
  throw rangeError('ERR_CONV1D_VALUE', `the length of ${what} must be 0 or more, but got ${length}`);
}

function firstOf(value: readonly unknown[], length: number): unknown[] {
  const list: unknown[] = [];
  for (let i = 0; i < length; i++) list.push(value[i]);
  return list;
}
