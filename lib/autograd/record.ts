import { rangeError } from '../check/errors.ts';
import { isFloatDtype } from '../tensor/dtype.ts';
import type { Learned } from '../tensor/history.ts';
import { sameView, type View } from '../tensor/view.ts';
import { Made, Node } from './node.ts';
import { type MultiRule, ruleOf } from './rule.ts';

/** Writes down a call: its results get their history. Integers and bools have none. */
export function record(
  operation: object,
  inputs: readonly View[],
  learned: Learned,
  attributes: unknown,
  given: readonly View[],
): readonly View[] {
  if (!given.some(({ dtype }) => isFloatDtype(dtype))) return given;
  // A result that is an input as it is would come from itself.
  const results = given.map((view) => (inputs.includes(view) ? sameView(view) : view));
  const all = learned.length === 0 ? inputs : [...inputs, ...learned.map((view) => view ?? undefined)];
  const node = new Node(ruleOf(operation) ?? missingRule(operation), attributes, all, results);
  for (const [index, view] of results.entries()) {
    if (!isFloatDtype(view.dtype)) continue;
    view.history = new Made(node, index);
  }
  return results;
}

/** An operation without a gradient can be computed all the same; what cannot is to learn through it. */
function missingRule(operation: object): MultiRule<unknown> {
  const { name } = operation as { readonly name: string };
  return {
    name: 'NotImplemented',
    backward: () => {
      throw rangeError('ERR_CONV1D_GRAD', `the derivative for '${name}' is not implemented.`);
    },
  };
}
