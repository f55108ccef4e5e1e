import { copy } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { Operation } from '../operation.ts';
import { contiguousStrides, numelOf } from '../shape.ts';
import { stridesOfSlab } from '../slab.ts';
import { requireElements, stridesOf, viewOfAll } from '../view.ts';

/** Some dimensions from last to first; a copy, as in torch. */
export const flip: Operation<{ readonly dims: readonly number[] }> = {
  name: 'flip',
  infer: ([x]) => ({ dtype: x!.dtype, shape: x!.shape }),
  run: ([x], { dims }, { dtype, shape }) => {
    const out = allocateResult(dtype, x!.numel);
    if (x!.numel > 0) {
      requireElements(x!);
      const own = stridesOf(x!);
      const offset = dims.reduce((sum, dim) => sum + (shape[dim]! - 1) * own[dim]!, x!.offset);
      const strides = own.map((stride, dim) => (dims.includes(dim) ? 0 - stride : stride));
      copy(
        shape,
        { storage: x!.storage, offset, strides },
        { storage: out, offset: 0, strides: contiguousStrides(shape) },
      );
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [x], { dims }, [{ shape }]) => {
    const out = steps.result();
    if (numelOf(shape) === 0) return [out];
    const own = stridesOfSlab(x!);
    const offset = dims.reduce((sum, dim) => sum + (shape[dim]! - 1) * own[dim]!, 0);
    const strides = own.map((stride, dim) => (dims.includes(dim) ? 0 - stride : stride));
    steps.add([x!], [out], (program, place) =>
      program.copy(shape, place(x!), offset, strides, place(out), 0, contiguousStrides(shape)),
    );
    return [out];
  },
};
