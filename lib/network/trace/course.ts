import { isSymbol } from '../../tensor/tracing.ts';
import type { View } from '../../tensor/view.ts';
import type { Graph, Value } from '../graph.ts';
import { haveSameSizes, haveSameValues, isTheSame } from './attributes.ts';
import type { Tape } from './tape.ts';
import { type Form, isSameForm } from './tree.ts';

/**
 * Whether a graph computes what a tape says: the same operations of the same values, told the same.
 *
 * @param ofSizesOnly  whether only what depends on sizes is compared: the values of the module may have changed since the graph was made
 */
export function isCourseOf(
  graph: Graph,
  outputForm: Form,
  tape: Tape,
  variables: readonly number[],
  { ofSizesOnly = false } = {},
): boolean {
  const { inputs, nodes, outputs } = graph;
  if (tape.entries.length !== nodes.length || !isSameForm(tape.outputForm, outputForm)) return false;
  const values = new Map<View, Value>();
  const isValue = (view: View, value: Value | undefined) => {
    if (value === undefined) return false;
    if (isSymbol(view)) return values.get(view) === value;
    return value.known !== undefined && (ofSizesOnly || haveSameValues(view, value.known));
  };
  for (const [i, view] of tape.inputs.entries()) values.set(view, inputs[i]!);
  for (const [i, entry] of tape.entries.entries()) {
    const node = nodes[i]!;
    if (entry.operation !== node.operation || entry.inputs.length !== node.inputs.length) return false;
    if (!entry.inputs.every((view, k) => isValue(view, node.inputs[k]))) return false;
    const shapes = entry.inputs.map(({ shape }) => shape);
    const told = node.attributes.at({ shapes, variables });
    if (!(ofSizesOnly ? haveSameSizes : isTheSame)(told, entry.attributes)) return false;
    for (const [k, view] of entry.results.entries()) values.set(view, node.results[k]!);
  }
  return tape.outputs.every((view, i) => isValue(view, outputs[i]));
}
