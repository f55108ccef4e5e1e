import { rangeError, typeError } from '../check/errors.ts';
import { readList } from '../check/list.ts';
import { isPlainObject } from '../check/unknownOption.ts';
import { describe } from '../check/validate.ts';
import type { Dtype, FloatArray } from '../tensor/dtype.ts';
import { converted } from '../tensor/ops/convert.ts';
import { scalarView } from '../tensor/ops/scalar.ts';
import { tensorAdvice } from '../tensor/record.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { type Tensor, tensorOf, viewOf } from '../tensor/tensor.ts';
import { copyOfView, elementsOfView, floatsOfView, makeView, type View } from '../tensor/view.ts';
import { type Group, SCHEDULED } from './groups.ts';
import { type ParameterState, readValues, type UpdateRule, type Values } from './updateRule.ts';

/**
 * The state of an optimiser by PyTorch's names.
 *
 * @category Gradients
 */
export interface OptimizerStateDict {
  /** Of each parameter that was changed, by its number in the groups. */
  state: Record<string, Record<string, Tensor<Dtype> | number | null>>;
  /** The numbers of each group, and of its parameters, which are counted through all groups. */
  param_groups: Record<string, unknown>[];
}

/** What a state dict makes of a group. */
export interface LoadedGroup {
  readonly numbers: Values;
  readonly states: ReadonlyMap<View, ParameterState>;
}

type States = ReadonlyMap<View, ParameterState>;

/** The state of an optimiser as a state dict: tensors over the same memory. */
export function stateDictOf(rule: UpdateRule, groups: readonly Group[], states: States): OptimizerStateDict {
  const dict: OptimizerStateDict = { state: {}, param_groups: [] };
  let count = 0;
  for (const { numbers, views } of groups) {
    const params = views.map((_, i) => count + i);
    for (const view of views) {
      const state = states.get(view);
      if (state !== undefined) dict.state[count] = tensorsOf(state, view);
      count++;
    }
    const known = [...rule.fields, ...SCHEDULED].flatMap(({ name, torchName }) =>
      numbers[name] === undefined ? [] : [[torchName, copied(numbers[name])] as const],
    );
    dict.param_groups.push({ ...Object.fromEntries(known), ...rule.foreign, params });
  }
  return dict;
}

/** Reads a state dict, changing nothing. */
export function readStateDict(rule: UpdateRule, groups: readonly Group[], dict: unknown): LoadedGroup[] {
  const { state, param_groups } = plain(dict, 'the state dict of an optimizer', '{ state, param_groups }');
  const saved = readList(param_groups, 'param_groups of the state dict', 'parameter groups');
  if (saved.length !== groups.length) {
    throw misfit('loaded state dict has a different number of parameter groups');
  }
  const states = plain(state, 'state of the state dict', 'of the state of each parameter');
  return groups.map(({ views }, index) => {
    const group = plain(saved[index], `param_groups[${index}] of the state dict`, 'of numbers');
    const params = readList(group.params, `param_groups[${index}].params`, 'numbers');
    if (params.length !== views.length) {
      throw misfit("loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
    }
    return { numbers: readNumbers(rule, group, index), states: readStates(rule, states, params, views) };
  });
}

function readNumbers(rule: UpdateRule, group: Readonly<Record<string, unknown>>, index: number): Values {
  const numbers: Record<string, unknown> = {};
  for (const { name, torchName } of [...rule.fields, ...SCHEDULED]) {
    const value = Object.hasOwn(group, torchName) ? group[torchName] : undefined;
    if (value !== undefined) numbers[name] = copied(value);
    // Flags that a torch before did not have.
    else if (rule.defaults[name] === false) numbers[name] = false;
    else if (rule.fields.some((field) => field.name === name)) {
      throw misfit(`param_groups[${index}] of the state dict has no '${torchName}': it is that of another optimizer`);
    }
  }
  for (const { name, read } of SCHEDULED) if (numbers[name] !== undefined) read(numbers[name]);
  return { ...numbers, ...readValues(rule, numbers) };
}

function readStates(
  rule: UpdateRule,
  states: Readonly<Record<string, unknown>>,
  params: readonly unknown[],
  views: readonly View[],
): States {
  const found = new Map<View, ParameterState>();
  for (const [i, view] of views.entries()) {
    const id = params[i];
    if (typeof id !== 'number' && typeof id !== 'string') {
      throw typeError('ERR_CONV1D_TYPE', `params of the state dict must be numbers, but one is ${describe(id)}`);
    }
    if (!Object.hasOwn(states, id)) continue;
    const given = plain(states[id], `state[${id}] of the state dict`, 'of tensors');
    const state: ParameterState = {};
    if (rule.counts) state.step = readCounter(given.step, id);
    for (const { name, isNeeded } of rule.arrays) {
      const value = Object.hasOwn(given, name) ? given[name] : null;
      if (value === null || value === undefined) {
        if (isNeeded) throw misfit(`state[${id}] of the state dict has no '${name}': it is that of another optimizer`);
        if (Object.hasOwn(given, name)) state[name] = null;
      } else {
        state[name] = readArray(value, view, `'${name}' of state[${id}]`);
      }
    }
    found.set(view, state);
  }
  return found;
}

function readArray(value: unknown, like: View, what: string): FloatArray {
  const view = viewOf(value);
  if (view === undefined) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `${what} of the state dict must be a Tensor, but got ${describe(value)}; ${tensorAdvice(value)}`,
    );
  }
  if (!sameShape(view.shape, like.shape)) {
    throw misfit(
      `size mismatch for ${what}: the state dict has ${formatShape(view.shape)}, and the parameter is ${formatShape(like.shape)}`,
    );
  }
  const own = converted(view, like.dtype);
  return floatsOfView(own === view ? copyOfView(view) : own);
}

/** A tensor with one element, as torch has it since 1.12, or a number as before. */
function readCounter(value: unknown, id: number | string): number {
  const view = viewOf(value);
  const step = view?.numel === 1 ? Number(elementsOfView(view)[0]!) : value;
  if (typeof step === 'number' && Number.isSafeInteger(step) && step >= 0) return step;
  throw misfit(`'step' of state[${id}] of the state dict must be a number of steps, but is ${describe(step)}`);
}

function tensorsOf(state: ParameterState, { shape }: View): Record<string, Tensor<Dtype> | null> {
  return Object.fromEntries(
    Object.entries(state).map(([name, value]) => {
      if (value === null) return [name, null];
      return [name, tensorOf(typeof value === 'number' ? scalarView(value, 'float32') : makeView(value, shape))];
    }),
  );
}

/** Numbers that nobody else has: those of a list in a list of its own. */
function copied(value: unknown): unknown {
  return Array.isArray(value) ? [...value] : value;
}

function plain(value: unknown, what: string, kind: string): Readonly<Record<string, unknown>> {
  if (isPlainObject(value)) return value;
  throw typeError('ERR_CONV1D_TYPE', `${what} must be a plain object ${kind}, but got ${describe(value)}`);
}

function misfit(sentence: string): RangeError {
  return rangeError('ERR_CONV1D_STATE_DICT', sentence);
}
