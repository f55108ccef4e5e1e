import { rangeError, typeError } from '../../check/errors.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { elementsOfView, viewOfAll } from '../../tensor/view.ts';

type Numbers = number[] & bigint[];

/** How an element and the one put there combine. */
const REDUCTIONS = {
  none: (_: number, put: number) => put,
  add: (old: number, put: number) => old + put,
  mul: (old: number, put: number) => old * put,
  // NaN wins, as in onnxruntime and PyTorch.
  max: (old: number, put: number) => (old >= put || Number.isNaN(Number(old)) ? old : put),
  min: (old: number, put: number) => (old <= put || Number.isNaN(Number(old)) ? old : put),
} as const;

/** How a row and the one put there combine. */
export type Reduction = keyof typeof REDUCTIONS;

/** Copies x (rows, width) and puts rows where a vector of indices says, one after the other. Inputs: x, the indices, the rows. */
export const putRows: Operation<{ readonly reduction: Reduction }> = {
  name: 'put_rows',
  infer: ([x, index, given]) => {
    const [rows, width] = [index!.shape[0], x!.shape[1]];
    if (index!.dtype !== 'int64' && index!.dtype !== 'int32')
      throw typeError('ERR_CONV1D_DTYPE', `indices must be int64 or int32, but are ${index!.dtype}`);
    if (index!.shape.length === 1 && given!.shape.join() === `${rows},${width}` && given!.dtype === x!.dtype) return x!;
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${rows} rows of ${width} ${x!.dtype} are put, but got [${given!.shape.join(', ')}] of ${given!.dtype}`,
    );
  },
  run: ([x, index, given], { reduction }, { dtype, shape }) => {
    const [rows, width] = shape as [number, number];
    const out = allocateResult(dtype, numelOf(shape)) as ArrayLike<number | bigint> as Numbers;
    (out as unknown as Float32Array).set(elementsOfView(x!) as Float32Array);
    const from = elementsOfView(given!) as ArrayLike<number | bigint> as Numbers;
    const indices = elementsOfView(index!) as ArrayLike<number | bigint>;
    const join = REDUCTIONS[reduction] as (old: number, put: number) => number;
    for (let i = 0; i < indices.length; i++) {
      const row = Number(indices[i]);
      if (row < 0 || row >= rows)
        throw rangeError('ERR_CONV1D_VALUE', `index ${row} is out of bounds for ${rows} elements or rows`);
      for (let j = 0; j < width; j++) out[row * width + j] = join(out[row * width + j]!, from[i * width + j]!) as never;
    }
    return viewOfAll(out as never, dtype, shape);
  },
};
