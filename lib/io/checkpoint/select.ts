import { rangeError } from '../../check/errors.ts';
import { fewKeys } from '../../check/fewKeys.ts';
import { quote } from '../../check/quote.ts';
import { malformed } from '../malformed.ts';
import { type Dict, isDict, isList, isSpecial, type Value } from '../pickle/values.ts';
import type { StoredTensor } from './contents.ts';

/** How deep dicts may lie in one another; a dict may hold itself. */
const DEEPEST = 32;
/** How many values are looked at: one that is used again and again counts each time. */
const MOST_VISITED = 2 ** 20;
/** What a tensor is called that was saved by itself. */
const LONELY = 'tensor';

type Tensors = Map<string, StoredTensor>;

/**
 * The tensors of a checkpoint by name.
 *
 * With a key, all below it: dicts and lists in one another make names with dots. Without, the state dict: the object itself where it
 * is one, else the only one in it. An object with several, or with none, is refused with what is there.
 */
export function selectTensors(source: string, top: Value, key: string | undefined): Tensors {
  if (isTensor(top)) return new Map([[LONELY, top]]);
  if (key !== undefined) return flatten(source, ...find(source, top, key));
  if (!isDict(top)) {
    const kind = isList(top) ? 'a list' : 'no dict';
    throw wrongKey(
      source,
      `the object that was saved is ${kind} and no state dict; the key '' takes all of its tensors`,
    );
  }
  if (holdsOnlyTensors(top)) return flatten(source, top, '');
  const found = nestedStateDicts(source, top);
  const [first, second] = found;
  if (second !== undefined) {
    const keys = fewKeys(found.map(([path]) => path));
    throw wrongKey(source, `it holds several state dicts; choose one by its key: ${keys}`);
  }
  if (first !== undefined) return flatten(source, first[1], '');
  if ([...top.values()].some(isTensor)) return tensorsIn(source, top);
  throw wrongKey(
    source,
    `it holds no state dict; its keys are ${fewKeys(keysOf(top))}, and the key '' takes all tensors`,
  );
}

/** The tensors of a dict, without what lies deeper. */
function tensorsIn(source: string, dict: Dict): Tensors {
  return flatten(source, new Map([...dict].filter(([, value]) => isTensor(value))), '');
}

function isTensor(value: Value): value is StoredTensor {
  return isSpecial<StoredTensor>(value, 'tensor');
}

/** A dict of nothing is one, too. */
function holdsOnlyTensors(dict: Dict): boolean {
  for (const [key, value] of dict) if (typeof key !== 'string' || !isTensor(value)) return false;
  return true;
}

/**
 * The state dicts within a dict, each by its path. They are looked for in dicts whose keys are all texts: the state of an optimiser has
 * numbers there.
 */
function nestedStateDicts(source: string, top: Dict): [path: string, Dict][] {
  const found: [string, Dict][] = [];
  walk(source, top, (value, path, depth) => {
    if (!isDict(value) || (depth > 0 && [...value.keys()].some((key) => typeof key !== 'string'))) return false;
    if (depth === 0 || value.size === 0 || !holdsOnlyTensors(value)) return true;
    found.push([path, value]);
    return false;
  });
  return found;
}

/** All tensors below a value, or the one that it is. */
function flatten(source: string, value: Value, name: string): Tensors {
  const tensors: Tensors = new Map();
  if (isTensor(value)) return tensors.set(name.split('.').at(-1)!, value);
  walk(source, value, (each, path) => {
    if (isTensor(each)) {
      if (tensors.has(path)) throw malformed(source, `two of its tensors have the name ${quote(path)}`);
      tensors.set(path, each);
    }
    return true;
  });
  return tensors;
}

/** Visits a value and what is in it, as long as `enter` says so; paths begin below the value. */
function walk(source: string, top: Value, enter: (value: Value, path: string, depth: number) => boolean): void {
  let visited = 0;
  const visit = (value: Value, path: string, depth: number): void => {
    visited++;
    if (visited > MOST_VISITED) throw malformed(source, `it holds more than ${MOST_VISITED} values in dicts and lists`);
    if (!enter(value, path, depth) || (!isDict(value) && !isList(value))) return;
    if (depth === DEEPEST) throw malformed(source, `dicts and lists lie in one another more than ${DEEPEST} deep`);
    for (const [key, inner] of value.entries()) {
      if (typeof key !== 'string' && typeof key !== 'number') continue;
      visit(inner, depth === 0 ? String(key) : `${path}.${key}`, depth + 1);
    }
  };
  visit(top, '', 0);
}

/** What a key means: a key of the object as it is, else a path with dots. An empty one is the object itself. */
function find(source: string, top: Value, key: string): [value: Value, name: string] {
  if (key === '') return [top, LONELY];
  let value: Value = top;
  let rest = key;
  while (rest !== '') {
    const step = nextStep(value, rest);
    if (step === undefined) {
      const there = isDict(top) ? `; its keys are ${fewKeys(keysOf(top))}` : '';
      throw wrongKey(source, `it has nothing at the key ${quote(key)}${there}`);
    }
    [value, rest] = step;
  }
  if (isTensor(value) || isDict(value) || isList(value)) return [value, key];
  throw wrongKey(source, `what it has at the key ${quote(key)} is neither a tensor nor a dict or a list of some`);
}

/** The value at the longest beginning of a path that is a key, and the rest of the path. */
function nextStep(value: Value, path: string): [Value, string] | undefined {
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    const inner = innerValue(value, path.slice(0, end));
    if (inner !== undefined) return [inner, path.slice(end + 1)];
  }
  return undefined;
}

function innerValue(value: Value, key: string): Value | undefined {
  const index = /^\d{1,9}$/.test(key) ? Number(key) : undefined;
  if (isList(value)) return index === undefined ? undefined : value[index];
  if (!isDict(value)) return undefined;
  return value.get(key) ?? (index === undefined ? undefined : value.get(index));
}

function keysOf(dict: Dict): string[] {
  return [...dict.keys()].map((key) =>
    typeof key === 'symbol' || typeof key === 'object' ? 'an object' : String(key),
  );
}

function wrongKey(source: string, sentence: string): RangeError {
  return rangeError('ERR_CONV1D_VALUE', `${source}: ${sentence}`);
}
