import { type Operation, runMultiOperation, runOperation } from '../../tensor/operation.ts';
import { sameShape } from '../../tensor/shape.ts';
import type { View } from '../../tensor/view.ts';
import type { Graph, Node, Value } from '../graph.ts';

/**
 * What is computed from known values alone, and told the same for all sizes of the inputs, is known itself. A forward that computes with a
 * size, as with the number of channels, leaves such nodes behind where the size turns out to be fixed.
 */
export function foldKnown(graph: Graph): Graph {
  const known = new Map<Value, Value>();
  const knownOf = (value: Value): Value => known.get(value) ?? value;
  const nodes = graph.nodes.flatMap((node): Node[] => {
    const inputs = node.inputs.map(knownOf);
    if (!isConstant(node, inputs))
      return [inputs.every((value, i) => value === node.inputs[i]) ? node : { ...node, inputs }];
    for (const [i, view] of compute(node, inputs).entries()) {
      const result = node.results[i]!;
      known.set(result, { metas: result.metas, known: view });
    }
    return [];
  });
  return { ...graph, nodes, outputs: graph.outputs.map(knownOf) };
}

function isConstant({ attributes, results }: Node, inputs: readonly Value[]): boolean {
  if (!attributes.isFixed || inputs.some((value) => value.known === undefined)) return false;
  return results.every(({ metas }) => metas.every(({ shape }) => sameShape(shape, metas[0]!.shape)));
}

function compute({ operation, attributes, results }: Node, inputs: readonly Value[]): readonly View[] {
  const views = inputs.map((value) => value.known!);
  const told = attributes.at({ shapes: views.map(({ shape }) => shape), variables: [] });
  if (results.length > 1 || Array.isArray(operation.infer(views, told))) {
    return runMultiOperation(operation as Parameters<typeof runMultiOperation>[0], views, told as never);
  }
  return [runOperation(operation as Operation<unknown>, views, told)];
}
