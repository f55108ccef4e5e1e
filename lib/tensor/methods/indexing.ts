import { readDimension } from '../dimensions.ts';
import { apply, givenView, ownView } from '../dispatch.ts';
import type { Dtype } from '../dtype.ts';
import { gather, indexSelect } from '../ops/indexing.ts';
import type { Tensor } from '../tensor.ts';

/** Elements by indices that lie in tensors. */
export interface IndexMethods<D extends Dtype, R extends number> {
  /**
   * Elements along a dimension by an index for each: with `dim` 1, element (i, j) of the result is element (i, index[i][j]).
   *
   * @param index  int64 or int32, of as many dimensions, in others than `dim` no longer than the tensor
   * @returns      of the shape of the index
   * @throws TypeError ERR_CONV1D_DTYPE   when the index has no integers
   * @throws RangeError ERR_CONV1D_SHAPE  when the shapes do not fit
   * @throws RangeError ERR_CONV1D_VALUE  when an index is negative, or not below the size of the dimension
   * @example
   * tensor([[1, 2], [3, 4]]).gather(1, tensor([[1], [0]], { dtype: 'int64' })).toArray();   // [[2], [3]]
   */
  gather(dim: number, index: Tensor<'int64' | 'int32'>): Tensor<D, R>;

  /**
   * Positions of a dimension by their indices, in the order of these.
   *
   * @param index  a vector of int64 or int32
   * @throws TypeError ERR_CONV1D_DTYPE   when the index has no integers
   * @throws RangeError ERR_CONV1D_SHAPE  when it is no vector
   * @throws RangeError ERR_CONV1D_VALUE  when an index is negative, or not below the size of the dimension
   * @example
   * tensor([[1, 2], [3, 4]]).indexSelect(0, tensor([1, 1], { dtype: 'int64' })).toArray();   // [[3, 4], [3, 4]]
   */
  indexSelect(dim: number, index: Tensor<'int64' | 'int32'>): Tensor<D, R>;
}

/** The methods of {@link IndexMethods}. */
export const indexMethods = {
  gather(this: unknown, dim: unknown, index: unknown): object {
    const self = ownView(this, 'gather');
    const at = readDimension(dim, self.shape.length, 'gather(): dim');
    return apply(gather, [self, givenView(index, "gather(): argument 'index'")], { dim: at });
  },

  indexSelect(this: unknown, dim: unknown, index: unknown): object {
    const self = ownView(this, 'indexSelect');
    const at = readDimension(dim, self.shape.length, 'indexSelect(): dim');
    return apply(indexSelect, [self, givenView(index, "indexSelect(): argument 'index'")], { dim: at });
  },
};
