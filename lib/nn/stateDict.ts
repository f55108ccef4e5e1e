import { rangeError, typeError } from '../check/errors.ts';
import { fewKeys } from '../check/fewKeys.ts';
import { quote } from '../check/quote.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe } from '../check/validate.ts';
import { copy } from '../native/pointwise.ts';
import { viewArgument } from '../tensor/arguments.ts';
import type { Dtype, Elements } from '../tensor/dtype.ts';
import { converted } from '../tensor/ops/convert.ts';
import { scalarView } from '../tensor/ops/scalar.ts';
import { tensorAdvice } from '../tensor/record.ts';
import { contiguousStrides, formatShape, sameShape } from '../tensor/shape.ts';
import { Tensor, viewOf } from '../tensor/tensor.ts';
import { wrote } from '../tensor/versions.ts';
import { elementsOfView, makeView, requireElements, type View } from '../tensor/view.ts';
import type { StateEntry } from './moduleState.ts';
import { findStored, findWeights, keysOf, type StoredValue, shapesOf } from './storedWeight.ts';
import { foldedFrom, normedDimension } from './weightNorm.ts';

/**
 * The values of a layer by name, as PyTorch's `state_dict()` names them.
 *
 * @category Layer
 */
export type StateDict = Record<string, Tensor<Dtype>>;

/**
 * The options of `loadStateDict`.
 *
 * @category Layer
 */
export interface LoadStateDictOptions {
  /** Whether a missing or an unexpected key is an error. Default true. */
  strict?: boolean | undefined;
  /**
   * What the layer's keys begin with in the dict, as in that of a whole model; it ignores others. Default `''`. With
   * `strict: false`, one that no key begins with loads nothing, without an error: look at `missingKeys`.
   */
  prefix?: string | undefined;
}

/**
 * The keys that did not fit, as the dict has them, prefix and all; both are empty after a strict load.
 *
 * @category Layer
 */
export interface IncompatibleKeys {
  missingKeys: string[];
  unexpectedKeys: string[];
}

/** Values as a state dict: tensors over the same memory, so that writing to them changes the layer. */
export function stateDictOf(own: ReadonlyMap<string, StateEntry>): StateDict {
  return Object.fromEntries(Array.from(own, ([key, { tensor }]) => [key, Tensor.prototype.detach.call(tensor)]));
}

/**
 * Copies a state dict into a layer's values, converted to the layer's dtype. A value in the two parts of weight norm is folded.
 *
 * All or nothing: unlike torch, which copies what fits before it complains, nothing is copied unless everything fits.
 *
 * @param own    the layer's values by name, without the prefix
 * @param layer  the layer's name in messages
 * @throws TypeError  ERR_CONV1D_TYPE        when `dict` is not a plain object
 * @throws TypeError  ERR_CONV1D_DETACHED    when memory of the layer or of the dict was transferred to another thread
 * @throws RangeError ERR_CONV1D_STATE_DICT  with all that does not fit
 */
export function loadInto(
  own: ReadonlyMap<string, StateEntry>,
  dict: unknown,
  options: unknown,
  layer: string,
): IncompatibleKeys {
  const { strict, prefix } = readOptions(options);
  if (!isPlainObject(dict)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `Expected state_dict to be dict-like, got ${describe(dict)}; pass a plain object of tensors`,
    );
  }

  const has = (key: string) => Object.hasOwn(dict, key);
  const keys = Object.keys(dict);
  const given = keys.filter((key) => key.startsWith(prefix));
  const found = new Map(
    [...own].map(([name, { otherKey }]) => [name, findStored(prefix, name, has, otherKey)] as const),
  );
  // Read once each: a getter may answer differently the next time.
  const used = [...found.values()].flatMap((stored) => (stored === undefined ? [] : keysOf(stored)));
  const values = new Map(used.map((key) => [key, dict[key]] as const));
  const missingKeys = [...own]
    .filter(([name, { otherwise }]) => found.get(name) === undefined && otherwise === undefined)
    .map(([name]) => prefix + name);
  const unexpectedKeys = given.filter((key) => !values.has(key));
  const problems: string[] = [];
  if (strict && missingKeys.length > 0) problems.push(`Missing key(s) in state_dict: ${quoted(missingKeys)}. `);
  if (strict && unexpectedKeys.length > 0)
    problems.push(`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys)}. `);
  if (strict && prefix !== '' && given.length === 0)
    problems.push(`No key begins with ${quote(prefix)}; the keys are ${fewKeys(keys)}.`);
  if (strict && missingKeys.includes(`${prefix}weight`)) problems.push(...adviceOnPrefix(own, dict, prefix));

  const copies: { into: View; read: () => View }[] = [];
  for (const [name, { tensor, otherwise }] of own) {
    const stored = found.get(name);
    const into = viewArgument(tensor, name);
    if (stored === undefined) {
      if (otherwise !== undefined) copies.push({ into, read: () => scalarView(otherwise, into.dtype) });
      continue;
    }
    const problem = misfit(stored, into, values) ?? repeatedMemory(into, name);
    if (problem === undefined) copies.push({ into, read: () => converted(valuesOf(stored, values), into.dtype) });
    else problems.push(problem);
  }
  if (problems.length > 0) {
    throw rangeError(
      'ERR_CONV1D_STATE_DICT',
      `Error(s) in loading state_dict for ${layer}:\n\t${problems.join('\n\t')}`,
    );
  }

  // Both ends are read before the first is written, so that memory that is gone stops the load as a whole.
  const memories = copies.map(({ into, read }) => {
    requireElements(into);
    return { into, from: elementsOfView(read()) };
  });
  for (const { into, from } of memories) {
    write(into, from);
    wrote(into.storage);
  }
  return { missingKeys, unexpectedKeys };
}

