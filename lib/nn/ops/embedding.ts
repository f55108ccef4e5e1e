import { rangeError, typeError } from '../../check/errors.ts';
import { torchName } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { takenRows } from '../../tensor/ops/indexing.ts';
import { viewOfAll } from '../../tensor/view.ts';

/** Rows of a weight by their indices. Inputs: the indices, the weight. The row `paddingIdx` is not learned. */
export const embedding: Operation<{ readonly paddingIdx: number | null }> = {
  name: 'embedding',
  infer: ([index, weight]) => {
    if (index!.dtype !== 'int64' && index!.dtype !== 'int32') {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.${torchName(index!.dtype)}Tensor instead (while checking arguments for embedding)`,
      );
    }
    if (weight!.shape.length !== 2) {
      throw rangeError('ERR_CONV1D_SHAPE', "'weight' must be 2-D");
    }
    return { dtype: weight!.dtype, shape: Object.freeze([...index!.shape, weight!.shape[1]!]) };
  },
  run: ([index, weight], _, { dtype, shape }) =>
    viewOfAll(takenRows(weight!, index!, weight!.shape[0]!, 'index out of range in self'), dtype, shape),
};
