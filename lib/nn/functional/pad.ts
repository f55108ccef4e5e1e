import { rangeError } from '../../check/errors.ts';
import { readFew } from '../../check/list.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { describe, integer, isArray } from '../../check/validate.ts';
import { viewArgument } from '../../tensor/arguments.ts';
import { apply } from '../../tensor/dispatch.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import { type PadAttributes, type PadMode, pad as padOf } from '../../tensor/ops/pad.ts';
import { MAX_DIMENSIONS } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { View } from '../../tensor/view.ts';
import { numberArgument } from '../arguments.ts';

/** The options of `functional.pad`. */
export interface PadOptions {
  /**
   * Which elements are added: `'constant'`, the default, one value for all; `'reflect'` the mirrored signal without its edge;
   * `'replicate'` the edge; `'circular'` the other end.
   */
  readonly mode?: PadMode | undefined;
  /** The value of `'constant'`. Default 0. */
  readonly value?: number | undefined;
}

const MODES = ['constant', 'reflect', 'replicate', 'circular'] as const;

/**
 * Elements added around a tensor: PyTorch's `torch.nn.functional.pad`. Negative numbers cut elements off.
 *
 * @param input    of any dtype
 * @param padding  for the last dimension `[before, after]`, then for the one before it, and so on
 * @param options  mode 'constant', value 0 by default; other modes pad the last dimension of two or three, or the last two of four
 * @returns        of the dtype of the input
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws RangeError ERR_CONV1D_VALUE  when there is no such mode, or the numbers are not two for each dimension
 * @throws RangeError ERR_CONV1D_SHAPE  when a dimension is too short for its padding
 * @example
 * functional.pad(tensor([1, 2, 3]), [2, 0]);                                    // tensor([0., 0., 1., 2., 3.])
 * functional.pad(tensor([[1, 2, 3]]), [2, 1], { mode: 'reflect' }).toArray();   // [[3, 2, 1, 2, 3, 2]]
 */
export function pad<D extends Dtype, R extends number>(
  input: Tensor<D, R>,
  padding: readonly number[],
  options?: PadOptions,
): Tensor<D, R> {
  const x = viewArgument(input, "pad(): argument 'input' (position 1)");
  const { mode, value } = readOptions(options);
  return apply(padOf, [x], { ends: readEnds(padding, x, mode), mode, value }) as Tensor<D, R>;
}

function readOptions(options: unknown): { mode: PadMode; value: number } {
  if (options === undefined) return { mode: 'constant', value: 0 };
  refuseUnknownOptions(options as object, ['mode', 'value'], 'functional.pad');
  const { mode = 'constant', value = 0 } = options as Readonly<Record<string, unknown>>;
  const known = MODES.find((each) => each === mode);
  if (known === undefined) {
    const given = typeof mode === 'string' ? mode : describe(mode);
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `Unrecognised padding mode ${given}; there are ${MODES.map((each) => `'${each}'`).join(', ')}`,
    );
  }
  return { mode: known, value: numberArgument(value, 'pad(): value') };
}

function readEnds(padding: unknown, { shape }: View, mode: PadMode): PadAttributes['ends'] {
  const given = isArray(padding) ? readFew(padding, 2 * MAX_DIMENSIONS, 'the padding of pad()') : [padding];
  if (given.length % 2 !== 0) throw rangeError('ERR_CONV1D_VALUE', 'Padding length must be divisible by 2');
  if (given.length / 2 > shape.length) throw rangeError('ERR_CONV1D_VALUE', 'Padding length too large');
  if (mode !== 'constant') {
    const fits =
      shape.length === 2 || shape.length === 3 ? given.length === 2 : shape.length === 4 && given.length === 4;
    if (!fits) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        'Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now',
      );
    }
  }
  const numbers = given.map((each) => integer(each, 'pad(): a number of the padding'));
  const ends = Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!] as const);
  return ends.reverse();
}
