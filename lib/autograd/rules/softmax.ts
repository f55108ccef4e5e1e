import { softmaxGradient } from '../../native/gradients.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { movedFromEnd, movedToEnd } from '../../tensor/ops/around.ts';
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
    backward: ({ attributes: { dim }, saved: [y] }, gradient) => [ofRows(isLog, y!, gradient, dim)],
  });
}

/** Over the rows that lie along a dimension. */
function ofRows(isLog: boolean, y: View, gradient: View, dim: number): View {
  const moved = movedToEnd(y, dim);
  const out = allocateResult(y.dtype as FloatDtype, y.numel);
  const count = moved.shape.at(-1) ?? 1;
  const rows = count === 0 ? 0 : y.numel / count;
  softmaxGradient(isLog, rows, count, floatsOfView(moved), floatsOfView(movedToEnd(gradient, dim)), out);
  return movedFromEnd(viewOfAll(out, y.dtype, moved.shape), dim);
}
