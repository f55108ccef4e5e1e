import { normaliseGroups, normaliseRows } from '../../native/norms.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { Slab, Steps } from '../../tensor/steps.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** What norms have in common. They learn weight and bias. */
export interface NormAttributes {
  readonly eps: number;
  readonly weight: FloatArray | null;
  readonly bias: FloatArray | null;
  /** Room for what the gradient needs of the statistics; null where there is no gradient to come. */
  readonly statistics: FloatArray | null;
}

export interface GroupNormAttributes extends NormAttributes {
  readonly groups: number;
  /** What torch calls the gradient. */
  readonly gradientName: string;
}

/** Every group of channels of x (N, C, ...) with a mean of 0 and a variance of 1, then weight and bias for each channel. */
export const groupNorm: Operation<GroupNormAttributes> = {
  name: 'group_norm',
  infer: ([x]) => ({ dtype: x!.dtype, shape: x!.shape }),
  run: ([x], { groups, eps, weight, bias, statistics }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, x!.numel);
    if (x!.numel > 0) {
      const [batch, channels] = shape as [number, number];
      const sizes = { batch, groups, channels: channels / groups, length: numelOf(shape.slice(2)) };
      normaliseGroups(sizes, eps, floatsOfView(x!), weight, bias, out, statistics);
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [x], { groups, ...attributes }, [{ shape }]) => {
    const [batch, channels] = shape as [number, number];
    const sizes = [batch, groups, channels / groups, numelOf(shape.slice(2))] as const;
    return [lowerNorm(steps, x!, sizes, attributes, false)];
  },
};

/** The last dimensions with a mean of 0 and a variance of 1, then weight and bias for each of their elements. */
export const layerNorm: Operation<NormAttributes & { readonly count: number }> = {
  name: 'layer_norm',
  infer: ([x]) => ({ dtype: x!.dtype, shape: x!.shape }),
  run: ([x], { count, eps, weight, bias, statistics }, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, x!.numel);
    if (x!.numel > 0) normaliseRows(x!.numel / count, count, eps, floatsOfView(x!), weight, bias, out, statistics);
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [x], { count, ...attributes }) => [
    lowerNorm(steps, x!, [numelOf(x!.shape) / count, 1, 1, count], attributes, true),
  ],
};

function lowerNorm(
  steps: Steps,
  given: Slab,
  sizes: readonly [batch: number, groups: number, channels: number, length: number],
  { eps, weight, bias }: NormAttributes,
  areElementwise: boolean,
): Slab {
  const x = steps.contiguous(given);
  const out = steps.result();
  const [w, b] = [weight, bias].map((values) => (values === null ? null : steps.constant(values)));
  const known = [w, b].filter((slab) => slab !== null && slab !== undefined);
  steps.add([x, ...known], [out], (program, place) => {
    const placeOf = (slab: Slab | null | undefined) => (slab ? place(slab) : -1);
    program.normalise(...sizes, eps, place(x), placeOf(w), placeOf(b), areElementwise, place(out));
  });
  return out;
}
