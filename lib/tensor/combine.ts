import { rangeError } from '../check/errors.ts';
import { readList } from '../check/list.ts';
import { readDimension } from './dimensions.ts';
import { apply, givenView, isTensor } from './dispatch.ts';
import { type Dtype, promote } from './dtype.ts';
import { runOperation } from './operation.ts';
import { cat as catOf } from './ops/cat.ts';
import { dtypeOfScalar, readScalar, scalarView } from './ops/scalar.ts';
import { unsqueeze } from './ops/views.ts';
import { where as whereOf } from './ops/where.ts';
import { formatShape, sameShape } from './shape.ts';
import type { Tensor } from './tensor.ts';
import type { View } from './view.ts';

/**
 * Tensors side by side along a dimension: `torch.cat`. Their dtypes are promoted; one of shape [0] counts for nothing.
 *
 * @param tensors  one or more, of equal sizes but along the dimension
 * @param dim      0 by default
 * @throws TypeError ERR_CONV1D_TYPE    when the tensors are no array of tensors
 * @throws RangeError ERR_CONV1D_SHAPE  when sizes differ, there is no such dimension, or there are no tensors
 * @throws RangeError ERR_CONV1D_MEMORY when the result cannot be allocated
 * @example
 * cat([ones(2, 1), zeros(2, 2)], 1).toArray();   // [[1, 0, 0], [1, 0, 0]]
 * @category Tensors
 */
export function cat<D extends Dtype>(tensors: readonly Tensor<D>[], dim = 0): Tensor<D> {
  const views = readTensors(tensors, 'cat', 'torch.cat(): expected a non-empty list of Tensors');
  const zero = views.findIndex(({ shape }) => shape.length === 0);
  if (zero >= 0) {
    throw rangeError('ERR_CONV1D_SHAPE', `zero-dimensional tensor (at position ${zero}) cannot be concatenated`);
  }
  const ndim = (views.find(({ shape }) => shape.length !== 1 || shape[0] !== 0) ?? views[0]!).shape.length;
  return apply(catOf, views, { dim: readDimension(dim, ndim, 'cat(): dim') }) as Tensor<D>;
}

/**
 * Tensors of one shape along a new dimension: `torch.stack`.
 *
 * @param tensors  one or more of one shape
 * @param dim      where the new dimension comes, 0 by default
 * @throws TypeError ERR_CONV1D_TYPE    when the tensors are no array of tensors
 * @throws RangeError ERR_CONV1D_SHAPE  when shapes differ, there is no such place, or there are no tensors
 * @throws RangeError ERR_CONV1D_MEMORY when the result cannot be allocated
 * @example
 * stack([tensor([1, 2]), tensor([3, 4])], 1).toArray();   // [[1, 3], [2, 4]]
 * @category Tensors
 */
export function stack<D extends Dtype>(tensors: readonly Tensor<D>[], dim = 0): Tensor<D> {
  const views = readTensors(tensors, 'stack', 'stack expects a non-empty TensorList');
  const { shape } = views[0]!;
  const at = readDimension(dim, shape.length + 1, 'stack(): dim');
  const other = views.findIndex((view) => !sameShape(view.shape, shape));
  if (other >= 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `stack expects each tensor to be equal size, but got ${formatShape(shape)} at entry 0 and ${formatShape(views[other]!.shape)} at entry ${other}`,
    );
  }
  const rows = views.map((view) => runOperation(unsqueeze, [view], { dim: at }));
  return apply(catOf, rows, { dim: at, isStack: true }) as Tensor<D>;
}

/**
 * Elements of one tensor where a condition holds, of another elsewhere: `torch.where`. All three are broadcast, dtypes are promoted, and
 * either of the two may be a number.
 *
 * @param condition  bools
 * @param x          what is taken where they are true
 * @param y          what is taken where they are false
 * @throws TypeError ERR_CONV1D_TYPE    when an argument is neither a tensor nor a number
 * @throws TypeError ERR_CONV1D_DTYPE   when the condition has no bools
 * @throws RangeError ERR_CONV1D_SHAPE  when the shapes cannot be broadcast
 * @example
 * const x = tensor([-1, 2]);
 * where(x.gt(0), x, 0);   // tensor([0., 2.])
 * @category Tensors
 */
export function where<D extends Dtype>(
  condition: Tensor<'bool'>,
  x: Tensor<D> | number,
  y: Tensor<D> | number,
): Tensor<D> {
  const mask = givenView(condition, "where(): argument 'condition' (position 1)");
  const [first, second] = sides(x, y);
  return apply(whereOf, [mask, first, second], undefined) as Tensor<D>;
}

/** Both as tensors; a number takes the dtype of the other. */
function sides(x: unknown, y: unknown): [View, View] {
  const [xView, yView] = [x, y].map((side, i) =>
    isTensor(side)
      ? givenView(side, 'where()')
      : readScalar(side, `where(): argument '${i === 0 ? 'input' : 'other'}'`),
  ) as [View | number, View | number];
  if (typeof xView === 'object') {
    return [xView, typeof yView === 'object' ? yView : scalarView(yView, dtypeOfScalar(yView, xView.dtype))];
  }
  if (typeof yView === 'object') return [scalarView(xView, dtypeOfScalar(xView, yView.dtype)), yView];
  const dtype = promote(dtypeOfScalar(xView, 'bool'), dtypeOfScalar(yView, 'bool'));
  return [scalarView(xView, dtype), scalarView(yView, dtype)];
}

function readTensors(tensors: unknown, what: string, ifNone: string): View[] {
  const list = readList(tensors, `${what}(): argument 'tensors' (position 1)`, 'tensors');
  if (list.length === 0) throw rangeError('ERR_CONV1D_SHAPE', ifNone);
  return list.map((each, i) => givenView(each, `${what}(): element ${i} of the tensors`));
}
