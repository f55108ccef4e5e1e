import { channelGradients, groupGradients, type NormGradients, rowGradients } from '../../native/normGradients.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { affine } from '../../nn/ops/channelwise.ts';
import { groupNorm, layerNorm } from '../../nn/ops/norms.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';
import { defineRule } from '../rule.ts';

// Through the statistics: x changes the mean and the deviation that it is normed with.

type Metas = readonly (Meta | undefined)[];

/** Memory for the gradients of x, weight and bias; zeros, since of nothing nobody writes any. */
export function wanted(inputs: Metas, needs: readonly boolean[]): (FloatArray | null)[] {
  return inputs.map((input, i) => {
    if (!needs[i]) return null;
    const numel = numelOf(input!.shape);
    const memory = allocateResult(input!.dtype as FloatDtype, numel);
    return numelOf(inputs[0]!.shape) === 0 ? memory.fill(0) : memory;
  });
}

export function viewsOf(memories: readonly (FloatArray | null)[], inputs: Metas): (View | null)[] {
  return memories.map((memory, i) => (memory === null ? null : viewOfAll(memory, inputs[i]!.dtype, inputs[i]!.shape)));
}

/** The gradients of x, weight and bias, which `compute` writes. */
function gradientsOf(inputs: Metas, needs: readonly boolean[], compute: (out: NormGradients) => void): (View | null)[] {
  const [x, weight, bias] = wanted(inputs, needs);
  if (numelOf(inputs[0]!.shape) > 0) compute({ x: x!, weight: weight ?? null, bias: bias ?? null });
  return viewsOf([x!, weight ?? null, bias ?? null], inputs);
}

defineRule(groupNorm, {
  name: ({ gradientName }) => gradientName,
  saves: ({ inputs: [x, weight] }) => [x, weight],
  backward: ({ attributes: { groups, eps }, inputs, needs, saved: [x, weight] }, gradient) => {
    const [batch, channels] = x!.shape as [number, number];
    const sizes = { batch, groups, channels: channels / groups, length: numelOf(x!.shape.slice(2)) };
    return gradientsOf(inputs, needs, (out) =>
      groupGradients(sizes, eps, floatsOfView(gradient), floatsOfView(x!), weight ? floatsOfView(weight) : null, out),
    );
  },
});

defineRule(layerNorm, {
  name: 'NativeLayerNormBackward0',
  saves: ({ inputs: [x, weight] }) => [x, weight],
  backward: ({ attributes: { count, eps }, inputs, needs, saved: [x, weight] }, gradient) =>
    gradientsOf(inputs, needs, (out) =>
      rowGradients(
        x!.numel / count,
        count,
        eps,
        floatsOfView(gradient),
        floatsOfView(x!),
        weight ? floatsOfView(weight) : null,
        out,
      ),
    ),
});

defineRule(affine, {
  name: ({ normed }) => normed!.gradientName,
  saves: ({ inputs: [x] }) => [x],
  backward: ({ attributes: { a, channelDim, normed }, inputs, needs, saved: [x] }, gradient) => {
    const { mean, rstd, areOfInput } = normed!;
    const batch = numelOf(x!.shape.slice(0, channelDim));
    const length = numelOf(x!.shape.slice(channelDim + 1));
    return gradientsOf(inputs, needs, (out) =>
      channelGradients(
        batch,
        a.length,
        length,
        areOfInput,
        floatsOfView(gradient),
        floatsOfView(x!),
        mean,
        rstd,
        a,
        out,
      ),
    );
  },
});
