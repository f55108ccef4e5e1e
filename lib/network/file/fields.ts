import { rangeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe, isArray } from '../../check/validate.ts';

// Readers of parts of a network file's JSON. They check everything, since a file may say anything.

/** The error for a wrong part of a file; `where` is the path to the part. The caller puts the file's name in front. */
export function wrong(where: string, sentence: string): RangeError {
  return rangeError('ERR_CONV1D_FORMAT', `${where} ${sentence}`);
}

/** An object with these keys, or some of them, and no others. */
export function record(json: unknown, where: string, keys: readonly string[]): Record<string, unknown> {
  if (!isPlainObject(json)) throw wrong(where, `must be an object, but is ${describe(json)}`);
  const other = Object.keys(json).find((key) => !keys.includes(key));
  if (other !== undefined) {
    throw wrong(where, `has the unknown key ${describe(other)}; this version knows ${keys.join(', ') || 'none'}`);
  }
  // Without properties that somebody may have added to Object.prototype.
  return Object.assign(Object.create(null) as Record<string, unknown>, json);
}

/** An array of at most `most` elements. */
export function list(json: unknown, where: string, most: number): readonly unknown[] {
  if (!isArray(json)) throw wrong(where, `must be an array, but is ${describe(json)}`);
  if (json.length > most) throw wrong(where, `has ${json.length} elements, and at most ${most} are allowed`);
  return json;
}

/** An integer between two others. */
export function whole(json: unknown, where: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof json === 'number' && Number.isSafeInteger(json) && json >= least && json <= most) return json + 0;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`;
  throw wrong(where, `must be a whole number, ${range}, but is ${describe(json)}`);
}

/** The longest name of anything. */
const LONGEST_TEXT = 4096;

export function text(json: unknown, where: string): string {
  if (typeof json === 'string' && json.length <= LONGEST_TEXT) return json;
  throw wrong(where, `must be a string of at most ${LONGEST_TEXT} characters, but is ${describe(json)}`);
}

export function flag(json: unknown, where: string): boolean {
  if (typeof json === 'boolean') return json;
  throw wrong(where, `must be true or false, but is ${describe(json)}`);
}

/** One of some names. */
export function named<Name extends string>(json: unknown, where: string, names: readonly Name[]): Name {
  const known = names.find((name) => name === json);
  if (known !== undefined) return known;
  throw wrong(where, `must be one of ${names.join(', ')}, but is ${describe(json)}`);
}

/** Numbers that JSON cannot express. */
const UNWRITABLE: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

/** Any number. */
export function real(json: unknown, where: string): number {
  if (typeof json === 'number') return json;
  const special = typeof json === 'string' ? UNWRITABLE.get(json) : undefined;
  if (special !== undefined) return special;
  throw wrong(where, `must be a number, or one of '${[...UNWRITABLE.keys()].join("', '")}', but is ${describe(json)}`);
}

/** A number as {@link real} reads it. */
export function writtenReal(value: number): unknown {
  for (const [name, special] of UNWRITABLE) if (Object.is(value, special)) return name;
  return value;
}
