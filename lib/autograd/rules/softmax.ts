import { runOperation } from '../../tensor/operation.ts';
import { logSoftmax, softmax } from '../../tensor/ops/softmax.ts';
import { exp, NO_PARAMETERS } from '../../tensor/ops/unary.ts';
import { minus, sumAlong, times } from '../algebra.ts';
import { defineRule } from '../rule.ts';

defineRule(softmax, {
  name: 'SoftmaxBackward0',
  saves: ({ results }) => results,
  backward: ({ attributes: { dim }, saved: [y] }, gradient) => {
    const weighted = times(gradient, y!);
    return [minus(weighted, times(y!, sumAlong(weighted, dim)))];
  },
});

defineRule(logSoftmax, {
  name: 'LogSoftmaxBackward0',
  saves: ({ results }) => results,
  backward: ({ attributes: { dim }, saved: [y] }, gradient) => [
    minus(gradient, times(runOperation(exp, [y!], NO_PARAMETERS), sumAlong(gradient, dim))),
  ],
});
