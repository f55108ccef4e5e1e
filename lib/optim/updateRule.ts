import { rangeError } from '../check/errors.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { type Field, readFields } from './fields.ts';

/** The numbers of a parameter group, by name. */
export type Values = Readonly<Record<string, unknown>>;

/** What an optimiser knows of a parameter, by torch's names: a counter, and arrays with an element for each of the parameter. */
export type ParameterState = Record<string, number | FloatArray | null>;

/** An array of the state of a parameter. */
export interface StateArray {
  /** torch's. */
  readonly name: string;
  /** Whether a state has it always; else it may be null, or not be there. */
  readonly isNeeded: boolean;
}

/** A parameter with its gradient. */
export interface Learned {
  readonly parameter: FloatArray;
  /** Apart from the parameter. */
  readonly gradient: FloatArray;
}

/** How an optimiser changes a parameter: one record for each optimiser. */
export interface UpdateRule {
  /** The class's name. */
  readonly name: string;
  readonly fields: readonly Field[];
  /** By name; a field without one has to be given. */
  readonly defaults: Values;
  /** What torch 1.13 has in a group of a state dict beside the fields; it means nothing here. */
  readonly foreign: Readonly<Record<string, unknown>>;
  /** What the state is made of, beside the counter. */
  readonly arrays: readonly StateArray[];
  /** Whether the state has a counter, `step`. */
  readonly counts: boolean;
  /** Throws where values do not go together. */
  requireFit?(values: Values): void;
  /** Gets the state ready, which is empty at first, and gives what then does the step, without failing. */
  prepare(values: Values, learned: Learned, state: ParameterState): () => void;
}

const rules = new WeakSet<object>();

/** A rule, which the constructor of an optimiser then takes for one: JavaScript sees that constructor, too. */
export function defineUpdateRule(rule: UpdateRule): UpdateRule {
  rules.add(rule);
  return rule;
}

/** Whether a value is a rule of this library. */
export function isUpdateRule(value: unknown): value is UpdateRule {
  return typeof value === 'object' && value !== null && rules.has(value);
}

/** The values of a group, each read once. */
export function readValues(rule: UpdateRule, group: Values): Values {
  const values = readFields(rule.fields, group);
  const missing = rule.fields.find(({ name }) => !Object.hasOwn(values, name));
  if (missing !== undefined) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `parameter group didn't specify a value of required optimization parameter ${missing.name}`,
    );
  }
  rule.requireFit?.(values);
  return values;
}
