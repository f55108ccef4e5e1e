import { runOperation } from '../tensor/operation.ts';
import { add, div, mul, sub } from '../tensor/ops/elementwise.ts';
import { sum } from '../tensor/ops/reduce.ts';
import { scalarView } from '../tensor/ops/scalar.ts';
import { NO_PARAMETERS, neg } from '../tensor/ops/unary.ts';
import { where } from '../tensor/ops/where.ts';
import type { View } from '../tensor/view.ts';

// Arithmetic as formulas of gradients have it: of views, or of one and a number.

export function plus(x: View, y: View | number): View {
  return of(add, x, y);
}

export function minus(x: View, y: View | number): View {
  return of(sub, x, y);
}

export function times(x: View, y: View | number): View {
  return of(mul, x, y);
}

export function over(x: View, y: View | number): View {
  return of(div, x, y);
}

export function negative(x: View): View {
  return runOperation(neg, [x], NO_PARAMETERS);
}

/** x where the condition holds, elsewhere y, of the dtype of x. */
export function chosen(condition: View, x: View, y: View | number): View {
  return runOperation(where, [condition, x, typeof y === 'number' ? scalarView(y, x.dtype) : y], undefined);
}

/** y where the condition holds, elsewhere x, whose dtype it has. */
export function replaced(condition: View, x: View, y: number): View {
  return runOperation(where, [condition, scalarView(y, x.dtype), x], undefined);
}

/** The sum over a dimension, which stays with size 1. */
export function sumAlong(x: View, dim: number): View {
  return runOperation(sum, [x], { dims: x.shape.length === 0 ? [] : [dim], keepdim: true });
}

function of(operation: typeof add, x: View, y: View | number): View {
  return typeof y === 'number' ? runOperation(operation, [x], { other: y }) : runOperation(operation, [x, y], {});
}
