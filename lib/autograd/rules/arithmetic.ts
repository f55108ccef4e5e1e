import { runOperation } from '../../tensor/operation.ts';
import { add, div, mul, sub } from '../../tensor/ops/elementwise.ts';
import { negative, over, times } from '../algebra.ts';
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
    needs[1] ? sumTo(negative(gradient), y!) : null,
  ],
});

defineRule(mul, {
  name: 'MulBackward0',
  saves: ({ inputs: [x, y], needs }) => [needs[1] ? x : null, needs[0] ? y : null],
  backward: ({ attributes, inputs: [x, y], needs, saved: [left, right] }, gradient) => [
    needs[0] ? sumTo(runOperation(mul, right ? [gradient, right] : [gradient], attributes), x!) : null,
    needs[1] ? sumTo(times(gradient, left!), y!) : null,
  ],
});

defineRule(div, {
  name: 'DivBackward0',
  saves: ({ inputs: [x, y], needs }) => [needs[1] ? x : null, y],
  backward: ({ attributes, inputs: [x, y], needs, saved: [dividend, divisor] }, gradient) => [
    needs[0] ? sumTo(runOperation(div, divisor ? [gradient, divisor] : [gradient], attributes), x!) : null,
    needs[1] ? sumTo(times(negative(gradient), over(over(dividend!, divisor!), divisor!)), y!) : null,
  ],
});
