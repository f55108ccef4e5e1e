import { allocateResult } from '../../native/resultMemory.ts';
import { upsampleLinear, upsampleNearest } from '../../native/upsample.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** How the last dimension is made longer or shorter. */
export interface UpsampleAttributes {
  readonly outLength: number;
  /** The factor that was asked for; 0 when it was a length. */
  readonly scale: number;
  readonly mode: 'nearest' | 'linear';
  readonly alignCorners: boolean;
}

/** Signals of another length. */
export const upsample: Operation<UpsampleAttributes> = {
  name: 'interpolate',
  infer: ([x], { outLength }) => ({ dtype: x!.dtype, shape: Object.freeze(x!.shape.with(-1, outLength)) }),
  run: ([x], { outLength, scale, mode, alignCorners }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) {
      const sizes = { rows: out.length / outLength, length: x!.shape.at(-1)!, outLength, scale };
      if (mode === 'nearest') upsampleNearest(sizes, floatsOfView(x!), out);
      else upsampleLinear(sizes, alignCorners, floatsOfView(x!), out);
    }
    return viewOfAll(out, dtype, shape);
  },
};
