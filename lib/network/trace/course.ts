import { isSymbol, madeOf } from '../../tensor/tracing.ts';
import type { View } from '../../tensor/view.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { haveSameSizes, haveSameValues, isTheSame } from './attributes.ts';
import type { Entry, Tape } from './tape.ts';
import { type Form, isSameForm } from './tree.ts';

/**
 * Whether a graph computes what a tape recorded: the same operations on the same values, with the same attributes.
 *
 * @param ofSizesOnly  whether to compare only what depends on sizes, since the module's values may have changed after the graph was made
 */
export function isCourseOf(
  graph: Graph,
  outputForm: Form,
  tape: Tape,
  variables: readonly number[],
  { ofSizesOnly = false } = {},
): boolean {
  const { inputs, outputs } = graph;
  const nodes = graph.nodes.filter((node) => node.isMade !== true);
  if (tape.entries.length !== nodes.length || !isSameForm(tape.outputForm, outputForm)) return false;
  const values = new Map<View, Value>();
  const makers = new Map(
    graph.nodes.flatMap((node) => (node.isMade ? node.results.map((value) => [value, node] as const) : [])),
  );
  const isCallOf = (node: Node, call: Pick<Entry, 'operation' | 'inputs' | 'attributes'>): boolean => {
    if (call.operation !== node.operation || call.inputs.length !== node.inputs.length) return false;
    if (!call.inputs.every((view, k) => isValue(view, node.inputs[k]))) return false;
    const told = node.attributes.at({ shapes: call.inputs.map(({ shape }) => shape), variables });
    return (ofSizesOnly ? haveSameSizes : isTheSame)(told, call.attributes);
  };
  const isValue = (view: View, value: Value | undefined): boolean => {
    if (value === undefined) return false;
    if (values.has(view)) return values.get(view) === value;
    if (isSymbol(view)) return false;
    if (value.known !== undefined) return ofSizesOnly || haveSameValues(view, value.known);
    const [maker, call] = [makers.get(value), madeOf(view)];
    return maker !== undefined && call !== undefined && isCallOf(maker, call) && maker.results[call.index] === value;
  };
  for (const [i, view] of tape.inputs.entries()) values.set(view, inputs[i]!);
  for (const [i, entry] of tape.entries.entries()) {
    const node = nodes[i]!;
    if (!isCallOf(node, entry)) return false;
    for (const [k, view] of entry.results.entries()) values.set(view, node.results[k]!);
  }
  return tape.outputs.every((view, i) => isValue(view, outputs[i]));
}
