import { runOperation } from '../../tensor/operation.ts';
import { converted } from '../../tensor/ops/convert.ts';
import { maximum, minimum } from '../../tensor/ops/elementwise.ts';
import { max, min } from '../../tensor/ops/extreme.ts';
import { amax, amin, sum } from '../../tensor/ops/reduce.ts';
import { chosen, over, replaced, times } from '../algebra.ts';
import { above, below, equal, isNan } from '../masks.ts';
import { defineMultiRule, defineRule } from '../rule.ts';
import { scatteredOne } from '../scatter.ts';
import { spread, sumTo } from '../shapes.ts';

// Of two elements: each has half where both are the same.
for (const [operation, name, loses] of [
  [maximum, 'Maximum', below],
  [minimum, 'Minimum', above],
] as const) {
  defineRule(operation, {
    name: `${name}Backward0`,
    saves: ({ inputs }) => inputs,
    backward: ({ inputs, needs, saved: [x, y] }, gradient) => {
      const shared = chosen(equal(x!, y!), times(gradient, 0.5), gradient);
      return [
        needs[0] ? sumTo(replaced(loses(x!, y!), shared, 0), inputs[0]!) : null,
        needs[1] ? sumTo(replaced(loses(y!, x!), shared, 0), inputs[1]!) : null,
      ];
    },
  });
}

// Of some dimensions: all that are the extreme have equal shares.
for (const [operation, name, called] of [
  [amax, 'Amax', 'Max'],
  [amin, 'Amin', 'Min'],
] as const) {
  defineRule(operation, {
    name: ({ isExtreme }) => (isExtreme ? `${called}Backward1` : `${name}Backward0`),
    saves: ({ inputs: [x], results: [result] }) => [x, result],
    backward: ({ attributes: { dims, keepdim, isExtreme }, saved: [x, result] }, gradient) => {
      const { dtype, shape } = x!;
      const extreme = spread(result!, shape, dims, keepdim);
      // Of max() and min(), NaN is the extreme; amax() and amin() find none then, as in torch.
      const mask = converted(
        isExtreme && result!.numel === 1 && isNan(result!).storage[0] === 1 ? isNan(x!) : equal(x!, extreme),
        dtype,
      );
      const count = runOperation(sum, [mask], { dims, keepdim: true });
      return [over(times(spread(gradient, shape, dims, keepdim), mask), count)];
    },
  });
}

// Of one dimension: the one that was found has all.
for (const [operation, name] of [
  [max, 'Max'],
  [min, 'Min'],
] as const) {
  defineMultiRule(operation, {
    name: `${name}Backward0`,
    saves: ({ results: [, indices] }) => [indices],
    backward: ({ attributes: { dim, keepdim }, inputs: [x], saved: [indices] }, [gradient]) => [
      gradient ? scatteredOne(gradient, indices!, x!, dim, keepdim) : null,
    ],
  });
}
