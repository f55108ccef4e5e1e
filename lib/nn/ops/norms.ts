import { normaliseGroups, normaliseRows } from '../../native/norms.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

interface NormAttributes {
  readonly eps: number;
  readonly weight: FloatArray | null;
  readonly bias: FloatArray | null;
}

/** Every group of channels of x (N, C, ...) with a mean of 0 and a variance of 1, then weight and bias for each channel. */
export const groupNorm: Operation<NormAttributes & { readonly groups: number }> = {
  name: 'group_norm',
  infer: ([x]) => ({ dtype: x!.dtype, shape: x!.shape }),
  run: ([x], { groups, eps, weight, bias }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, x!.numel);
    if (x!.numel > 0) {
      const [batch, channels] = shape as [number, number];
      const sizes = { batch, groups, channels: channels / groups, length: numelOf(shape.slice(2)) };
      normaliseGroups(sizes, eps, floatsOfView(x!), weight, bias, out);
    }
    return viewOfAll(out, dtype, shape);
  },
};

/** The last dimensions with a mean of 0 and a variance of 1, then weight and bias for each of their elements. */
export const layerNorm: Operation<NormAttributes & { readonly count: number }> = {
  name: 'layer_norm',
  infer: ([x]) => ({ dtype: x!.dtype, shape: x!.shape }),
  run: ([x], { count, eps, weight, bias }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, x!.numel);
    if (x!.numel > 0) normaliseRows(x!.numel / count, count, eps, floatsOfView(x!), weight, bias, out);
    return viewOfAll(out, dtype, shape);
  },
};
