import { runOperation } from '../../tensor/operation.ts';
import { add, mul, sub } from '../../tensor/ops/elementwise.ts';
import { NO_PARAMETERS, neg } from '../../tensor/ops/unary.ts';
import { defineRule } from '../rule.ts';
import { sumTo } from '../shapes.ts';

// Of two tensors, or of one and a number, which lies among the attributes.

defineRule(add, {
  name: 'AddBackward0',
  backward: ({ inputs, needs }, gradient) => inputs.map((input, i) => (needs[i] ? sumTo(gradient, input!) : null)),
});

defineRule(sub, {
  name: 'SubBackward0',
  backward: ({ inputs: [x, y], needs }, gradient) => [
    needs[0] ? sumTo(gradient, x!) : null,
    needs[1] ? sumTo(runOperation(neg, [gradient], NO_PARAMETERS), y!) : null,
  ],
});

defineRule(mul, {
  name: 'MulBackward0',
  saves: ({ inputs: [x, y], needs }) => [needs[1] ? x : null, needs[0] ? y : null],
  backward: ({ attributes, inputs: [x, y], needs, saved: [left, right] }, gradient) => [
    needs[0] ? sumTo(runOperation(mul, right ? [gradient, right] : [gradient], attributes), x!) : null,
    needs[1] ? sumTo(runOperation(mul, [gradient, left!], {}), y!) : null,
  ],
});