function write(into: View, from: Elements): void {
  const { storage, shape, offset } = into;
  if (into.strides === null) {
    (elementsOfView(into) as { set(from: Elements): void }).set(from);
    return;
  }
  // A copy: the native side refuses to read what it writes.
  const packed = { storage: from.slice() as Elements, offset: 0, strides: contiguousStrides(shape) };
  copy(shape, packed, { storage, offset, strides: into.strides });
}

/** torch's sentence for a value, as an expanded tensor, whose elements lie at one place. */
function repeatedMemory({ shape, strides, numel }: View, name: string): string | undefined {
  if (numel === 0 || !strides?.some((stride, dim) => stride === 0 && shape[dim]! > 1)) return undefined;
  return `While copying the parameter named "${name}": unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.`;
}

/** The elements of a value that fits; those under weight norm folded. */
function valuesOf({ key, magnitude }: StoredValue, values: ReadonlyMap<string, unknown>): View {
  const direction = viewArgument(values.get(key), key);
  if (magnitude === undefined) return direction;
  return makeView(foldedFrom(viewArgument(values.get(magnitude), magnitude), direction)!, direction.shape);
}

/** Which prefixes name a layer of this shape, when the one that was given names none. */
function adviceOnPrefix(
  own: ReadonlyMap<string, StateEntry>,
  dict: Readonly<Record<string, unknown>>,
  prefix: string,
): string[] {
  const dotted = `${prefix}.`;
  if (prefix !== '' && findStored(dotted, 'weight', (key) => Object.hasOwn(dict, key)) !== undefined) {
    return [`Did you mean the prefix ${quote(dotted)}?`];
  }
  const { shape } = viewArgument(own.get('weight')?.tensor, 'weight');
  const fitting = findWeights(shapesOf(dict)).filter((weight) => sameShape(weight.shape, shape));
  const [only, ...others] = fitting.map((weight) => weight.prefix);
  if (only === undefined) return [];
  if (others.length === 0) {
    return [
      only === ''
        ? 'A weight of this shape has no prefix: leave out the option.'
        : `A weight of this shape has the prefix ${quote(only)}: give { prefix: ${quote(only)} }.`,
    ];
  }
  return [
    `${fitting.length} weights of this shape have the prefixes ${fewKeys([only, ...others])}: give one as { prefix }.`,
  ];
}

function readOptions(options: unknown): { strict: boolean; prefix: string } {
  if (options === undefined) return { strict: true, prefix: '' };
  refuseUnknownOptions(options as object, ['strict', 'prefix'], 'loadStateDict');
  const { strict = true, prefix = '' } = options as Record<string, unknown>;
  if (typeof prefix !== 'string') {
    throw typeError('ERR_CONV1D_TYPE', `the option prefix must be a string, but got ${describe(prefix)}`);
  }
  return { strict: boolean(strict, 'strict'), prefix };
}

/** Why a value cannot be copied, or undefined. */
function misfit({ key, magnitude }: StoredValue, own: View, values: ReadonlyMap<string, unknown>): string | undefined {
  const from = viewOf(values.get(key));
  if (from === undefined) return noTensor(key, values.get(key));
  if (!sameShape(from.shape, own.shape)) return mismatch(key, size(from), size(own));
  if (magnitude === undefined) return undefined;
  const g = viewOf(values.get(magnitude));
  if (g === undefined) return noTensor(magnitude, values.get(magnitude));
  if (normedDimension(g.shape, from.shape) !== undefined) return undefined;
  const expected = from.shape.map((each, dim) => (dim === 0 ? each : 1));
  return mismatch(magnitude, size(g), `torch.Size(${formatShape(expected)})`);
}

function noTensor(key: string, value: unknown): string {
  return `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${describe(value)}; ${tensorAdvice(value)}`;
}

function mismatch(key: string, given: string, expected: string): string {
  return `size mismatch for ${key}: copying a param with shape ${given} from checkpoint, the shape in current model is ${expected}.`;
}

function size({ shape }: View): string {
  return `torch.Size(${formatShape(shape)})`;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}
