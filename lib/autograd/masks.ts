import { runOperation } from '../tensor/operation.ts';
import { eq, ge, gt, le, lt, ne } from '../tensor/ops/compare.ts';
import { mul } from '../tensor/ops/elementwise.ts';
import type { View } from '../tensor/view.ts';

// Where something holds, as bools.

type Other = View | number;

export const equal = (x: View, y: Other): View => of(eq, x, y);
export const above = (x: View, y: Other): View => of(gt, x, y);
export const below = (x: View, y: Other): View => of(lt, x, y);
export const atLeast = (x: View, y: Other): View => of(ge, x, y);
export const atMost = (x: View, y: Other): View => of(le, x, y);
export const isNan = (x: View): View => of(ne, x, x);
export const both = (x: View, y: View): View => runOperation(mul, [x, y], {});

function of(operation: typeof eq, x: View, y: Other): View {
  return typeof y === 'number' ? runOperation(operation, [x], { other: y }) : runOperation(operation, [x, y], {});
}
