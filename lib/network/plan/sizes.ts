import { rangeError } from '../../check/errors.ts';
import type { Meta } from '../../tensor/operation.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Graph, Node, Value } from '../graph.ts';

/** The shapes of a network's values, and the attributes of its nodes, for inputs of some shapes. */
export class NetworkSizes {
  readonly #metas = new Map<Value, Meta>();
  readonly #variables: readonly number[];

  /**
   * @param variables  L and N, in the order of trace/traceGraph.ts
   * @throws           what the operations themselves throw for inputs that do not fit
   */
  constructor(graph: Graph, inputs: readonly Meta[], variables: readonly number[]) {
    this.#variables = variables;
    for (const [i, value] of graph.inputs.entries()) this.#metas.set(value, inputs[i]!);
    for (const node of graph.nodes.flatMap((each) => [each, ...each.finishes.map((finish) => finish.node)])) {
      const given = node.operation.infer(
        node.inputs.map((value) => this.metaOf(value)),
        this.attributesOf(node),
      );
      const results = Array.isArray(given) ? given : [given];
      for (const [i, value] of node.results.entries()) {
        const meta = results[i] as Meta;
        requireSizes(meta.shape, node);
        Object.freeze(meta.shape); // plans give it to the tensors of every call
        this.#metas.set(value, meta);
      }
    }
  }

  metaOf(value: Value): Meta {
    return value.known ?? this.#metas.get(value)!;
  }

  attributesOf({ attributes, inputs }: Node): unknown {
    if (attributes.isFixed) return attributes.at({ shapes: [], variables: [] });
    return attributes.at({ shapes: inputs.map((value) => this.metaOf(value).shape), variables: this.#variables });
  }
}

/** In a network of a file, a number that depends on sizes may have any value. */
function requireSizes(shape: readonly number[], { operation }: Node): void {
  for (let dim = 0; dim < shape.length; dim++) {
    if (Number.isSafeInteger(shape[dim]) && shape[dim]! >= 0) continue;
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `network.forward(): for these inputs ${operation.name} makes a tensor of shape ${formatShape(shape)}`,
    );
  }
}
