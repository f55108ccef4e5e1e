import { typeError } from '../check/errors.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe } from '../check/validate.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { setGrad } from '../tensor/grad.ts';
import { computeWith } from '../tensor/gradMode.ts';
import { floatsOfView, type View } from '../tensor/view.ts';
import { readFields } from './fields.ts';
import { type Group, givenGroups, type ParamGroup, type ParamGroupOptions, readGroup } from './groups.ts';
import { optimizerText } from './optimizerText.ts';
import { gradientApart, gradientOf, writeBack, writeGradient } from './parameters.ts';
import { type OptimizerStateDict, readStateDict, stateDictOf } from './stateDict.ts';
import { isUpdateRule, type ParameterState, readValues, type UpdateRule, type Values } from './updateRule.ts';

/**
 * The option of `zeroGrad`.
 *
 * @category Gradients
 */
export interface ZeroGradOptions {
  /** Whether gradients become null, and not zeros. Default true, as in PyTorch 2. */
  readonly setToNull?: boolean | undefined;
}

const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * What all optimisers have: PyTorch's `torch.optim.Optimizer`. Make an `optim.SGD`, an `optim.Adam` or an `optim.AdamW`.
 *
 * @category Gradients
 */
export abstract class Optimizer<O extends object = object> {
  /** The options, with the defaults of those that were not given. */
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly #rule: UpdateRule;
  readonly #groups: Group[] = [];
  readonly #states = new Map<View, ParameterState>();

