import { gateGradient } from '../../native/gradients.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { glu } from '../../nn/ops/glu.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { around } from '../../tensor/ops/around.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';
import { defineRule } from '../rule.ts';

defineRule(glu, {
  name: 'GluBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes: { dim }, results: [result], saved: [x] }, gradient) => {
    const { outer, count, inner } = around(result!.shape, dim);
    const out = allocateResult(x!.dtype as FloatDtype, x!.numel);
    gateGradient(outer, count * inner, floatsOfView(x!), floatsOfView(gradient), out);
    return [viewOfAll(out, x!.dtype, x!.shape)];
  },
});
