import type { Operation } from '../../tensor/operation.ts';
import { runOperation } from '../../tensor/operation.ts';
import type { UnaryAttributes } from '../../tensor/ops/unary.ts';
import * as unary from '../../tensor/ops/unary.ts';
import type { View } from '../../tensor/view.ts';
import { chosen, minus, negative, over, plus, replaced, times } from '../algebra.ts';
import { atLeast, atMost, both } from '../masks.ts';
import { defineRule } from '../rule.ts';

// Functions of one element. Their derivatives are computed as torch does it, of what was given or of what came out.

/** The gradient, of the gradient of the result and what was saved. */
type Derivative = (gradient: View, saved: View) => View;

const apply = (operation: Operation<UnaryAttributes>, x: View): View =>
  runOperation(operation, [x], unary.NO_PARAMETERS);

const TWO_OVER_ROOT_OF_PI = 2 / Math.sqrt(Math.PI);

const OF_INPUT: readonly (readonly [Operation<UnaryAttributes>, name: string, Derivative])[] = [
  [unary.abs, 'Abs', (g, x) => times(g, apply(unary.sign, x))],
  [unary.log, 'Log', (g, x) => over(g, x)],
  [unary.sin, 'Sin', (g, x) => times(g, apply(unary.cos, x))],
  [unary.cos, 'Cos', (g, x) => negative(times(g, apply(unary.sin, x)))],
  [unary.erf, 'Erf', (g, x) => times(times(apply(unary.exp, negative(times(x, x))), TWO_OVER_ROOT_OF_PI), g)],
  [unary.square, 'Pow', (g, x) => times(g, times(x, 2))],
  [unary.log1p, 'Log1P', (g, x) => over(g, plus(x, 1))],
];

const OF_RESULT: readonly (readonly [Operation<UnaryAttributes>, name: string, Derivative])[] = [
  [unary.relu, 'Relu', (g, y) => replaced(atMost(y, 0), g, 0)],
  [unary.sqrt, 'Sqrt', (g, y) => over(g, times(y, 2))],
  [unary.exp, 'Exp', (g, y) => times(g, y)],
  [unary.tanh, 'Tanh', (g, y) => times(g, plus(negative(times(y, y)), 1))],
  [unary.sigmoid, 'Sigmoid', (g, y) => times(times(g, plus(negative(y), 1)), y)],
  [unary.reciprocal, 'Reciprocal', (g, y) => negative(times(g, times(y, y)))],
  [unary.rsqrt, 'Rsqrt', (g, y) => times(times(g, -0.5), times(times(y, y), y))],
  [unary.expm1, 'Expm1', (g, y) => times(g, plus(y, 1))],
];

for (const [operation, name, derivative] of OF_INPUT) {
  defineRule(operation, {
    name: `${name}Backward0`,
    saves: ({ inputs }) => inputs,
    backward: ({ saved: [x] }, gradient) => [derivative(gradient, x!)],
  });
}

for (const [operation, name, derivative] of OF_RESULT) {
  defineRule(operation, {
    name: `${name}Backward0`,
    saves: ({ results }) => results,
    backward: ({ saved: [y] }, gradient) => [derivative(gradient, y!)],
  });
}

defineRule(unary.neg, { name: 'NegBackward0', backward: (_, gradient) => [negative(gradient)] });

// Steps: their gradient is zero.
for (const [operation, name] of [
  [unary.floor, 'Floor'],
  [unary.ceil, 'Ceil'],
  [unary.round, 'Round'],
  [unary.sign, 'Sign'],
] as const) {
  defineRule(operation, { name: `${name}Backward0`, backward: (_, gradient) => [minus(gradient, gradient)] });
}

defineRule(unary.clamp, {
  name: 'ClampBackward1',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes: { min, max }, saved: [x] }, gradient) => [
    chosen(both(atLeast(x!, min), atMost(x!, max)), gradient, 0),
  ],
});
