import type { Algorithm } from '../../convolution/algorithm.ts';
import { type Layer, layerOver, makeOperator } from '../../convolution/layer.ts';
import { convolution, transposedConvolution } from '../../convolution/operation.ts';
import type { Conv1dParameters } from '../../convolution/parameters.ts';
import { linear } from '../../nn/ops/linear.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import type { Node } from '../graph.ts';
import { fixed, type TemplateData, templateOf } from '../trace/template.ts';

/** The operations that have a layer with weights, and apply functions to their results themselves. */
export function hasLayer({ operation }: Node): boolean {
  return operation === convolution || operation === transposedConvolution || operation === linear;
}

/** The layer of such a node; undefined if its attributes depend on the sizes of the inputs. */
export function layerOf(node: Node): Layer | undefined {
  if (!hasLayer(node) || !node.attributes.isFixed) return undefined;
  return (node.attributes.at({ shapes: [], variables: [] }) as { layer: Layer }).layer;
}

/** The same node with another layer. */
export function withLayer(node: Node, layer: Layer): Node {
  const attributes = node.attributes.at({ shapes: [], variables: [] }) as object;
  return { ...node, attributes: fixed({ ...attributes, layer }) };
}

/** A layer of the network's own. */
export function ownLayer(parameters: Conv1dParameters, weight: FloatArray, bias: FloatArray | null): Layer {
  return layerOver(makeOperator(parameters), weight, bias);
}

/** Which algorithms a network may use. */
export interface AlgorithmChoice {
  /** Undefined for that of each layer. */
  readonly algorithm: Algorithm | undefined;
  readonly maxWeightBytes: number | undefined;
}

/** Packs layers for the chosen algorithm. It uses a module's own layer if that fits. */
export function packLayers(nodes: readonly Node[], { algorithm, maxWeightBytes }: AlgorithmChoice): Node[] {
  return nodes.map((node) => {
    if (!hasLayer(node)) return node;
    const ready = (layer: Layer): Layer => {
      const { parameters } = layer;
      const wanted: Conv1dParameters = {
        ...parameters,
        // A product of matrices has one algorithm only.
        algorithm: node.operation === linear ? parameters.algorithm : (algorithm ?? parameters.algorithm),
        maxWeightBytes: maxWeightBytes ?? parameters.maxWeightBytes,
      };
      const isTheSame =
        wanted.algorithm === parameters.algorithm && wanted.maxWeightBytes === parameters.maxWeightBytes;
      if (isTheSame && layer.packed !== null) return layer;
      const own = ownLayer(wanted, layer.weight, layer.bias);
      own.packed = own.native.pack(own.weight, own.bias);
      return own;
    };
    const { data } = node.attributes;
    if ('value' in data) return withLayer(node, ready(layerOf(node)!));
    return { ...node, attributes: templateOf(withLayerPart(data, ready)) };
  });
}

/** Attributes that depend on sizes; the layer among them never does. */
function withLayerPart(data: TemplateData, ready: (layer: Layer) => Layer): TemplateData {
  if (!('record' in data)) return data;
  const isLayer = (key: string, part: TemplateData): part is { value: Layer } => key === 'layer' && 'value' in part;
  return { record: data.record.map(([key, part]) => [key, isLayer(key, part) ? { value: ready(part.value) } : part]) };
}
