import { allocateResult } from '../native/resultMemory.ts';
import type { FloatArray, FloatDtype } from '../tensor/dtype.ts';
import type { Meta } from '../tensor/operation.ts';
import { numelOf } from '../tensor/shape.ts';
import { type View, viewOfAll } from '../tensor/view.ts';

// For gradients that native code writes, several at a time.

type Metas = readonly (Meta | undefined)[];

/** Memory for the gradient of each input that needs one; zeros where there is no element, and nobody writes any. */
export function wanted(inputs: Metas, needs: readonly boolean[]): (FloatArray | null)[] {
  const isEmpty = inputs.some((input) => input !== undefined && numelOf(input.shape) === 0);
  return inputs.map((input, i) => {
    if (input === undefined || !needs[i]) return null;
    const memory = allocateResult(input.dtype as FloatDtype, numelOf(input.shape));
    return isEmpty ? memory.fill(0) : memory;
  });
}

/** That memory as gradients. */
export function viewsOf(memories: readonly (FloatArray | null)[], inputs: Metas): (View | null)[] {
  return memories.map((memory, i) => {
    if (memory === null) return null;
    const { dtype, shape } = inputs[i]!;
    return viewOfAll(memory, dtype, shape);
  });
}
