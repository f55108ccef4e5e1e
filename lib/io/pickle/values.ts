import { malformed } from '../malformed.ts';

// What a pickle is made of, once read. Lists and tuples are both arrays, dicts are Maps; what nobody needs (bytes, sets, devices) is
// PLAIN, without its content.

/** A value that is no part of a tensor and stands for nothing but itself. */
export const PLAIN = Symbol('plain');

export type Value = null | boolean | number | bigint | string | typeof PLAIN | readonly Value[] | Dict | Special;

/** A dict of Python's, in its order. */
export type Dict = Map<Value, Value>;

/** What only the reader of a kind of file knows: a class, a storage, a tensor. */
export interface Special {
  readonly special: string;
}

/** What a pickle may name and call: the one place that gives meaning to anything but plain values. */
export interface Vocabulary {
  /** What a global stands for; throws for one that is not known. */
  find(module: string, name: string): Value;
  /** The result of a call; throws when it is none that is known. */
  call(callee: Value, args: readonly Value[]): Value;
  /** What lies outside of the pickle: storages. */
  load(id: Value): Value;
  /** Whether attributes of the value may be set: they are left out then. */
  takesState(value: Value): boolean;
}

/** No globals, for the pickles that have numbers and texts only. */
export const NO_GLOBALS = (source: string): Vocabulary => {
  const refuse = (): never => {
    throw malformed(source, 'a pickle has a global where only numbers and texts belong; is the file damaged?');
  };
  return { find: refuse, call: refuse, load: refuse, takesState: refuse };
};

export function isDict(value: Value): value is Dict {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Map]';
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isSpecial<T extends Special>(value: Value, special: T['special']): value is T & Special {
  return typeof value === 'object' && value !== null && (value as Partial<Special>).special === special;
}
