import { typeError } from '../../check/errors.ts';
import { choose, type Operand } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { promoteByRank } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { broadcastShape, numelOf } from '../shape.ts';
import { viewOfAll } from '../view.ts';
import { operand } from './operand.ts';

/** Inputs: the condition, x, y. */
export const where: Operation = {
  name: 'where',
  infer: ([condition, x, y]) => {
    if (condition!.dtype !== 'bool') {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `where expected condition to be a boolean tensor, but got a tensor with dtype ${condition!.dtype}`,
      );
    }
    return {
      dtype: promoteByRank(x!.dtype, x!.shape.length > 0, y!.dtype, y!.shape.length > 0),
      shape: Object.freeze(broadcastShape(broadcastShape(condition!.shape, x!.shape), y!.shape)),
    };
  },
  run: ([condition, x, y], _, { dtype, shape }) => {
    const numel = numelOf(shape);
    const mask = operand(condition!, 'bool', shape) as Operand<Uint8Array>;
    const [first, second] = [operand(x!, dtype, shape), operand(y!, dtype, shape)];
    const out = allocateResult(dtype, numel);
    if (numel > 0) choose(shape, mask, first, second, out);
    return viewOfAll(out, dtype, shape);
  },
};
