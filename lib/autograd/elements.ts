import { type ElementGradient, elementGradient } from '../native/gradients.ts';
import { allocateResult } from '../native/resultMemory.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import type { Operation } from '../tensor/operation.ts';
import { floatsOfView, type View, viewOfAll } from '../tensor/view.ts';
import { defineRule } from './rule.ts';

/** What the gradient of a function of one element is computed of, beside that of the result. */
export type Of = 'input' | 'result';

/** Gives a function of one element its gradient, which is computed in one pass. */
export function defineElementRule<A>(
  operation: Operation<A>,
  name: string,
  of: Of,
  gradientName: ElementGradient,
  parametersOf: (attributes: A) => { readonly a: number; readonly b: number },
): void {
  defineRule(operation, {
    name,
    saves: ({ inputs, results }) => (of === 'input' ? inputs : results),
    backward: ({ attributes, saved: [saved] }, gradient) => {
      const { a, b } = parametersOf(attributes);
      return [throughElements(gradientName, saved!, gradient, a, b)];
    },
  });
}

function throughElements(name: ElementGradient, saved: View, gradient: View, a: number, b: number): View {
  const { dtype, shape, numel } = saved;
  const out = allocateResult(dtype as FloatDtype, numel);
  elementGradient(name, floatsOfView(saved), floatsOfView(gradient), a, b, out);
  return viewOfAll(out, dtype, shape);
}
