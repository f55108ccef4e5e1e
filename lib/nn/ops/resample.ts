import type { Layer } from '../../convolution/layer.ts';
import { copy } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { slabOver } from '../../tensor/slab.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** How many samples come of how many, and the filter of each of them. */
export interface ResampleAttributes {
  readonly from: number;
  readonly to: number;
  /** From one channel to `to`: the samples that come of the same `from`, in their order. Its stride is `from`. */
  readonly layer: Layer;
}

/** Signals at another rate: a convolution makes `to` samples at each step, which are put in a row. */
export const resample: Operation<ResampleAttributes> = {
  name: 'resample',
  infer: ([x], { from, to }) => {
    const { dtype, shape } = x!;
    return { dtype, shape: Object.freeze(shape.with(-1, Math.ceil((to * shape.at(-1)!) / from))) };
  },
  run: ([x], { to, layer }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) {
      const { signals, length, outLength, steps } = sizesOf(x!.shape, shape, layer);
      const rows = allocateResult(dtype as FloatDtype, signals * to * steps);
      layer.packed!(floatsOfView(x!), signals, length, rows, undefined);
      for (const { sizes, skipped } of pieces(signals, to, outLength)) {
        const strides = [to * steps, 1, steps];
        const source = { storage: rows, offset: skipped / to, strides };
        copy(sizes, source, { storage: out, offset: skipped, strides: [outLength, to, 1] });
      }
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [given], { to, layer }, [{ shape }]) => {
    const x = steps.contiguous(given!);
    const out = steps.result();
    const { signals, length, outLength, steps: count } = sizesOf(x.shape, shape, layer);
    const { padLeft, padRight } = layer.parameters;
    const rows = steps.temporary([signals, to, count]);
    steps.add([x], [rows], (program, place) =>
      program.convolution(layer.native, place(x), signals, length, padLeft, padRight, 0, place(rows), NO_STAGES),
    );
    for (const { sizes, skipped } of pieces(signals, to, outLength)) {
      const source = slabOver(rows, sizes, [to * count, 1, count], skipped / to);
      steps.copy(source, slabOver(out, sizes, [outLength, to, 1], skipped));
    }
    return [out];
  },
};

const NO_STAGES = new Float64Array(0);

function sizesOf(
  x: readonly number[],
  result: readonly number[],
  { fits }: Layer,
): { signals: number; length: number; outLength: number; steps: number } {
  const [signals, length] = [numelOf(x.slice(0, -1)), x.at(-1)!];
  return { signals, length, outLength: result.at(-1)!, steps: fits.of([signals, 1, length]).outShape.at(-1)! };
}

/** Results of whole steps, and those that are wanted of the last one: (signals, steps, to). */
function pieces(signals: number, to: number, outLength: number): { sizes: readonly number[]; skipped: number }[] {
  const whole = Math.floor(outLength / to);
  return [
    { sizes: [signals, whole, to], skipped: 0 },
    { sizes: [signals, 1, outLength % to], skipped: whole * to },
  ].filter(({ sizes }) => numelOf(sizes) > 0);
}
