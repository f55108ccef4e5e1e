import { rangeError } from '../../check/errors.ts';
import { glu as compute } from '../../native/channelwise.ts';
import { binaryIndex } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { around } from '../../tensor/ops/around.ts';
import { contiguousStrides, numelOf } from '../../tensor/shape.ts';
import { slabOver, stridesOfSlab } from '../../tensor/slab.ts';
import type { Slab } from '../../tensor/steps.ts';
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
  lower: (steps, [x], { dim }, [{ shape }]) => {
    const strides = stridesOfSlab(x!);
    const [first, second] = [0, 1].map((half) =>
      // The kernels read elements that lie side by side.
      steps.contiguous(slabOver(x!, shape, strides, half * shape[dim]! * strides[dim]!)),
    ) as [Slab, Slab];
    const out = steps.result();
    steps.add([first, second], [out], (program, place) => {
      const own = contiguousStrides(shape);
      program.binary(binaryIndex('gate'), shape, place(first), 0, own, place(second), 0, own, place(out));
    });
    return [out];
  },
};
