import type { ElementGradient } from '../../native/gradients.ts';
import type { Operation } from '../../tensor/operation.ts';
import type { UnaryAttributes } from '../../tensor/ops/unary.ts';
import * as unary from '../../tensor/ops/unary.ts';
import { negative, over, times } from '../algebra.ts';
import { defineElementRule, type Of } from '../elements.ts';
import { defineRule } from '../rule.ts';
import { zerosOf } from '../zeros.ts';

// Functions of one element. Their derivatives are computed as torch does it, of what was given or of what came out.

const ELEMENT_RULES: readonly (readonly [Operation<UnaryAttributes>, torchsName: string, Of, ElementGradient])[] = [
  [unary.abs, 'Abs', 'input', 'abs'],
  [unary.relu, 'Relu', 'result', 'relu'],
  [unary.sqrt, 'Sqrt', 'result', 'sqrt'],
  [unary.square, 'Pow', 'input', 'square'],
  [unary.reciprocal, 'Reciprocal', 'result', 'reciprocal'],
  [unary.rsqrt, 'Rsqrt', 'result', 'rsqrt'],
  [unary.sin, 'Sin', 'input', 'sin'],
  [unary.cos, 'Cos', 'input', 'cos'],
  [unary.tanh, 'Tanh', 'result', 'tanh'],
  [unary.sigmoid, 'Sigmoid', 'result', 'sigmoid'],
  [unary.erf, 'Erf', 'input', 'erf'],
  [unary.expm1, 'Expm1', 'result', 'expm1'],
  [unary.log1p, 'Log1P', 'input', 'log1p'],
];

for (const [operation, torchsName, of, name] of ELEMENT_RULES) {
  defineElementRule(operation, `${torchsName}Backward0`, of, name, () => unary.NO_PARAMETERS);
}

defineElementRule(unary.clamp, 'ClampBackward1', 'input', 'clamp', ({ min, max }) => ({ a: min, b: max }));

defineRule(unary.neg, { name: 'NegBackward0', backward: (_, gradient) => [negative(gradient)] });

defineRule(unary.exp, {
  name: 'ExpBackward0',
  saves: ({ results }) => results,
  backward: ({ saved: [y] }, gradient) => [times(gradient, y!)],
});

defineRule(unary.log, {
  name: 'LogBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ saved: [x] }, gradient) => [over(gradient, x!)],
});

// Steps: their gradient is zero.
for (const [operation, torchsName] of [
  [unary.floor, 'Floor'],
  [unary.ceil, 'Ceil'],
  [unary.round, 'Round'],
  [unary.sign, 'Sign'],
] as const) {
  defineRule(operation, { name: `${torchsName}Backward0`, backward: ({ inputs: [x] }) => [zerosOf(x!)] });
}
