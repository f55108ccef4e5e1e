import type { Operation } from '../../tensor/operation.ts';
import * as comparisons from '../../tensor/ops/compare.ts';
import { type ElementwiseAttributes, maximum, minimum } from '../../tensor/ops/elementwise.ts';
import { where } from '../../tensor/ops/where.ts';
import type { Operator, Operators } from '../operator.ts';
import { type Any, converted, run } from './tensors.ts';

function ofTwo(operation: Operation<ElementwiseAttributes>): Operator {
  return { inputs: [2, 2], run: (call) => run(operation, [call.tensor(0), call.tensor(1)], {}) };
}

function infinite(x: Any, positive: boolean, negative: boolean): Any {
  const [above, below] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((other) =>
    run(comparisons.eq, [x], { other }),
  ) as [Any, Any];
  if (positive && negative) return run(maximum, [above, below], {});
  if (positive || negative) return positive ? above : below;
  return run(minimum, [above, below], {}); // nothing is both
}

/** Comparisons, and operators on bools. */
export const logic: Operators = {
  Equal: ofTwo(comparisons.eq),
  Less: ofTwo(comparisons.lt),
  LessOrEqual: ofTwo(comparisons.le),
  Greater: ofTwo(comparisons.gt),
  GreaterOrEqual: ofTwo(comparisons.ge),
  And: ofTwo(minimum),
  Or: ofTwo(maximum),
  Xor: ofTwo(comparisons.ne),
  Not: { inputs: [1, 1], run: (call) => run(comparisons.eq, [call.tensor(0)], { other: false }) },
  IsNaN: { inputs: [1, 1], run: (call) => run(comparisons.ne, [call.tensor(0), call.tensor(0)], {}) },
  IsInf: {
    inputs: [1, 1],
    attributes: ['detect_positive', 'detect_negative'],
    run: (call) => infinite(call.tensor(0), call.flag('detect_positive', true), call.flag('detect_negative', true)),
  },
  Where: {
    inputs: [3, 3],
    run: (call) => run(where, [converted(call.tensor(0), 'bool'), call.tensor(1), call.tensor(2)], undefined),
  },
};
