import { weightNormGradients } from '../../native/normGradients.ts';
import { weightNorm } from '../../nn/ops/weightNorm.ts';
import { around } from '../../tensor/ops/around.ts';
import { floatsOfView } from '../../tensor/view.ts';
import { viewsOf, wanted } from '../memory.ts';
import { defineRule } from '../rule.ts';

defineRule(weightNorm, {
  // torch composes the norms over dimensions in the middle, and over all.
  name: ({ dim }, [, v]) =>
    dim === 0 || dim === v!.shape.length - 1 ? 'WeightNormInterfaceBackward0' : 'MulBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes: { dim }, inputs, needs, saved: [g, v] }, gradient) => {
    const [ofG, ofV] = wanted(inputs, needs);
    const along = dim < 0 ? { outer: 1, count: 1, inner: v!.numel } : around(v!.shape, dim);
    weightNormGradients(along, floatsOfView(gradient), floatsOfView(g!), floatsOfView(v!), { g: ofG!, v: ofV! });
    return viewsOf([ofG!, ofV!], inputs);
  },
});
