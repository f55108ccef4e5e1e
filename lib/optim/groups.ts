import { rangeError, typeError } from '../check/errors.ts';
import { readList } from '../check/list.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { describe } from '../check/validate.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { viewOf } from '../tensor/tensor.ts';
import type { View } from '../tensor/view.ts';
import { type Field, numberField, readFields } from './fields.ts';
import { parameterView } from './parameters.ts';
import { readValues, type UpdateRule, type Values } from './updateRule.ts';

/** What schedules note in a group. */
export interface ScheduledNumbers {
  /** The learning rate that schedules begin with. */
  initialLr?: number | undefined;
  /** The highest learning rate of `OneCycleLR`. */
  maxLr?: number | undefined;
  /** Its lowest one. */
  minLr?: number | undefined;
  /** Its highest momentum. */
  maxMomentum?: number | undefined;
  /** Its lowest one. */
  baseMomentum?: number | undefined;
}

/** The same as fields, none of which a group has to have. */
export const SCHEDULED: readonly Field[] = [
  numberField('initialLr', 'initial_lr'),
  numberField('maxLr', 'max_lr'),
  numberField('minLr', 'min_lr'),
  numberField('maxMomentum', 'max_momentum'),
  numberField('baseMomentum', 'base_momentum'),
];

/**
 * Parameters that are learned with the same numbers. Each number may be assigned to, and holds from the next step on.
 *
 * @category Gradients
 */
export type ParamGroup<O extends object> = { readonly params: readonly Tensor[] } & {
  -readonly [Name in keyof O]-?: Exclude<O[Name], undefined>;
} & ScheduledNumbers;

/**
 * A parameter group as it is given: what it does not say is as the optimiser's options say.
 *
 * @category Gradients
 */
export type ParamGroupOptions<O extends object> = { readonly params: Tensor | readonly Tensor[] } & O &
  ScheduledNumbers;

/** A group as the optimiser keeps it. */
export interface Group {
  /** What callers see and assign to. */
  readonly numbers: Record<string, unknown>;
  readonly views: readonly View[];
}

/** The groups that the first argument of an optimiser means: an array of parameters, or of groups. */
export function givenGroups(params: unknown): readonly unknown[] {
  if (viewOf(params) !== undefined) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      'params argument given to the optimizer should be an iterable of Tensors or dicts, but got a Tensor; put it into an array',
    );
  }
  const list = readList(params, 'the params argument given to the optimizer', 'Tensors or parameter groups');
  if (list.length === 0) throw rangeError('ERR_CONV1D_VALUE', 'optimizer got an empty parameter list');
  return isPlainObject(list[0]) ? list : [{ params: list }];
}

/** A group as somebody gave it, with the defaults of what it does not say. `others` are there already. */
export function readGroup(rule: UpdateRule, defaults: Values, others: readonly Group[], given: unknown): Group {
  if (!isPlainObject(given)) {
    throw typeError('ERR_CONV1D_TYPE', `param group must be a plain object { params }, but got ${describe(given)}`);
  }
  const fields = [...rule.fields, ...SCHEDULED];
  refuseUnknownOptions(given, ['params', ...fields.map(({ name }) => name)], `a parameter group of ${rule.name}`);
  const { params } = given;
  const list = viewOf(params) === undefined ? readList(params, 'params of a parameter group', 'Tensors') : [params];
  const views = list.map(parameterView);
  const known = new Set(others.flatMap((group) => group.views));
  for (const view of views) {
    if (known.has(view)) {
      throw rangeError('ERR_CONV1D_VALUE', 'some parameters appear in more than one parameter group, or twice in one');
    }
    known.add(view);
  }
  const numbers: Record<string, unknown> = { ...defaults, ...readFields(fields, given) };
  readValues(rule, numbers);
  Object.defineProperty(numbers, 'params', { value: Object.freeze(list), enumerable: true });
  return { numbers, views };
}
