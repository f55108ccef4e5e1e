import { typeError } from '../../check/errors.ts';
import * as native from '../../native/reductions.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { type FloatDtype, isFloatDtype, torchName } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { floatsOfView, viewOfAll } from '../view.ts';
import { movedFromEnd, movedToEnd } from './around.ts';

function softmaxOf(name: string, compute: typeof native.softmax): Operation<{ readonly dim: number }> {
  return {
    name,
    infer: ([x]) => {
      if (!isFloatDtype(x!.dtype)) {
        throw typeError(
          'ERR_CONV1D_DTYPE',
          `"${name}_lastdim_kernel_impl" not implemented for '${torchName(x!.dtype)}'; convert it with to('float32')`,
        );
      }
      return { dtype: x!.dtype, shape: x!.shape };
    },
    run: ([x], { dim }, { dtype }) => {
      const moved = movedToEnd(x!, dim);
      const elements = floatsOfView(moved);
      const out = allocateResult(dtype as FloatDtype, elements.length);
      const count = moved.shape.at(-1) ?? 1;
      if (count > 0) compute(elements.length / count, count, elements, out);
      return movedFromEnd(viewOfAll(out, dtype, moved.shape), dim);
    },
  };
}

export const softmax = softmaxOf('softmax', native.softmax);
export const logSoftmax = softmaxOf('log_softmax', native.logSoftmax);
