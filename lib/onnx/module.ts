import { codeOf } from '../check/caught.ts';
import { rangeError, typeError } from '../check/errors.ts';
import { Module } from '../nn/module.ts';
import type { IncompatibleKeys, LoadStateDictOptions, StateDict } from '../nn/stateDict.ts';
import type { Dtype } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor, tensorOf, viewOf } from '../tensor/tensor.ts';
import { bySizes, isSymbol, namingPart } from '../tensor/tracing.ts';
import type { View } from '../tensor/view.ts';
import { Call } from './call.ts';
import type { TensorData } from './file/model.ts';
import { isFloatType } from './file/types.ts';
import type { Folding } from './folding.ts';
import { describeNode, type Graph, type GraphNode, neededNodes, readBy } from './graph.ts';
import type { InputSpec } from './inputs.ts';
import { onnxError } from './onnxError.ts';
import type { Operator, Results } from './operator.ts';
import { operatorOf, requireOperators } from './operators/all.ts';
import type { Kind, Value } from './value.ts';

/** The parts of a module. */
export interface OnnxParts {
  readonly graph: Graph;
  readonly inputs: readonly InputSpec[];
  /** The names of the outputs to compute. */
  readonly outputs: readonly string[];
  /** The values to which inputs of the file are bound. */
  readonly constants: ReadonlyMap<string, View>;
  /** Reads a tensor of the file. */
  readonly read: (tensor: TensorData) => View;
  /** Counts what is computed of constants. */
  readonly folding: Folding;
}

/** The values of a graph by their names, and the graph around it. */
interface Scope {
  readonly values: Map<string, Value>;
  readonly initializers: ReadonlyMap<string, TensorData>;
  readonly outer: Scope | null;
}

/** What a node remembers: results that depend on nothing, and things that its operator made of constants. */
interface Memory {
  results: readonly Value[] | null;
  readonly layers: Map<string, unknown>;
}

/** A model of a file as a module: its forward computes node by node with the operations of tensors, which `compile` follows. */
export class OnnxModule extends Module {
  readonly #parts: OnnxParts;
  /** Whether all sizes of the inputs are fixed, so that nothing depends on sizes. */
  readonly #isOfOneSize: boolean;
  /** Inputs that are bound to values. */
  readonly #bound: ReadonlyMap<string, Value>;
  readonly #memories = new Map<GraphNode, Memory>();
  readonly #constants = new Map<TensorData, Value>();
  /** The nodes to compute, of each graph. */
  readonly #needed = new Map<Graph, readonly GraphNode[]>();

