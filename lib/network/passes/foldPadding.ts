import { convolution } from '../../convolution/operation.ts';
import { type PadAttributes, pad } from '../../tensor/ops/pad.ts';
import { type Graph, type Node, Readers } from '../graph.ts';
import { layerOf, ownLayer, withLayer } from './layers.ts';

/** Folds padding along the signal that only convolutions read into these convolutions. */
export function foldPadding(graph: Graph): Graph {
  const readers = new Readers(graph);
  const replaced = new Map<Node, Node>();
  for (const node of graph.nodes) {
    if (node.operation !== pad || !node.attributes.isFixed) continue;
    const { ends, mode, value } = node.attributes.at({ shapes: [], variables: [] }) as PadAttributes;
    const [result] = node.results;
    const next = readers.of(result!);
    if (ends.length !== 1 || readers.isOutput(result!) || next.length === 0) continue;
    const [before, after] = ends[0]!;
    if (before < 0 || after < 0 || (mode === 'constant' && value !== 0)) continue;
    const paddingMode = mode === 'constant' ? 'zeros' : mode;
    const padded = next.map((reader): Node | undefined => {
      const layer = layerOf(reader);
      if (layer === undefined || reader.operation !== convolution) return undefined;
      const { parameters } = layer;
      const isPlain = parameters.padLeft + parameters.padRight === 0;
      if (!isPlain && !(paddingMode === 'zeros' && parameters.paddingMode === 'zeros')) return undefined;
      const own = {
        ...parameters,
        paddingMode,
        padLeft: parameters.padLeft + before,
        padRight: parameters.padRight + after,
      } as const;
      const inputs = reader.inputs.map((each) => (each === result ? node.inputs[0]! : each));
      return { ...withLayer(reader, ownLayer(own, layer.weight, layer.bias)), inputs };
    });
    if (!padded.every((each) => each !== undefined)) continue;
    for (const [i, reader] of next.entries()) replaced.set(reader, padded[i]!);
  }
  // Nobody reads the padded signal any more; removeUnread takes its node out.
  return { ...graph, nodes: graph.nodes.map((node) => replaced.get(node) ?? node) };
}
