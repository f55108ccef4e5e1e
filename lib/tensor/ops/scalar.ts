import { rangeError, typeError } from '../../check/errors.ts';
import { describe } from '../../check/validate.ts';
import { arrayKind, type Dtype, isFloatDtype } from '../dtype.ts';
import { tensorAdvice } from '../record.ts';
import { type View, viewOfAll } from '../view.ts';

const NO_DIMENSIONS: readonly number[] = Object.freeze([]);

/** What a number or a bool of JavaScript is beside a tensor: a whole number is an integer, as far as JavaScript can tell. */
export function dtypeOfScalar(value: number | boolean, beside: Dtype): Dtype {
  if (typeof value === 'boolean') return beside;
  if (isFloatDtype(beside)) return beside;
  if (!Number.isInteger(value)) return 'float32';
  return beside === 'bool' ? 'int64' : beside;
}

/**
 * A number as an element of a dtype.
 *
 * @throws RangeError ERR_CONV1D_VALUE  when an integer dtype does not have it
 */
export function element(value: number | boolean | bigint, dtype: Dtype): number | bigint {
  if (dtype === 'bool') return Number(value) !== 0 ? 1 : 0;
  if (isFloatDtype(dtype)) return Number(value);
  const whole = typeof value === 'bigint' ? value : toWhole(Number(value), dtype);
  const bits = dtype === 'int64' ? 64 : 32;
  if (BigInt.asIntN(bits, whole) !== whole) throw tooLarge(value, dtype);
  return dtype === 'int64' ? whole : Number(whole);
}

function toWhole(value: number, dtype: Dtype): bigint {
  if (!Number.isFinite(value)) throw tooLarge(value, dtype);
  return BigInt(Math.trunc(value));
}

function tooLarge(value: number | boolean | bigint, dtype: Dtype): RangeError {
  return rangeError('ERR_CONV1D_VALUE', `value ${value} cannot be converted to type ${dtype} without overflow`);
}

/** A number as a tensor without dimensions. */
export function scalarView(value: number | boolean | bigint, dtype: Dtype): View {
  const one = new (arrayKind(dtype))(1);
  one[0] = element(value, dtype);
  return viewOfAll(one, dtype, NO_DIMENSIONS);
}

/**
 * A number or a bool that a caller gave beside tensors.
 *
 * @throws TypeError ERR_CONV1D_TYPE  for anything else
 */
export function readScalar(value: unknown, what: string): number | boolean {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${what} must be a Tensor or a number, but got ${describe(value)}; ${tensorAdvice(value)}`,
  );
}