  constructor(parts: OnnxParts) {
    super();
    this.#parts = parts;
    this.#isOfOneSize = parts.inputs.every(({ shape }) => shape.every((size) => typeof size === 'number'));
    this.#bound = new Map(
      [...parts.constants].map(([name, view]): [string, Value] => [name, { tensor: tensorOf(view), kind: 'fixed' }]),
    );
    this.#neededFor(parts.graph, parts.outputs);
  }

  /** Takes the inputs of the file except those bound to constants, in their order; returns the output, or an array of several. */
  override forward(...inputs: Tensor<Dtype>[]): Tensor<Dtype> | Tensor<Dtype>[] {
    const { graph, outputs, inputs: specs, folding } = this.#parts;
    requireInputs(specs, inputs);
    const scope = scopeOf(graph, null);
    for (const [name, value] of this.#bound) scope.values.set(name, value);
    for (const [i, { name }] of specs.entries()) scope.values.set(name, { tensor: inputs[i]!, kind: 'data' });
    const isFollowed = inputs.some((input) => isSymbol(viewOf(input)!));
    const compute = () => this.#run(graph, outputs, scope);
    if (isFollowed) folding.within(compute);
    else compute();
    const results = outputs.map((name) => this.#find(scope, name).tensor);
    return results.length === 1 ? results[0]! : results;
  }

  #run(graph: Graph, outputs: readonly string[], scope: Scope): void {
    for (const node of this.#neededFor(graph, outputs)) {
      const values = named(node, () => this.#compute(node, scope));
      for (const [i, name] of node.outputs.entries()) {
        if (name === '') continue;
        const value = values[i];
        if (value === undefined) throw onnxError(`${describeNode(node)} has no output ${i}`);
        scope.values.set(name, value);
      }
    }
  }

  #compute(node: GraphNode, scope: Scope): readonly Value[] {
    const memory = this.#memoryOf(node);
    if (memory.results !== null) return memory.results;
    const operator = operatorOf(node);
    const inputs = node.inputs.map((name) => (name === '' ? null : this.#find(scope, name)));
    if ('branch' in operator) return this.#branch(node, operator.branch(this.#call(node, inputs)), scope);
    const kind = this.#kindOf(operator, inputs);
    const compute = () => operator.run(this.#call(node, inputs));
    const results = kind === 'fixed' || this.#isOfOneSize ? compute() : bySizes(compute);
    const values = listed(results).map((tensor): Value => ({ tensor, kind }));
    if (kind === 'fixed') memory.results = values;
    return values;
  }

  /** The outputs of the graph that replaces a node. */
  #branch(node: GraphNode, attribute: string, scope: Scope): readonly Value[] {
    const graph = node.graphs.get(attribute);
    if (graph === undefined) throw onnxError(`the graph ${attribute} is missing`);
    const outputs = graph.outputs.map(({ name }) => name);
    const inner = scopeOf(graph, scope);
    this.#run(graph, outputs, inner);
    return outputs.map((name) => this.#find(inner, name));
  }

  #call(node: GraphNode, inputs: readonly (Value | null)[]): Call {
    const { read, folding } = this.#parts;
    const { layers } = this.#memoryOf(node);
    return new Call(node, inputs, { layers, constant: read, folding, isOfOneSize: this.#isOfOneSize });
  }

  #kindOf({ readsShapeOf = [], readsTypeOf = [] }: Operator, inputs: readonly (Value | null)[]): Kind {
    let kind: Kind = 'fixed';
    for (const [i, value] of inputs.entries()) {
      if (value === null || value.kind === 'fixed' || readsTypeOf.includes(i)) continue;
      if (!readsShapeOf.includes(i)) {
        if (value.kind === 'data') return 'data';
        kind = 'sized';
      } else if (!this.#isOfOneSize) kind = 'sized';
    }
    return kind;
  }

  #find(scope: Scope, name: string): Value {
    for (let around: Scope | null = scope; around !== null; around = around.outer) {
      const value = around.values.get(name);
      if (value !== undefined) return value;
      const initializer = around.initializers.get(name);
      if (initializer !== undefined) return this.#constant(initializer);
    }
    throw onnxError(`nothing has the name '${name}'`);
  }

  /** The nodes that outputs of a graph need; throws one error for all of them that we do not compute. */
  #neededFor(graph: Graph, outputs: readonly string[]): readonly GraphNode[] {
    const known = this.#needed.get(graph);
    if (known !== undefined) return known;
    const nodes = neededNodes(graph, outputs);
    requireOperators(nodes);
    this.#needed.set(graph, nodes);
    return nodes;
  }

  #memoryOf(node: GraphNode): Memory {
    const known = this.#memories.get(node);
    if (known !== undefined) return known;
    const memory: Memory = { results: null, layers: new Map() };
    this.#memories.set(node, memory);
    return memory;
  }

  #constant(tensor: TensorData): Value {
    const known = this.#constants.get(tensor);
    if (known !== undefined) return known;
    const value: Value = { tensor: tensorOf(this.#parts.read(tensor)), kind: 'fixed' };
    this.#constants.set(tensor, value);
    return value;
  }

  /** Takes other weights, and forgets what it computed with the former ones. */
  override loadStateDict(dict: StateDict, options?: LoadStateDictOptions): IncompatibleKeys {
    const keys = super.loadStateDict(dict, options);
    this.#memories.clear();
    return keys;
  }

  /** @internal The weights of the file that its nodes read, by their names there. */
  protected override ownBuffers(): ReadonlyMap<string, Tensor<Dtype>> {
    const { graph, outputs } = this.#parts;
    const read = new Set(this.#neededFor(graph, outputs).flatMap((node) => [...readBy(node)]));
    const weights = graph.initializers.filter(({ name, type }) => read.has(name) && isFloatType(type));
    return new Map(weights.map((weight) => [weight.name, this.#constant(weight).tensor]));
  }

  /** @internal */
  protected override get typeName(): string {
    return 'OnnxModel';
  }
}

function scopeOf({ initializers }: Graph, outer: Scope | null): Scope {
  return { values: new Map(), initializers: new Map(initializers.map((each) => [each.name, each])), outer };
}

function listed(results: Results): readonly Tensor<Dtype>[] {
  return Tensor.isTensor(results) ? [results] : results;
}

/** Refuses inputs whose dtypes or shapes differ from the file's. */
function requireInputs(specs: readonly InputSpec[], inputs: readonly Tensor<Dtype>[]): void {
  const sizes = new Map<string, number>();
  for (const [i, { name, dtype, shape }] of specs.entries()) {
    const view = viewOf(inputs[i]);
    if (view === undefined) throw typeError('ERR_CONV1D_TYPE', `the input '${name}' must be a Tensor`);
    if (view.dtype !== dtype) {
      throw typeError('ERR_CONV1D_DTYPE', `the input '${name}' must be ${dtype}, but is ${view.dtype}`);
    }
    const fits =
      view.shape.length === shape.length &&
      shape.every((size, dim) => {
        if (typeof size === 'number') return size === view.shape[dim];
        const known = sizes.get(size);
        if (known === undefined) sizes.set(size, view.shape[dim]!);
        return known === undefined || known === view.shape[dim];
      });
    if (!fits) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `the input '${name}' must have the shape [${shape.join(', ')}], but got ${formatShape(view.shape)}`,
      );
    }
  }
}

/** Gives recorded calls and errors the name of the node. */
function named<R>(node: GraphNode, compute: () => R): R {
  try {
    return namingPart(node.label, compute);
  } catch (error) {
    throw atNode(node, error);
  }
}

const placed = new WeakSet<object>();

function atNode(node: GraphNode, error: unknown): unknown {
  if (typeof error !== 'object' || error === null || placed.has(error)) return error;
  const { message } = error as Error;
  const sentence = `${describeNode(node)}: ${message}`;
  const own =
    typeof codeOf(error) === 'string'
      ? Object.assign(error as Error, { message: sentence })
      : Object.assign(onnxError(sentence), { cause: error });
  placed.add(own);
  return own;
}
