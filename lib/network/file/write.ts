import { typeError } from '../../check/errors.ts';
import type { Dtype, FloatDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { elementsOfView } from '../../tensor/view.ts';
import { type Built, graphsOf } from '../build.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { NetworkTraits } from '../share/handle.ts';
import { nameOf } from '../share/operations.ts';
import type { Range } from '../trace/range.ts';
import type { TemplateData } from '../trace/template.ts';
import { variablesAt } from '../trace/traceGraph.ts';
import type { FieldWriter } from './field.ts';
import { MOST_WORK, VERSION, type WrittenNetwork, type WrittenNode, type WrittenRange } from './format.ts';
import { SCHEMAS } from './schemas.ts';
import { numbered, WrittenTensors } from './tensors.ts';

/** The content of a network's file. */
export interface Written {
  readonly network: WrittenNetwork;
  readonly tensors: Record<string, Tensor<Dtype>>;
}

/** A network with all of its weights as data. */
export function writeNetwork({ name, settings, forms }: NetworkTraits, built: Built): Written {
  const { plan, mixed, axes, metas, outputForm, batchRange, lengthRange } = built;
  const { inputs, outputs } = plan?.graph ?? mixed!;
  if (inputs.length === 0) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      'saveNetwork(): this network has no inputs, and no file can have such a one; save what it computes',
    );
  }
  const { inputNames, outputNames, maxWorkingBytes, maxCallBytes } = settings;
  const { tensors, constants, nodes, numbers } = new GraphWriter().write(inputs, graphsOf(built), outputs);
  const network: WrittenNetwork = {
    version: VERSION,
    name,
    dtype: programDtypeOf(built),
    arguments: forms,
    result: outputForm,
    inputNames,
    outputNames,
    maxWorkingBytes: finiteOrNull(maxWorkingBytes),
    maxCallBytes: finiteOrNull(maxCallBytes),
    inputs: metas.map(({ dtype, shape }, i) => ({ dtype, shape, batch: axes.batch[i]!, length: axes.length[i]! })),
    batch: writtenRange(batchRange),
    length: writtenRange(lengthRange),
    lengthStep: axes.lengthStep,
    // For thousands of nodes, only the first sizes, which compile() chose to show all that differs.
    sizes: sizesOf(inputs, axes).slice(0, Math.max(1, Math.floor(MOST_WORK / workOf(nodes)))),
    constants,
    nodes,
    outputs: numbers(outputs),
  };
  return { network, tensors };
}

/** The dtype of the native programs. */
function programDtypeOf({ plan, mixed }: Built): FloatDtype {
  const plans = plan === null ? mixed.segments.flatMap((segment) => segment.plan ?? []) : [plan];
  return plans[0]?.dtype ?? 'float32';
}

function writtenRange({ least, most, one, step }: Range): WrittenRange {
  return { least, most: finiteOrNull(most), one, step };
}

/** JSON has no word for infinity. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** How many shapes a reader computes per pair of sizes. */
function workOf(nodes: readonly WrittenNode[]): number {
  return nodes.reduce((sum, { inputs }) => sum + 1 + inputs.length, 1);
}

/** The N and L of each trace. */
function sizesOf(inputs: readonly Value[], axes: Built['axes']): [number, number][] {
  return inputs[0]!.metas.map((_, t) => {
    const shapes = inputs.map(({ metas }) => metas[t]!.shape);
    const [length, batch] = variablesAt(axes, shapes) as [number, number];
    return [batch, length];
  });
}

class GraphWriter {
  readonly #written = new WrittenTensors();
  readonly #numbers = new Map<Value, number>();
  readonly #constants: { readonly tensor: string }[] = [];

  /** @param graphs  in the order in which they run */
  write(inputs: readonly Value[], graphs: readonly Graph[], outputs: readonly Value[]) {
    // Readers fuse element-wise functions again, and cut the graph where the host computes.
    const all = graphs
      .flatMap(({ nodes }) => nodes)
      .flatMap((node) => [node, ...node.finishes.map((finish) => finish.node)]);
    for (const value of inputs) this.#number(value);
    for (const value of [...all.flatMap((node) => node.inputs), ...outputs]) {
      if (value.known !== undefined && !this.#numbers.has(value)) this.#constant(value);
    }
    const written = all.map((node, i) => this.#node(node, i));
    const numbers = (values: readonly Value[]) => values.map((value) => this.#numbers.get(value)!);
    return { tensors: this.#written.tensors, constants: this.#constants, nodes: written, numbers };
  }

  #number(value: Value): void {
    this.#numbers.set(value, this.#numbers.size);
  }

  #constant(value: Value): void {
    const { shape } = value.known!;
    const nameOf = numbered(`constant${this.#constants.length}`);
    const [tensor] = this.#written.add([{ nameOf, elements: elementsOfView(value.known!), shape }]) as [string];
    this.#constants.push({ tensor });
    this.#number(value);
  }

  #node(node: Node, index: number): WrittenNode {
    const { operation, name, inputs } = node;
    const known = nameOf(operation);
    const schema = SCHEMAS.get(operation);
    if (known === undefined || schema === undefined) {
      throw typeError('ERR_CONV1D_TYPE', `saveNetwork(): no file can have ${operation.name} yet`);
    }
    const written = {
      operation: known,
      name,
      inputs: inputs.map((value) => this.#numbers.get(value)!),
      attributes: schema.fields && this.#attributes(node, schema.fields, name === '' ? `${known}${index}` : name),
    };
    for (const value of node.results) this.#number(value);
    return written;
  }

  #attributes(
    node: Node,
    fields: NonNullable<(typeof SCHEMAS extends ReadonlyMap<unknown, infer S> ? S : never)['fields']>,
    base: string,
  ): Record<string, unknown> {
    const parts = partsOf(node.attributes.data);
    const other = [...parts.keys()].find((key) => !Object.hasOwn(fields, key));
    if (other !== undefined) throw new Error(`the schema of ${node.operation.name} has no ${other}`);
    const writer: FieldWriter = {
      node,
      base,
      tensors: (group) => this.#written.add(group),
    };
    return Object.fromEntries(
      Object.entries(fields).map(([key, field]) => [
        key,
        field.write(parts.get(key) ?? { value: undefined }, writer, key),
      ]),
    );
  }
}

/** The attributes by their names. */
function partsOf(data: TemplateData): ReadonlyMap<string, TemplateData> {
  if ('record' in data) return new Map(data.record);
  const { value } = data as { value: Record<string, unknown> };
  return new Map(Object.entries(value).map(([key, each]) => [key, { value: each }]));
}
