import { where } from '../../tensor/ops/where.ts';
import { chosen, replaced } from '../algebra.ts';
import { defineRule } from '../rule.ts';
import { sumTo } from '../shapes.ts';

defineRule(where, {
  name: 'WhereBackward0',
  saves: ({ inputs: [condition] }) => [condition],
  backward: ({ inputs: [, x, y], needs, saved: [condition] }, gradient) => [
    null,
    needs[1] ? sumTo(chosen(condition!, gradient, 0), x!) : null,
    needs[2] ? sumTo(replaced(condition!, gradient, 0), y!) : null,
  ],
});
