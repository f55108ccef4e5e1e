import { rangeError } from '../../check/errors.ts';
import { glu as compute } from '../../native/channelwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { around } from '../../tensor/ops/around.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** The first half of a dimension times the sigmoid of the second. */
export const glu: Operation<{ readonly dim: number }> = {
  name: 'glu',
  infer: ([x], { dim }) => {
    const { dtype, shape } = x!;
    if (shape.length === 0) {
      throw rangeError('ERR_CONV1D_SHAPE', 'glu does not support 0-dimensional tensors');
    }
    const size = shape[dim]!;
    if (size % 2 !== 0) {
      throw rangeError('ERR_CONV1D_SHAPE', `Halving dimension must be even, but dimension ${dim} is size ${size}`);
    }
    return { dtype, shape: Object.freeze(shape.with(dim, size / 2)) };
  },
  run: ([x], { dim }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    const { outer, count, inner } = around(shape, dim);
    if (out.length > 0) compute(outer, count, inner, floatsOfView(x!), out);
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [given], { dim }, [{ shape }]) => {
    const x = steps.contiguous(given!);
    const out = steps.result();
    const { outer, count, inner } = around(shape, dim);
    if (numelOf(shape) > 0) {
      steps.add([x], [out], (program, place) => program.glu(outer, count, inner, place(x), place(out)));
    }
    return [out];
  },
};
