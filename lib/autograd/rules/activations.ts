import * as activations from '../../nn/ops/activations.ts';
import { type Operation, runOperation } from '../../tensor/operation.ts';
import { erf, exp, NO_PARAMETERS, sigmoid, tanh, type UnaryAttributes } from '../../tensor/ops/unary.ts';
import type { View } from '../../tensor/view.ts';
import { chosen, negative, over, plus, times } from '../algebra.ts';
import { above, below, both } from '../masks.ts';
import { defineRule } from '../rule.ts';

/** The gradient, of the gradient of the result and what was given; a and b are the parameters. */
type Derivative = (gradient: View, x: View, attributes: UnaryAttributes) => View;

const apply = (operation: Operation<UnaryAttributes>, x: View): View => runOperation(operation, [x], NO_PARAMETERS);

const DERIVATIVES: readonly (readonly [Operation<UnaryAttributes>, name: string, Derivative])[] = [
  [activations.leakyRelu, 'LeakyRelu', (g, x, { a: slope }) => chosen(above(x, 0), g, times(g, slope))],
  [activations.elu, 'Elu', (g, x, { a: alpha }) => chosen(above(x, 0), g, times(times(g, alpha), apply(exp, x)))],
  [activations.gelu, 'Gelu', gelu],
  [activations.geluTanh, 'Gelu', geluTanh],
  [activations.silu, 'Silu', silu],
  [activations.softplus, 'Softplus', softplus],
  [activations.hardtanh, 'Hardtanh', (g, x, { a, b }) => chosen(both(above(x, a), below(x, b)), g, 0)],
];

for (const [operation, name, derivative] of DERIVATIVES) {
  defineRule(operation, {
    name: `${name}Backward0`,
    saves: ({ inputs }) => inputs,
    backward: ({ attributes, saved: [x] }, gradient) => [derivative(gradient, x!, attributes)],
  });
}

function gelu(gradient: View, x: View): View {
  const cdf = times(plus(apply(erf, times(x, Math.SQRT1_2)), 1), 0.5);
  const density = times(apply(exp, times(times(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return times(gradient, plus(cdf, times(x, density)));
}

function geluTanh(gradient: View, x: View): View {
  const [beta, kappa] = [Math.sqrt(2 / Math.PI), 0.044715];
  const square = times(x, x);
  const t = apply(tanh, times(plus(x, times(times(square, x), kappa)), beta));
  const left = times(plus(t, 1), 0.5);
  const inner = times(plus(times(square, 3 * kappa), 1), beta);
  return times(gradient, plus(left, times(times(times(x, 0.5), plus(negative(times(t, t)), 1)), inner)));
}

function silu(gradient: View, x: View): View {
  const s = apply(sigmoid, x);
  return times(times(gradient, s), plus(times(x, plus(negative(s), 1)), 1));
}

function softplus(gradient: View, x: View, { a: beta, b: threshold }: UnaryAttributes): View {
  const scaled = times(x, beta);
  const e = apply(exp, scaled);
  return chosen(above(scaled, threshold), gradient, over(times(gradient, e), plus(e, 1)));
}
