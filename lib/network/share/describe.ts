import { typeError } from '../../check/errors.ts';
import { Recurrent } from '../../native/recurrent.ts';
import type { NativeLayer } from '../../native/sharedNetwork.ts';
import { type FloatDtype, isElements } from '../../tensor/dtype.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Built } from '../build.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { Mixed } from '../segments/mixed.ts';
import { isComposite, isLayerLike } from '../trace/attributes.ts';
import type { TemplateData } from '../trace/template.ts';
import type {
  AttributeDescription,
  GraphDescription,
  MixedDescription,
  NetworkDescription,
  NodeDescription,
  TemplateDescription,
  ValueDescription,
} from './description.ts';
import { nameOf } from './operations.ts';

/** Describes a built network, and lists its layers. */
export function describeBuilt(built: Built): {
  description: Omit<NetworkDescription, 'name' | 'settings' | 'forms'>;
  layers: readonly NativeLayer[];
} {
  const { plan, mixed, origin: _, ...traced } = built;
  const describer = new Describer();
  const graph = plan && describer.graph(plan.graph, plan.dtype);
  const description = { graph, mixed: mixed && describer.mixed(mixed), ...traced };
  const { described, layers } = describer;
  return { description: { ...description, values: described }, layers };
}

class Describer {
  readonly described: ValueDescription[] = [];
  readonly layers: NativeLayer[] = [];
  readonly #numbers = new Map<Value, number>();
  readonly #layerNumbers = new Map<NativeLayer, number>();

  mixed({ inputs, segments, outputs }: Mixed): MixedDescription {
    return {
      inputs: this.values(inputs),
      segments: segments.map(({ plan, host }) =>
        plan === null ? this.graph(host, null) : this.graph(plan.graph, plan.dtype),
      ),
      outputs: this.values(outputs),
    };
  }

  graph({ inputs, nodes, outputs }: Graph, dtype: FloatDtype | null): GraphDescription {
    return {
      dtype,
      inputs: this.values(inputs),
      nodes: nodes.map((node) => this.node(node)),
      outputs: this.values(outputs),
    };
  }

  values(values: readonly Value[]): number[] {
    return values.map((value) => this.#value(value));
  }

  node({ operation, inputs, attributes, results, name, line, finishes }: Node): NodeDescription {
    const known = nameOf(operation);
    if (known === undefined)
      throw typeError('ERR_CONV1D_TYPE', `share(): ${operation.name} has no name for other threads`);
    return {
      operation: known,
      inputs: this.values(inputs),
      attributes: this.#template(attributes.data),
      results: this.values(results),
      name,
      line,
      finishes: finishes.map(({ node, operand }) => ({ node: this.node(node), operand })),
    };
  }

  #value(value: Value): number {
    const before = this.#numbers.get(value);
    if (before !== undefined) return before;
    const { metas, known } = value;
    const number = this.described.length;
    this.#numbers.set(value, number);
    this.described.push({
      metas,
      known: known && { dtype: known.dtype, shape: known.shape, elements: elementsOfView(known) },
    });
    return number;
  }

  #template(data: TemplateData): TemplateDescription {
    if ('value' in data) return { value: this.#attribute(data.value) };
    if ('integer' in data) return data;
    if ('list' in data) return { list: data.list.map((part) => this.#template(part)) };
    return { record: data.record.map(([key, part]) => [key, this.#template(part)]) };
  }

  #attribute(value: unknown): AttributeDescription {
    if (isLayerLike(value)) {
      return { layer: this.#layer(value.native), parameters: value.parameters, hasBias: value.bias !== null };
    }
    if (Recurrent.isRecurrent(value)) return { cell: this.#layer(value.native) };
    if (Array.isArray(value)) return { list: value.map((each) => this.#attribute(each)) };
    if (isComposite(value)) {
      return { record: Object.entries(value).map(([key, each]) => [key, this.#attribute(each)]) };
    }
    if (typeof value === 'function' || (typeof value === 'object' && value !== null && !isElements(value))) {
      throw typeError('ERR_CONV1D_TYPE', `share(): an attribute of an operation cannot go to other threads`);
    }
    return { plain: value };
  }

  #layer(native: NativeLayer): number {
    const before = this.#layerNumbers.get(native);
    if (before !== undefined) return before;
    this.#layerNumbers.set(native, this.layers.length);
    return this.layers.push(native) - 1;
  }
}