  /** @internal */
  constructor(rule: UpdateRule, params: unknown, options: unknown) {
    if (!isUpdateRule(rule)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'Optimizer is not to be constructed; make an optim.SGD, an optim.Adam or an optim.AdamW',
      );
    }
    const names = rule.fields.map(({ name }) => name);
    if (options !== undefined) refuseUnknownOptions(options as object, names, rule.name);
    this.#rule = rule;
    this.defaults = Object.freeze({
      ...rule.defaults,
      ...readFields(rule.fields, (options ?? {}) as Readonly<Record<string, unknown>>),
    });
    rule.requireFit?.(this.defaults);
    for (const group of givenGroups(params)) this.#add(group);
  }

  /** Whether a value is an optimiser of this library. */
  static isOptimizer(value: unknown): value is Optimizer {
    return typeof value === 'object' && value !== null && #states in value;
  }

  /** The parameters in groups. The numbers of a group may be assigned to: `optimizer.paramGroups[0].lr = 0.01`. */
  get paramGroups(): readonly ParamGroup<O>[] {
    return Optimizer.#own(this, 'paramGroups').#groups.map(({ numbers }) => numbers as unknown as ParamGroup<O>);
  }

  /**
   * Changes each parameter that has a gradient by it, in its own memory. Nothing is changed where something is wrong.
   *
   * A layer in evaluation mode takes a new snapshot of its values with the next call; a compiled network keeps those that it has.
   *
   * @throws RangeError ERR_CONV1D_VALUE    when a number of a group is out of range
   * @throws TypeError ERR_CONV1D_TYPE      when one is of the wrong kind
   * @throws TypeError ERR_CONV1D_DETACHED  when the memory of a parameter, a gradient or a state was transferred to another thread
   * @throws RangeError ERR_CONV1D_MEMORY   when the state cannot be allocated
   * @example
   * const optimizer = new optim.SGD(conv.parameters(), { lr: 0.1 });
   * conv.forward(x).square().mean().backward();
   * optimizer.step();
   * optimizer.zeroGrad();
   */
  step(): undefined;
  /**
   * The same behind a function that computes the gradients.
   *
   * @param closure  computes the gradients and returns the loss
   * @returns        what the closure returns
   * @throws TypeError ERR_CONV1D_TYPE  when the closure is no function or returns a promise
   */
  step<T>(closure: () => T): T;
  step<T>(closure?: () => T): T | undefined {
    const { groups, states, rule } = Optimizer.#parts(this, 'step');
    const result = closure === undefined ? undefined : computeWith(true, closure, 'step');
    // All numbers come first: a getter runs code of its owner.
    const values = groups.map(({ numbers }) => readValues(rule, numbers));
    const steps = groups.flatMap(({ views }, i) => views.flatMap((view) => stepOf(rule, values[i]!, view, states)));
    for (const step of steps) step();
    return result;
  }

  /**
   * Takes the gradients off all parameters.
   *
   * @param options  `setToNull`: true by default, as in PyTorch 2. With false they become zeros in the memory that they have, and the next
   *                 step changes what momentum and weight decay change
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   */
  zeroGrad(options?: ZeroGradOptions): void {
    const { groups } = Optimizer.#parts(this, 'zeroGrad');
    if (options !== undefined) refuseUnknownOptions(options, ['setToNull'], 'zeroGrad');
    const setToNull = boolean(options?.setToNull ?? true, 'setToNull');
    for (const { views } of groups) {
      for (const view of views) {
        const gradient = setToNull ? null : gradientOf(view);
        if (gradient === null) setGrad(view, null);
        else writeGradient(view, gradient, floatsOfView(gradient).fill(0));
      }
    }
  }

  /**
   * Has more parameters learned, as the layers of a trained network that were left as they are at first.
   *
   * @param group  `params`: a tensor or an array of them; what else it does not say is as the optimiser's options say
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when something is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, or a parameter is no leaf, has several elements at one place or is
   *                                      learned already
   */
  addParamGroup(group: ParamGroupOptions<O>): void {
    Optimizer.#own(this, 'addParamGroup').#add(group);
  }

  /**
   * What a training needs to go on: the state of each parameter and the numbers of the groups, by PyTorch's names, as PyTorch's
   * `state_dict()` has them. Its tensors lie over the memory of the optimiser.
   *
   * @example
   * const optimizer = new optim.SGD(conv.parameters(), { lr: 0.1 });
   * optimizer.stateDict().param_groups[0]!.params;   // [0, 1]
   */
  stateDict(): OptimizerStateDict {
    const { groups, states, rule } = Optimizer.#parts(this, 'stateDict');
    return stateDictOf(rule, groups, states);
  }

  /**
   * Goes on with a state dict of this library or of PyTorch: copies its tensors, converted to the dtype of their parameters, and takes the
   * numbers of its groups. Nothing is changed unless everything fits.
   *
   * @throws TypeError ERR_CONV1D_TYPE         when it is no plain object, or something in it is of the wrong kind
   * @throws RangeError ERR_CONV1D_STATE_DICT  when groups, parameters, sizes or names differ
   * @throws RangeError ERR_CONV1D_VALUE       when a number is out of range
   */
  loadStateDict(dict: OptimizerStateDict): void {
    const { groups, states, rule } = Optimizer.#parts(this, 'loadStateDict');
    const loaded = readStateDict(rule, groups, dict);
    states.clear();
    for (const [i, group] of loaded.entries()) {
      Object.assign(groups[i]!.numbers, group.numbers);
      for (const [view, state] of group.states) states.set(view, state);
    }
  }

  /** The optimiser as torch prints it. */
  toString(): string {
    const { groups, rule } = Optimizer.#parts(this, 'toString');
    return optimizerText(rule, groups);
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    const { groups, rule } = Optimizer.#parts(this, 'inspect');
    return optimizerText(rule, groups);
  }

  #add(group: unknown): void {
    this.#groups.push(readGroup(this.#rule, this.defaults, this.#groups, group));
  }

  static #own(self: unknown, member: string): Optimizer<object> {
    if (Optimizer.isOptimizer(self)) return self;
    throw typeError(
      'ERR_CONV1D_TYPE',
      `${member} must be called on an optimizer: optimizer.${member}, not on ${describe(self)}`,
    );
  }

  /** What the methods work on, of `this`, which may be anything. */
  static #parts(self: unknown, member: string) {
    const optimizer = Optimizer.#own(self, member);
    return { groups: optimizer.#groups, states: optimizer.#states, rule: optimizer.#rule };
  }
}

/** What changes a parameter, without failing any more; nothing where it has no gradient. */
function stepOf(rule: UpdateRule, values: Values, view: View, states: Map<View, ParameterState>): (() => void)[] {
  const gradient = gradientOf(view);
  if (gradient === null) return [];
  const parameter = floatsOfView(view);
  const state = states.get(view) ?? {};
  const written = [parameter, ...arraysOf(state, parameter.length)];
  const update = rule.prepare(values, { parameter, gradient: gradientApart(gradient, written) }, state);
  return [
    () => {
      update();
      states.set(view, state);
      writeBack(view, parameter);
    },
  ];
}

/** The arrays of a parameter's state, each with as many elements as the parameter: its state dict has given them away. */
function arraysOf(state: ParameterState, count: number): FloatArray[] {
  return Object.entries(state).flatMap(([name, value]) => {
    if (value === null || typeof value === 'number') return [];
    if (value.length === count) return [value];
    throw typeError(
      'ERR_CONV1D_DETACHED',
      `the memory of '${name}' in the state of a parameter is gone: its ArrayBuffer was transferred or shrunk; copy the tensors of a state dict with clone() before that`,
    );
  });
}
