import { rangeError } from '../check/errors.ts';
import { describe, integer, isArray } from '../check/validate.ts';
import { formatShape } from '../tensor/shape.ts';

/**
 * What is added to both ends of a signal before the convolution.
 *
 * - a number: that many elements on the left, and the same number on the right
 * - `[left, right]`
 * - `'same'`: the number that makes the output as long as the input; needs stride 1; the odd element goes to the right
 * - `'valid'`: none
 * - `'causal'`: `dilation * (kernelSize - 1)` on the left, so that no output depends on later input
 *
 * @category Layer
 */
export type Padding = number | readonly [left: number, right: number] | 'same' | 'valid' | 'causal';

type PaddingName = Extract<Padding, string>;

const PADDING_NAMES = ['same', 'valid', 'causal'] as const satisfies readonly PaddingName[];

/** Whether a value is a padding by name. */
export function isPaddingName(value: unknown): value is PaddingName {
  return PADDING_NAMES.some((name) => name === value);
}

/**
 * A padding that a caller gave or a job carries: of the right kind, but perhaps negative.
 *
 * @param invalidPadding  torch's sentence about a string that names no padding, from the quoted string
 * @throws TypeError  ERR_CONV1D_TYPE   when it is neither a number, nor two of them, nor a string
 * @throws RangeError ERR_CONV1D_VALUE  when a number is no integer, or a string names no padding
 */
export function readPadding(
  value: unknown,
  invalidPadding = (text: string): string => `Invalid padding string: ${text}`,
): Padding {
  if (typeof value === 'string') {
    if (isPaddingName(value)) return value;
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${invalidPadding(describe(value))}; 'causal', a number and [left, right] are allowed as well`,
    );
  }
  if (!isArray(value)) return integer(value, 'padding', "an integer, [left, right], 'same', 'valid' or 'causal'");
  const length = value.length;
  if (length !== 2) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `expected padding to be a single integer value or [left, right], but got an array of length ${length}`,
    );
  }
  return Object.freeze([integer(value[0], 'padding[0]'), integer(value[1], 'padding[1]')] as const);
}

/** The elements added on the left and on the right, for a kernel that reaches `reach` beyond its first element. */
export function paddingEnds(padding: Padding, reach: number): readonly [left: number, right: number] {
  switch (padding) {
    case 'valid':
      return [0, 0];
    case 'causal':
      return [reach, 0];
    case 'same': {
      const left = Math.floor(reach / 2);
      return [left, reach - left];
    }
    default:
      return typeof padding === 'number' ? [padding, padding] : padding;
  }
}

/** A padding as a message names it. */
export function describePadding(padding: Padding): string {
  return typeof padding === 'object' ? formatShape(padding) : String(padding);
}
