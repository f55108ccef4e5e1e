import { affine } from '../../nn/ops/channelwise.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import { type Graph, type Node, Readers } from '../graph.ts';
import { layerOf, ownLayer, withLayer } from './layers.ts';

/**
 * Folds a linear function per channel, such as a batch norm with known statistics, into the weights and the bias of the convolution or linear
 * layer before it, if no other node reads that layer's result. Products are in float64, rounded once. The only pass that may change bits.
 */
export function foldAffine(graph: Graph): Graph {
  const readers = new Readers(graph);
  const folded = new Map<Node, Node>(); // the layer's node to the one in its place
  const gone = new Set<Node>();
  for (const node of graph.nodes) {
    const [value] = node.results;
    const layer = layerOf(node);
    const next = value !== undefined && readers.isReadOnce(value) ? readers.of(value)[0] : undefined;
    if (layer === undefined || next === undefined || next.operation !== affine || !next.attributes.isFixed) continue;
    const { a, b, channelDim } = next.attributes.at({ shapes: [], variables: [] }) as {
      a: FloatArray;
      b: FloatArray;
      channelDim: number;
    };
    const { parameters } = layer;
    // The features of a linear layer are the last dimension, the channels of a convolution the last but one.
    const ndim = value!.metas[0]!.shape.length;
    const ownDim = node.operation.name === 'linear' ? ndim - 1 : ndim - 2;
    if (channelDim !== ownDim || a.length !== parameters.outChannels) continue;
    const { weight, bias } = scaled(
      layer.weight,
      layer.bias,
      parameters.weightShape,
      isTransposed(parameters),
      a,
      b,
      parameters.groups,
    );
    folded.set(node, { ...withLayer(node, ownLayer(parameters, weight, bias)), results: next.results });
    gone.add(next);
  }
  return { ...graph, nodes: graph.nodes.filter((node) => !gone.has(node)).map((node) => folded.get(node) ?? node) };
}

function isTransposed({ outputPadding }: { readonly outputPadding?: number }): boolean {
  return outputPadding !== undefined;
}

function scaled(
  weight: FloatArray,
  bias: FloatArray | null,
  [first, second, taps]: readonly [number, number, number],
  transposed: boolean,
  a: FloatArray,
  b: FloatArray,
  groups: number,
): { weight: FloatArray; bias: FloatArray } {
  const w = weight.slice();
  for (let i = 0; i < first; i++) {
    for (let j = 0; j < second; j++) {
      // In a transposed convolution's weight the inputs come first, and each group has outputs of its own.
      const channel = transposed ? Math.floor(i / (first / groups)) * second + j : i;
      const begin = (i * second + j) * taps;
      for (let k = begin; k < begin + taps; k++) w[k] = weight[k]! * a[channel]!;
    }
  }
  const shifted = b.map((each: number, channel: number) => each + (bias?.[channel] ?? 0) * a[channel]!) as FloatArray;
  return { weight: w, bias: shifted };
}
