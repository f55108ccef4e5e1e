import { codeOf } from '../../check/caught.ts';
import { rangeError, typeError } from '../../check/errors.ts';
import { gatherAlong, type IndexArray, takeRows } from '../../native/indexing.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { Meta, Operation } from '../operation.ts';
import { runOperation } from '../operation.ts';
import { numelOf } from '../shape.ts';
import { elementsOfView, packedView, type View, viewOfAll } from '../view.ts';
import { around } from './around.ts';
import { narrow, permute } from './views.ts';

function requireIndices({ dtype }: Meta, sentence: string): void {
  if (dtype === 'int64' || dtype === 'int32') return;
  throw typeError('ERR_CONV1D_DTYPE', `${sentence}, but got ${dtype}`);
}

/** Elements along a dimension by an index for each of them, as torch.gather. Inputs: x, the indices. */
export const gather: Operation<{ readonly dim: number }> = {
  name: 'gather',
  infer: ([x, index], { dim }) => {
    requireIndices(index!, 'gather(): Expected dtype int64 for index');
    // A tensor without dimensions counts as one of one element.
    if (Math.max(index!.shape.length, 1) !== Math.max(x!.shape.length, 1) && numelOf(index!.shape) > 0) {
      throw rangeError('ERR_CONV1D_SHAPE', 'Index tensor must have the same number of dimensions as input tensor');
    }
    const tooLarge = index!.shape.findIndex((size, each) => each !== dim && size > x!.shape[each]!);
    if (tooLarge >= 0 && numelOf(index!.shape) > 0) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `Size does not match at dimension ${tooLarge} expected index [${index!.shape.join(', ')}] to be smaller than self [${x!.shape.join(', ')}] apart from dimension ${dim}`,
      );
    }
    return { dtype: x!.dtype, shape: index!.shape };
  },
  run: ([x, index], { dim }, { dtype, shape }) => {
    const numel = numelOf(shape);
    const out = allocateResult(dtype, numel);
    if (numel > 0) {
      const part = shape.reduce<View>(
        (view, size, each) =>
          each === dim || size === view.shape[each]
            ? view
            : runOperation(narrow, [view], { dim: each, start: 0, length: size }),
        x!,
      );
      const { outer, count, inner } = around(part.shape, dim);
      const indices = elementsOfView(index!) as IndexArray;
      named(
        () => gatherAlong({ outer, count, inner }, shape[dim] ?? 1, elementsOfView(part), indices, out),
        (wrong) => `index ${wrong} is out of bounds for dimension ${dim} with size ${count}`,
        indices,
        count,
      );
    }
    return viewOfAll(out, dtype, shape);
  },
};

/** Rows of a dimension by their indices, as torch.index_select. Inputs: x, a vector of indices. */
export const indexSelect: Operation<{ readonly dim: number }> = {
  name: 'index_select',
  infer: ([x, index], { dim }) => {
    requireIndices(index!, 'index_select(): Expected dtype int32 or int64 for index');
    if (index!.shape.length > 1) {
      throw rangeError('ERR_CONV1D_SHAPE', 'index_select(): Index is supposed to be a vector');
    }
    const count = index!.shape[0] ?? 1;
    const { shape } = x!;
    if (shape.length === 0 && count !== 1) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `index_select(): Index to scalar can have only 1 value, got ${count} value(s)`,
      );
    }
    return { dtype: x!.dtype, shape: Object.freeze(shape.length === 0 ? [] : shape.with(dim, count)) };
  },
  run: ([x, index], { dim }, { dtype, shape }) => {
    const order = [dim, ...x!.shape.map((_, each) => each).filter((each) => each !== dim)];
    const first = x!.shape.length === 0 || dim === 0 ? x! : runOperation(permute, [x!], { dims: order });
    const rows = first.shape[0] ?? 1;
    const taken = takenRows(first, index!, rows, 'index out of range in self');
    const moved = viewOfAll(taken, dtype, Object.freeze(order.map((each) => shape[each] ?? 1)));
    if (x!.shape.length === 0) return viewOfAll(taken, dtype, shape);
    const dims = shape.map((_, each) => order.indexOf(each));
    return dim === 0 ? moved : packedView(runOperation(permute, [moved], { dims }));
  },
};

/** Rows of x, which is (rows, ...), one after the other. RangeError ERR_CONV1D_VALUE, with the sentence, when an index is none of a row. */
export function takenRows(x: View, index: View, rows: number, sentence: string) {
  const width = rows === 0 ? 0 : x.numel / rows;
  const out = allocateResult(x.dtype, width * index.numel);
  const indices = elementsOfView(index) as IndexArray;
  named(
    () => takeRows(rows, width, elementsOfView(x), indices, out),
    () => sentence,
    indices,
    rows,
  );
  return out;
}

/** Has a wrong index told in torch's words. */
function named(
  compute: () => void,
  sentence: (wrong: number | bigint) => string,
  indices: IndexArray,
  limit: number,
): void {
  try {
    compute();
  } catch (error) {
    if (codeOf(error) !== 'ERR_CONV1D_VALUE') throw error;
    const wrong = (indices as ArrayLike<number | bigint> as readonly (number | bigint)[]).find(
      (index) => index < 0 || index >= limit,
    );
    throw rangeError('ERR_CONV1D_VALUE', sentence(wrong ?? limit));
  }
}
