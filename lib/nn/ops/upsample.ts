import { rangeError } from '../../check/errors.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { upsampleLinear, upsampleNearest } from '../../native/upsample.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** How the last dimension is made longer or shorter. */
export interface UpsampleAttributes {
  /** The length that was asked for; null where a factor was. */
  readonly size: number | null;
  /** The factor that was asked for; 0 when it was a length. */
  readonly scale: number;
  readonly mode: 'nearest' | 'linear';
  readonly alignCorners: boolean;
}

/** Signals of another length. */
export const upsample: Operation<UpsampleAttributes> = {
  name: 'interpolate',
  infer: ([x], { size, scale }) => {
    const length = x!.shape.at(-1)!;
    const outLength = size ?? Math.floor(length * scale);
    if (length > 0 && outLength > 0) return { dtype: x!.dtype, shape: Object.freeze(x!.shape.with(-1, outLength)) };
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Input and output sizes should be greater than 0, but got input (W: ${length}) and output (W: ${outLength})`,
    );
  },
  run: ([x], { scale, mode, alignCorners }, { dtype, shape }) => {
    const outLength = shape.at(-1)!;
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) {
      const sizes = { rows: out.length / outLength, length: x!.shape.at(-1)!, outLength, scale };
      if (mode === 'nearest') upsampleNearest(sizes, floatsOfView(x!), out);
      else upsampleLinear(sizes, alignCorners, floatsOfView(x!), out);
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [given], { scale, mode, alignCorners }, [{ shape }]) => {
    const outLength = shape.at(-1)!;
    const x = steps.contiguous(given!);
    const out = steps.result();
    const [rows, length] = [numelOf(shape.slice(0, -1)), x.shape.at(-1)!];
    steps.add([x], [out], (program, place) => {
      if (mode === 'nearest') program.upsampleNearest(rows, length, outLength, scale, place(x), place(out));
      else program.upsampleLinear(rows, length, outLength, alignCorners, scale, place(x), place(out));
    });
    return [out];
  },
};
