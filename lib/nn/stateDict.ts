import { rangeError, typeError } from '../check/errors.ts';
import { fewKeys } from '../check/fewKeys.ts';
import { quote } from '../check/quote.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe } from '../check/validate.ts';
import { elementsOf, viewArgument } from '../tensor/arguments.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { Tensor, viewOf } from '../tensor/tensor.ts';
import type { View } from '../tensor/view.ts';

/**
 * The values of a layer by name, as PyTorch's `state_dict()` names them.
 *
 * @category Layer
 */
export type StateDict = Record<string, Tensor>;

/**
 * The options of `loadStateDict`.
 *
 * @category Layer
 */
export interface LoadStateDictOptions {
  /** Whether a missing or an unexpected key is an error. Default true. */
  strict?: boolean | undefined;
  /**
   * What the layer's keys begin with in the dict, as in that of a whole model; others are not looked at. Default `''`. With
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

/** A layer's values as a state dict: tensors over the same memory, so that writing to them changes the layer. */
export function stateDictOf(own: ReadonlyMap<string, Tensor>): StateDict {
  return Object.fromEntries(Array.from(own, ([key, value]) => [key, Tensor.prototype.detach.call(value)]));
}

/**
 * Copies a state dict into a layer's values, converted to the layer's dtype.
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
  own: ReadonlyMap<string, Tensor>,
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

  const keys = Object.keys(dict);
  const given = keys.filter((key) => key.startsWith(prefix));
  const missingKeys = [...own.keys()].map((key) => prefix + key).filter((key) => !Object.hasOwn(dict, key));
  const unexpectedKeys = given.filter((key) => !own.has(key.slice(prefix.length)));
  const problems: string[] = [];
  if (strict && missingKeys.length > 0) problems.push(`Missing key(s) in state_dict: ${quoted(missingKeys)}. `);
  if (strict && unexpectedKeys.length > 0)
    problems.push(`Unexpected key(s) in state_dict: ${quoted(unexpectedKeys)}. `);
  if (strict && prefix !== '' && given.length === 0)
    problems.push(`No key begins with ${quote(prefix)}; the keys are ${fewKeys(keys)}.`);
  if (strict && prefix !== '' && !prefix.endsWith('.') && Object.hasOwn(dict, `${prefix}.weight`))
    problems.push(`Did you mean the prefix ${quote(`${prefix}.`)}?`);

  const copies: [into: Tensor, from: Tensor][] = [];
  for (const [name, into] of own) {
    const key = prefix + name;
    if (missingKeys.includes(key)) continue;
    const from = dict[key];
    const problem = misfit(key, into, from);
    if (problem === undefined) copies.push([into, from as Tensor]);
    else problems.push(problem);
  }
  if (problems.length > 0) {
    throw rangeError(
      'ERR_CONV1D_STATE_DICT',
      `Error(s) in loading state_dict for ${layer}:\n\t${problems.join('\n\t')}`,
    );
  }

  // Both ends are read before the first is written, so that memory that is gone stops the load as a whole.
  const memories = copies.map(([into, from]) => [elementsOf(into), elementsOf(from)] as const);
  for (const [into, from] of memories) into.set(from);
  return { missingKeys, unexpectedKeys };
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
function misfit(key: string, into: Tensor, value: unknown): string | undefined {
  const own = viewArgument(into, key);
  const from = viewOf(value);
  if (from === undefined) {
    return `While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received ${describe(value)}`;
  }
  if (sameShape(from.shape, own.shape)) return undefined;
  return `size mismatch for ${key}: copying a param with shape ${size(from)} from checkpoint, the shape in current model is ${size(own)}.`;
}

function size({ shape }: View): string {
  return `torch.Size(${formatShape(shape)})`;
}

function quoted(keys: readonly string[]): string {
  return keys.map((key) => `"${key}"`).join(', ');
}
