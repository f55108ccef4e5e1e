import { rangeError, typeError } from '../../../check/errors.ts';
import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { describe } from '../../../check/validate.ts';
import { viewArgument } from '../../../tensor/arguments.ts';
import type { View } from '../../../tensor/view.ts';
import type { Reduction } from '../../ops/losses.ts';

/** The option that all losses have. */
export interface LossOptions {
  /** What becomes of the losses of all elements: their mean, their sum, or they themselves. Default 'mean'. */
  readonly reduction?: 'mean' | 'sum' | 'none' | undefined;
}

/** The options of a loss, each read once: the reduction, and the others by name. */
export function readLossOptions(
  options: unknown,
  names: readonly string[],
  what: string,
): { reduction: Reduction; others: Readonly<Record<string, unknown>> } {
  if (options === undefined) return { reduction: 'mean', others: {} };
  refuseUnknownOptions(options as object, ['reduction', ...names], what);
  const given = options as Readonly<Record<string, unknown>>;
  const reduction = readReduction(given.reduction ?? 'mean');
  return { reduction, others: Object.fromEntries(names.map((name) => [name, given[name]])) };
}

/** The option `reduction`, torch's sentence for anything else. */
export function readReduction(value: unknown): Reduction {
  if (value === 'mean' || value === 'sum' || value === 'none') return value;
  if (typeof value === 'string') {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${describe(value)} is not a valid value for reduction: 'mean', 'sum' or 'none'`,
    );
  }
  throw typeError('ERR_CONV1D_TYPE', `reduction must be 'mean', 'sum' or 'none', but got ${describe(value)}`);
}

/** A tensor of the options, or null for none. */
export function optionalView(value: unknown, what: string): View | null {
  return value === undefined || value === null ? null : viewArgument(value, what);
}

/** The two arguments of every loss. */
export function pairArguments(input: unknown, target: unknown, what: string): [View, View] {
  return [
    viewArgument(input, `${what}(): argument 'input' (position 1)`),
    viewArgument(target, `${what}(): argument 'target' (position 2)`),
  ];
}
