import { batchGradients, groupGradients, type NormGradients, rowGradients } from '../../native/normGradients.ts';
import { affine } from '../../nn/ops/channelwise.ts';
import { groupNorm, layerNorm } from '../../nn/ops/norms.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, type View } from '../../tensor/view.ts';
import { viewsOf, wanted } from '../memory.ts';
import { defineRule } from '../rule.ts';

// Through the statistics: x changes the mean and the deviation that it is normed with.

/** The gradients of x, weight and bias, which `compute` writes. */
function gradientsOf(
  inputs: readonly (Meta | undefined)[],
  needs: readonly boolean[],
  compute: (out: NormGradients) => void,
): (View | null)[] {
  const [x, weight, bias] = wanted(inputs, needs);
  if (numelOf(inputs[0]!.shape) > 0) compute({ x: x!, weight: weight ?? null, bias: bias ?? null });
  return viewsOf([x!, weight ?? null, bias ?? null], inputs);
}

defineRule(groupNorm, {
  name: ({ gradientName }) => gradientName,
  saves: ({ inputs: [x, weight] }) => [x, weight],
  backward: ({ attributes: { groups, statistics }, inputs, needs, saved: [x, weight] }, gradient) => {
    const [batch, channels] = x!.shape as [number, number];
    const sizes = { batch, groups, channels: channels / groups, length: numelOf(x!.shape.slice(2)) };
    return gradientsOf(inputs, needs, (out) =>
      groupGradients(
        sizes,
        floatsOfView(gradient),
        floatsOfView(x!),
        statistics!,
        weight ? floatsOfView(weight) : null,
        out,
      ),
    );
  },
});

defineRule(layerNorm, {
  name: 'NativeLayerNormBackward0',
  saves: ({ inputs: [x, weight] }) => [x, weight],
  backward: ({ attributes: { count, statistics }, inputs, needs, saved: [x, weight] }, gradient) =>
    gradientsOf(inputs, needs, (out) =>
      rowGradients(
        x!.numel / count,
        count,
        floatsOfView(gradient),
        floatsOfView(x!),
        statistics!,
        weight ? floatsOfView(weight) : null,
        out,
      ),
    ),
});

defineRule(affine, {
  name: ({ normed }) => normed!.gradientName,
  saves: ({ attributes: { normed }, inputs: [x], needs }) => [normed!.areOfInput || needs[1] ? x : null],
  backward: ({ attributes: { a, channelDim, normed }, inputs, needs, saved: [x] }, gradient) => {
    const { mean, rstd, areOfInput } = normed!;
    const { shape } = inputs[0]!;
    const batch = numelOf(shape.slice(0, channelDim));
    const length = numelOf(shape.slice(channelDim + 1));
    const g = floatsOfView(gradient);
    return gradientsOf(inputs, needs, (out) =>
      batchGradients(
        batch,
        a.length,
        length,
        g,
        x ? floatsOfView(x) : g, // what was not saved counts for nothing
        { mean, rstd, scale: a, areOfInput },
        out,
      ),
    );
  },
});
