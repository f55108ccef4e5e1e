import { softmaxGradient } from '../../native/gradients.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { around } from '../../tensor/ops/around.ts';
import { logSoftmax, softmax } from '../../tensor/ops/softmax.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';
import { defineRule } from '../rule.ts';

for (const [operation, name, isLog] of [
  [softmax, 'SoftmaxBackward0', false],
  [logSoftmax, 'LogSoftmaxBackward0', true],
] as const) {
  defineRule(operation, {
    name,
    saves: ({ results }) => results,
    backward: ({ attributes: { dim }, saved: [y] }, gradient) => [along(isLog, y!, gradient, dim)],
  });
}

/** Over one dimension. */
function along(isLog: boolean, y: View, gradient: View, dim: number): View {
  const { dtype, shape, numel } = y;
  const out = allocateResult(dtype as FloatDtype, numel);
  softmaxGradient(isLog, around(shape, dim), floatsOfView(y), floatsOfView(gradient), out);
  return viewOfAll(out, dtype, shape);
}
