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
  const length = integer(value.length, `the length of ${what}`);
  if (length > MOST_LISTED) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${what} may have at most ${MOST_LISTED} ${items}, but has ${length}; give them in several calls`,
    );
  }
  const list: unknown[] = [];
  for (let i = 0; i < length; i++) list.push(value[i]);
  return list;
}

/**
 * The first elements of an array that a caller gave, at most `most` of them, read as {@link readList} reads them: whoever wants fewer can
 * tell that there are too many, whatever the array says of its length.
 */
export function firstOf(array: readonly unknown[], most: number): unknown[] {
  const length = array.length as unknown;
  const count = typeof length === 'number' ? Math.min(length, most) : 0;
  const first: unknown[] = [];
  for (let i = 0; i < count; i++) first.push(array[i]);
  return first;
}
