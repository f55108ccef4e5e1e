import { type Layer, openLayer } from '../../convolution/layer.ts';
import { Recurrent } from '../../native/recurrent.ts';
import type { SharedNetwork } from '../../native/sharedNetwork.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { viewOfAll } from '../../tensor/view.ts';
import type { Built } from '../build.ts';
import type { Graph, Node, Value } from '../graph.ts';
import { findInPlace } from '../plan/inPlace.ts';
import type { Plan } from '../plan/planner.ts';
import type { Mixed } from '../segments/mixed.ts';
import { type TemplateData, templateOf } from '../trace/template.ts';
import type {
  AttributeDescription,
  GraphDescription,
  MixedDescription,
  NetworkDescription,
  NodeDescription,
  TemplateDescription,
} from './description.ts';
import { OPERATIONS } from './operations.ts';

/** Builds the described network over the layers of a shared one. */
export function rebuild(description: NetworkDescription, shared: SharedNetwork): Built {
  const { axes, batchRange, lengthRange, outputForm, metas, graph, mixed } = description;
  const rebuilder = new Rebuilder(description, shared);
  const traced = { axes, batchRange, lengthRange, outputForm, metas };
  if (graph !== null) return { ...traced, plan: rebuilder.plan(graph, graph.dtype!), mixed: null };
  return { ...traced, plan: null, mixed: rebuilder.mixed(mixed!) };
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

  mixed({ inputs, segments, outputs }: MixedDescription): Mixed {
    return {
      inputs: this.values(inputs),
      segments: segments.map((each) =>
        each.dtype === null
          ? { plan: null, host: this.#graph(each) }
          : { plan: this.plan(each, each.dtype), host: null },
      ),
      outputs: this.values(outputs),
    };
  }

  plan(description: GraphDescription, dtype: FloatDtype): Plan {
    const graph = this.#graph(description);
    return { graph, dtype, inPlace: findInPlace(graph) };
  }

  #graph({ inputs, nodes, outputs }: GraphDescription): Graph {
    return {
      inputs: this.values(inputs),
      nodes: nodes.map((node) => this.node(node)),
      outputs: this.values(outputs),
    };
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
