import { typeError } from '../../check/errors.ts';
import * as native from '../../native/reductions.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { type FloatDtype, isFloatDtype, torchName } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { numelOf } from '../shape.ts';
import { slabOver, stridesOfSlab } from '../slab.ts';
import type { Slab } from '../steps.ts';
import { floatsOfView, viewOfAll } from '../view.ts';
import { movedFromEnd, movedToEnd } from './around.ts';

function softmaxOf(name: string, isLog: boolean, compute: typeof native.softmax): Operation<{ readonly dim: number }> {
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
    lower: (steps, [x], { dim }, [{ shape }]) => {
      const last = Math.max(shape.length - 1, 0);
      const order = [...shape.keys()].filter((each) => each !== dim);
      const dims = shape.length === 0 ? [] : [...order, dim];
      const out = steps.result();
      if (numelOf(shape) === 0) return [out];
      const moved = (slab: Slab) => {
        const strides = stridesOfSlab(slab);
        return slabOver(
          slab,
          dims.map((each) => shape[each]!),
          dims.map((each) => strides[each]!),
        );
      };
      const rows = steps.contiguous(moved(x!));
      const isMoved = dim < last;
      const sums = isMoved ? steps.temporary(rows.shape) : out;
      const count = shape[dim] ?? 1;
      steps.add([rows], [sums], (program, place) =>
        program.softmax(isLog, numelOf(shape) / count, count, place(rows), place(sums)),
      );
      if (isMoved) steps.copy(sums, moved(out));
      return [out];
    },
  };
}

export const softmax = softmaxOf('softmax', false, native.softmax);
export const logSoftmax = softmaxOf('log_softmax', true, native.logSoftmax);
