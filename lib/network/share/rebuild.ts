import { type Layer, openLayer } from '../../convolution/layer.ts';
import { Recurrent } from '../../native/recurrent.ts';
import type { SharedNetwork } from '../../native/sharedNetwork.ts';
import { viewOfAll } from '../../tensor/view.ts';
import type { Built } from '../build.ts';
import type { Node, Value } from '../graph.ts';
import { findInPlace } from '../plan/inPlace.ts';
import { type TemplateData, templateOf } from '../trace/template.ts';
import type { AttributeDescription, NetworkDescription, NodeDescription, TemplateDescription } from './description.ts';
import { OPERATIONS } from './operations.ts';

/** Builds what was described over the layers of a shared network. */
export function rebuild(description: NetworkDescription, shared: SharedNetwork): Built {
  const { dtype, axes, batchRange, lengthRange, outputForm, metas } = description;
  const rebuilder = new Rebuilder(description, shared);
  const graph = {
    inputs: rebuilder.values(description.inputs),
    nodes: description.nodes.map((node) => rebuilder.node(node)),
    outputs: rebuilder.values(description.outputs),
  };
  return { plan: { graph, dtype, inPlace: findInPlace(graph) }, axes, batchRange, lengthRange, outputForm, metas };
}

class Rebuilder {
  readonly #values: readonly Value[];
  readonly #shared: SharedNetwork;
  readonly #layers = new Map<number, Layer>();
  readonly #cells = new Map<number, Recurrent>();

  constructor({ values }: NetworkDescription, shared: SharedNetwork) {
    this.#shared = shared;
    this.#values = values.map(({ metas, known }) =>
      known === undefined
        ? { metas }
        : { metas, known: viewOfAll(known.elements, known.dtype, Object.freeze(known.shape)) },
    );
  }

  values(numbers: readonly number[]): Value[] {
    return numbers.map((number) => this.#values[number]!);
  }

  node({ operation, inputs, attributes, results, name, line, finishes }: NodeDescription): Node {
    return {
      operation: OPERATIONS.get(operation)!,
      inputs: this.values(inputs),
      attributes: templateOf(this.#template(attributes)),
      results: this.values(results),
      name,
      line,
      finishes: finishes.map(({ node, operand }) => ({ node: this.node(node), operand })),
    };
  }

  #template(data: TemplateDescription): TemplateData {
    if ('value' in data) return { value: this.#attribute(data.value) };
    if ('integer' in data) return data;
    if ('list' in data) return { list: data.list.map((part) => this.#template(part)) };
    return { record: data.record.map(([key, part]) => [key, this.#template(part)]) };
  }

  #attribute(data: AttributeDescription): unknown {
    if ('plain' in data) return data.plain;
    if ('list' in data) return Object.freeze(data.list.map((each) => this.#attribute(each)));
    if ('record' in data) return Object.fromEntries(data.record.map(([key, each]) => [key, this.#attribute(each)]));
    if ('layer' in data) {
      const { layer, parameters, hasBias } = data;
      return once(this.#layers, layer, () => openLayer(parameters, hasBias, this.#shared, layer));
    }
    return once(this.#cells, data.cell, () => new Recurrent(this.#shared, data.cell));
  }
}

function once<T>(made: Map<number, T>, number: number, make: () => T): T {
  const before = made.get(number);
  if (before !== undefined) return before;
  const first = make();
  made.set(number, first);
  return first;
}
