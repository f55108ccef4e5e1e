import { allocateResult } from '../native/resultMemory.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import type { Meta } from '../tensor/operation.ts';
import { numelOf } from '../tensor/shape.ts';
import { type View, viewOfAll } from '../tensor/view.ts';

/** A gradient of zeros. */
export function zerosOf({ dtype, shape }: Meta): View {
  return viewOfAll(allocateResult(dtype as FloatDtype, numelOf(shape)).fill(0), dtype, shape);
}
