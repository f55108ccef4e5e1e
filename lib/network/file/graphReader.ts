import { codeOf, isOwnRefusal, messageOf } from '../../check/caught.ts';
import type { Algorithm } from '../../convolution/algorithm.ts';
import { type Dtype, isFloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { type Tensor, viewOf } from '../../tensor/tensor.ts';
import { floatsOfView } from '../../tensor/view.ts';
import type { AnyOperation, Graph, Node, Value } from '../graph.ts';
import { OPERATIONS } from '../share/operations.ts';
import { type Template, type TemplateData, templateOf } from '../trace/template.ts';
import type { FieldReader } from './field.ts';
import { list, record, text, whole, wrong } from './fields.ts';
import { MOST_ELEMENTS, MOST_NODES, MOST_PORTS, MOST_VALUES, MOST_WORK } from './format.ts';
import type { Ports } from './ports.ts';
import type { Schema } from './schema.ts';
import { SCHEMAS } from './schemas.ts';

/** Where the nodes of a file come from. */
export interface GraphSource {
  readonly tensors: Readonly<Record<string, Tensor<Dtype>>>;
  readonly ports: Ports;
  readonly algorithm: Algorithm | undefined;
}

/** Reads the nodes of a file one by one, and checks each against the results of the nodes before it. */
export class GraphReader {
  readonly #tensors: Readonly<Record<string, Tensor<Dtype>>>;
  readonly #ports: Ports;
  readonly #algorithm: Algorithm | undefined;
  readonly #values: Value[];
  readonly #made = new Map<string, unknown>();
  /** How many shapes it has computed. */
  #work = 0;

  constructor({ tensors, ports, algorithm }: GraphSource) {
    this.#tensors = tensors;
    this.#ports = ports;
    this.#algorithm = algorithm;
    this.#values = ports.metas.map((metas) => ({ metas }));
  }

  read({ constants, nodes: given, outputs: ends }: Readonly<Record<string, unknown>>): Graph {
    const inputs = [...this.#values];
    for (const [i, json] of list(constants, 'constants', MOST_VALUES).entries()) {
      this.#values.push(this.#constant(json, `constants[${i}]`));
    }
    const listed = list(given, 'nodes', MOST_NODES);
    const nodes = listed.map((json, i) => this.#node(json, `nodes[${i}]`));
    const outputs = list(ends, 'outputs', MOST_PORTS).map((json, i) => this.#value(json, `outputs[${i}]`));
    if (outputs.length === 0) throw wrong('outputs', 'must be one or more');
    return { inputs, nodes, outputs };
  }

  #constant(json: unknown, where: string): Value {
    const { tensor } = record(json, where, ['tensor']);
    const known = this.#view(tensor, `${where}.tensor`);
    const meta = { dtype: known.dtype, shape: known.shape };
    return { metas: this.#ports.sizes.map(() => meta), known };
  }

  #view(json: unknown, where: string) {
    const name = text(json, where);
    const view = Object.hasOwn(this.#tensors, name) ? viewOf(this.#tensors[name]) : undefined;
    if (view === undefined) throw wrong(where, `names no tensor of the file: '${name}'`);
    return view;
  }

  #value(json: unknown, where: string): Value {
    return this.#values[whole(json, where, 0, this.#values.length - 1)]!;
  }

  #node(json: unknown, where: string): Node {
    const told = record(json, where, ['operation', 'name', 'inputs', 'attributes']);
    const known = text(told.operation, `${where}.operation`);
    const operation = OPERATIONS.get(known);
    const schema = operation && SCHEMAS.get(operation);
    if (schema === undefined) throw wrong(`${where}.operation`, `is none that this version knows: '${known}'`);
    const inputs = list(told.inputs, `${where}.inputs`, MOST_VALUES).map((each, i) =>
      this.#value(each, `${where}.inputs[${i}]`),
    );
    this.#work += (1 + inputs.length) * this.#ports.sizes.length;
    if (this.#work > MOST_WORK) throw wrong(where, `is one too many for ${this.#ports.sizes.length} sizes`);
    const [least, most] = schema.inputs;
    if (inputs.length < least || inputs.length > most) {
      throw wrong(where, `is ${known}, which does not read ${inputs.length} tensors`);
    }
    const attributes = this.#attributes(told.attributes, `${where}.attributes`, schema, inputs);
    const results = this.#results({ operation: operation!, schema, inputs, attributes }, `${where} (${known})`);
    const node: Node = {
      operation: operation!,
      inputs,
      attributes,
      results,
      name: text(told.name, `${where}.name`),
      line: '',
      finishes: [],
    };
    this.#values.push(...results);
    if (this.#values.length > MOST_VALUES) throw wrong(where, `makes more than ${MOST_VALUES} values`);
    return node;
  }

  #attributes(json: unknown, where: string, { fields }: Schema, inputs: readonly Value[]): Template {
    if (fields === undefined) {
      if (json !== undefined) throw wrong(where, 'must not be there');
      return templateOf({ value: undefined });
    }
    const told = record(json, where, Object.keys(fields));
    const dtype = inputs[0]?.metas[0]?.dtype;
    const reader: FieldReader = {
      algorithm: this.#algorithm,
      inputs: inputs.length,
      tensor: (name, place) => {
        const view = this.#view(name, place);
        if (view.dtype === dtype && isFloatDtype(dtype))
          return { elements: floatsOfView(view), shape: view.shape, dtype };
        throw wrong(place, `names a tensor of ${view.dtype}, and the operation reads ${dtype}`);
      },
      once: (said, make) => this.#once(`${Object.keys(fields).join()} ${JSON.stringify(said)}`, make),
    };
    const parts = Object.entries(fields).map(
      ([key, field]) =>
        [key, this.#own(`${where}.${key}`, () => field.read(told[key], `${where}.${key}`, reader))] as const,
    );
    const isFixed = parts.every(([, part]) => 'value' in part);
    if (!isFixed) return templateOf({ record: parts });
    return templateOf({
      value: Object.freeze(Object.fromEntries(parts.map(([key, part]) => [key, (part as { value: unknown }).value]))),
    });
  }

  /** A layer's error about parameters that do not fit, as a fault of the file. */
  #own(where: string, read: () => TemplateData): TemplateData {
    try {
      return read();
    } catch (error) {
      throw faultOf(error, where);
    }
  }

  #once<T>(key: string, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }

  /** The results of a node at all sizes. */
  #results(call: Call, where: string): Value[] {
    const { sizes } = this.#ports;
    try {
      const traces = sizes.map(([batch, length], t) => resultsAt(call, t, [length, batch], where));
      const [first] = traces as [readonly Meta[]];
      for (const { shape } of first) {
        if (numelOf(shape) > MOST_ELEMENTS) throw wrong(where, `makes more than ${MOST_ELEMENTS} elements`);
      }
      return first.map((_, k) => ({ metas: traces.map((metas) => metas[k]!) }));
    } catch (error) {
      throw faultOf(error, where);
    }
  }
}

interface Call {
  readonly operation: AnyOperation;
  readonly schema: Schema;
  readonly inputs: readonly Value[];
  readonly attributes: Template;
}

/** The results of a node at one of the sizes. */
function resultsAt(
  { operation, schema, inputs, attributes }: Call,
  t: number,
  variables: readonly number[],
  where: string,
): readonly Meta[] {
  const metas = inputs.map((value) => value.metas[t]!);
  const told = attributes.at({ shapes: metas.map(({ shape }) => shape), variables });
  const fault = schema.check?.(told, metas);
  if (fault !== undefined) throw wrong(where, fault);
  const given = operation.infer(metas, told);
  const results = (Array.isArray(given) ? given : [given]) as readonly Meta[];
  for (const result of results) {
    if (!result.shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw wrong(where, `makes a tensor of shape [${result.shape.join(', ')}]`);
    }
    numelOf(result.shape);
    Object.freeze(result.shape);
  }
  return results;
}

/** An error as a fault of the file; lack of memory stays lack of memory. */
export function faultOf(error: unknown, where: string): unknown {
  const code = codeOf(error);
  if (!isOwnRefusal(error) || code === 'ERR_CONV1D_MEMORY' || code === 'ERR_CONV1D_FORMAT') return error;
  return wrong(where, `does not fit: ${messageOf(error)}`);
}
