import { runOperation } from '../../tensor/operation.ts';
import { pow } from '../../tensor/ops/pow.ts';
import { log, NO_PARAMETERS } from '../../tensor/ops/unary.ts';
import type { View } from '../../tensor/view.ts';
import { minus, replaced, times } from '../algebra.ts';
import { atLeast, both, equal } from '../masks.ts';
import { defineRule } from '../rule.ts';
import { sumTo } from '../shapes.ts';
import { zerosOf } from '../zeros.ts';

defineRule(pow, {
  name: ({ other }) => (other === undefined ? 'PowBackward1' : 'PowBackward0'),
  saves: ({ inputs: [x, y], results: [result], needs }) => [x, y, needs[1] ? result : null],
  backward: ({ attributes: { other }, inputs, needs, saved: [x, y, result] }, gradient) => [
    needs[0] ? sumTo(y ? ofBase(gradient, x!, y) : ofNumber(gradient, x!, Number(other)), inputs[0]!) : null,
    needs[1] ? sumTo(ofExponent(gradient, x!, y!, result!), inputs[1]!) : null,
  ],
});

function ofNumber(gradient: View, x: View, exponent: number): View {
  if (exponent === 0) return zerosOf(x);
  return times(gradient, times(runOperation(pow, [x], { other: exponent - 1 }), exponent));
}

/** To the power of 0, everything is 1. */
function ofBase(gradient: View, x: View, y: View): View {
  const slope = times(y, runOperation(pow, [x, minus(y, 1)], {}));
  return replaced(equal(y, 0), times(gradient, slope), 0);
}

/** Of zero, to any power that is not negative, torch takes 0. */
function ofExponent(gradient: View, x: View, y: View, result: View): View {
  const slope = times(result, runOperation(log, [x], NO_PARAMETERS));
  return times(gradient, replaced(both(equal(x, 0), atLeast(y, 0)), slope, 0));
}
