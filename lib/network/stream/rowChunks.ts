import { rangeError, typeError } from '../../check/errors.ts';
import { readFew } from '../../check/list.ts';
import { describe, isArray } from '../../check/validate.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import { viewOf } from '../../tensor/tensor.ts';
import { arraysOf, isByName, type LookedAt, lookAt, readNamed } from './chunkArguments.ts';
import type { RowsBody } from './rowsBody.ts';

/** The chunks of some rows. */
export interface ReadChunks {
  /** Whether they came in one tensor. */
  readonly isTensor: boolean;
  /** Of each row the array of each input, and how many positions it has. */
  readonly arrays: readonly (readonly FloatArray[])[];
  readonly positions: readonly number[];
}

/**
 * The chunks of a push of many streams: in one tensor with a batch of all rows, or a tensor for each; of several inputs by their names.
 *
 * @param canJoin  whether rows may lie in one tensor
 */
export function readRowChunks(
  { inputs, dtype }: Pick<RowsBody, 'inputs' | 'dtype'>,
  given: unknown,
  rows: number,
  canJoin: boolean,
): ReadChunks {
  if (!isByName(given) && inputs.length > 1) {
    throw typeError('ERR_CONV1D_TYPE', `push(): chunks come by name, for ${inputs.map(({ name }) => name).join(', ')}`);
  }
  const values = isByName(given) ? readNamed(inputs, given) : [given];
  const isTensor = viewOf(values[0]) !== undefined;
  if (values.some((value) => (viewOf(value) !== undefined) !== isTensor)) {
    throw typeError('ERR_CONV1D_TYPE', 'push(): give the chunks of all inputs as tensors, or all as arrays of tensors');
  }
  if (isTensor) {
    if (!canJoin) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        'push(): this network does not compute rows of one tensor one by one; give an array of chunks, one for each row',
      );
    }
    const looked = inputs.map((input, i) => lookAt(values[i], input, { rows, dtype, what: 'push(): the chunk' }));
    const { arrays, positions } = arraysOf(inputs, looked);
    return {
      isTensor,
      arrays: new Array<FloatArray[]>(rows).fill(arrays),
      positions: new Array<number>(rows).fill(positions),
    };
  }
  const lists = values.map((value) => readTensors(value, rows));
  const looked = Array.from({ length: rows }, (_, row): LookedAt[] =>
    inputs.map((input, i) => lookAt(lists[i]![row], input, { rows: 1, dtype, what: `push(): chunk ${row}` })),
  );
  const each = looked.map((chunks) => arraysOf(inputs, chunks));
  return { isTensor, arrays: each.map(({ arrays }) => arrays), positions: each.map(({ positions }) => positions) };
}

function readTensors(value: unknown, rows: number): readonly unknown[] {
  const list = isArray(value) ? readFew(value, rows, 'push(): the chunks') : [];
  if (isArray(value) && list.length === rows) return list;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `push(): chunks must be a Tensor with a batch of ${rows}, or an array of ${rows} tensors, but got ${describe(value)}`,
  );
}
