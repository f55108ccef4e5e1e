import { runOperation } from '../../tensor/operation.ts';
import { dot } from '../../tensor/ops/dot.ts';
import { mul } from '../../tensor/ops/elementwise.ts';
import { mean, sum } from '../../tensor/ops/reduce.ts';
import { numelOf } from '../../tensor/shape.ts';
import { defineRule } from '../rule.ts';
import { spread } from '../shapes.ts';

defineRule(sum, {
  name: ({ areAll }) => (areAll ? 'SumBackward0' : 'SumBackward1'),
  backward: ({ attributes: { dims, keepdim }, inputs: [x] }, gradient) => [spread(gradient, x!.shape, dims, keepdim)],
});

defineRule(mean, {
  name: ({ areAll }) => (areAll ? 'MeanBackward0' : 'MeanBackward1'),
  backward: ({ attributes: { dims, keepdim }, inputs: [x], results: [result] }, gradient) => {
    const share = numelOf(result!.shape) / numelOf(x!.shape);
    return [spread(runOperation(mul, [gradient], { other: share }), x!.shape, dims, keepdim)];
  },
});

defineRule(dot, {
  name: 'DotBackward0',
  saves: ({ inputs: [x, y], needs }) => [needs[1] ? x : null, needs[0] ? y : null],
  backward: ({ saved: [x, y] }, gradient) =>
    [y, x].map((other) => (other ? runOperation(mul, [other, gradient], {}) : null)),
});
