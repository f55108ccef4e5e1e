import { type ConvolutionAttributes, transposedConvolution } from '../../convolution/operation.ts';
import { narrow } from '../../tensor/ops/views.ts';
import { type Graph, type Node, Readers } from '../graph.ts';
import { layerOf, ownLayer, withLayer } from './layers.ts';

/**
 * Has a transposed convolution not compute the ends of its outputs that the next node cuts off, as causal decoders do. The ends
 * must have the same length for inputs of any size.
 */
export function foldCut(graph: Graph): Graph {
  const readers = new Readers(graph);
  const replaced = new Map<Node, Node>();
  const gone = new Set<Node>();
  for (const node of graph.nodes) {
    const layer = layerOf(node);
    const [value] = node.results;
    const next = value !== undefined && readers.isReadOnce(value) ? readers.of(value)[0] : undefined;
    if (layer === undefined || node.operation !== transposedConvolution || next?.operation !== narrow) continue;
    const cut = cutOf(
      next,
      value!.metas.map(({ shape }) => shape),
    );
    if (cut === undefined) continue;
    const { parameters } = layer;
    if (hasOutputSize(node)) continue;
    const own = { ...parameters, padLeft: parameters.padLeft + cut.before, padRight: parameters.padRight + cut.after };
    replaced.set(node, { ...withLayer(node, ownLayer(own, layer.weight, layer.bias)), results: next.results });
    gone.add(next);
  }
  return { ...graph, nodes: graph.nodes.filter((node) => !gone.has(node)).map((node) => replaced.get(node) ?? node) };
}

/** Whether the layer counts its outputs from the end already. */
function hasOutputSize({ attributes }: Node): boolean {
  return (attributes.at({ shapes: [], variables: [] }) as ConvolutionAttributes).outputSize !== undefined;
}

/** How many points a narrow cuts off both ends of signals; undefined if these differ between traces, or it narrows something else. */
function cutOf(node: Node, shapes: readonly (readonly number[])[]): { before: number; after: number } | undefined {
  const cuts = shapes.map((shape) => {
    const { dim, start } = node.attributes.at({ shapes: [shape], variables: [] }) as { dim: number; start: number };
    return { dim, before: start, ndim: shape.length, length: shape.at(-1)! };
  });
  const after = cuts.map(({ before, length }, t) => length - before - node.results[0]!.metas[t]!.shape.at(-1)!);
  const isAlike = cuts.every(
    ({ dim, before, ndim }, t) => dim === ndim - 1 && before === cuts[0]!.before && after[t] === after[0],
  );
  return isAlike && shapes.length > 1 ? { before: cuts[0]!.before, after: after[0]! } : undefined;
}
