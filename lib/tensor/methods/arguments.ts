import { rangeError, typeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, describe } from '../../check/validate.ts';
import type { ClampAttributes } from '../ops/unary.ts';

/** The bounds of `clamp`. */
export function readBounds(min: unknown, max: unknown): ClampAttributes {
  if ((min === undefined || min === null) && (max === undefined || max === null)) {
    throw rangeError('ERR_CONV1D_VALUE', "torch.clamp: At least one of 'min' or 'max' must not be None");
  }
  return { min: bound(min, 'min', Number.NEGATIVE_INFINITY), max: bound(max, 'max', Number.POSITIVE_INFINITY) };
}

function bound(value: unknown, name: string, otherwise: number): number {
  if (value === undefined || value === null) return otherwise;
  if (typeof value === 'number') return value;
  throw typeError('ERR_CONV1D_TYPE', `clamp(): argument '${name}' must be a number, but got ${describe(value)}`);
}

/**
 * The options of a method, each read once: those of `defaults`, which are all true or false.
 *
 * @throws TypeError ERR_CONV1D_TYPE    when the options are no plain object, or one is neither true nor false
 * @throws TypeError ERR_CONV1D_OPTION  when an option's name is unknown
 */
export function readFlags<Names extends string>(
  options: unknown,
  defaults: Readonly<Record<Names, boolean>>,
  what: string,
): Record<Names, boolean> {
  if (options === undefined) return defaults;
  const names = Object.keys(defaults) as Names[];
  refuseUnknownOptions(options as object, names, what);
  const given = options as Readonly<Record<Names, unknown>>;
  return Object.fromEntries(
    names.map((name) => {
      const value = given[name];
      return [name, value === undefined ? defaults[name] : boolean(value, name)];
    }),
  ) as Record<Names, boolean>;
}
