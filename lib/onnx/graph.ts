import type { Attribute, FunctionData, GraphData, ModelData, NodeData, TensorData, ValueInfo } from './file/model.ts';
import { DEEPEST } from './limits.ts';
import { onnxError } from './onnxError.ts';

/** A node with everything resolved but its operator; functions of the file are replaced by their nodes. */
export interface GraphNode {
  /** Its name in messages and summaries: its own, or that of its first output. */
  readonly label: string;
  readonly operator: string;
  readonly domain: string;
  /** The version of its operator set. */
  readonly opset: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** The graphs among its attributes. */
  readonly graphs: ReadonlyMap<string, Graph>;
}

/** A graph whose nodes are in an order in which they can run. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly TensorData[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Names of values around it that its nodes read. */
  readonly captured: ReadonlySet<string>;
}

/** The whole graph of a model, with calls of functions replaced by the functions' nodes. */
export function makeGraph(model: ModelData, mostNodes: number): Graph {
  const builder = new GraphBuilder(model, mostNodes);
  const graph = builder.graph(model.graph, model.opsets, 0);
  const [missing] = graph.captured;
  if (missing !== undefined)
    throw onnxError(`nothing in the graph has the name '${missing}', which a node or an output reads`);
  return graph;
}

function keyOf(...names: readonly [domain: string, name: string, overload: string]): string {
  return names.join('\0');
}

/** Characters of the names that values and nodes of functions get, a new one for each call: a long name would be there as often. */
const MOST_CHARACTERS = 2 ** 26;

/**
 * Functions that call others twice make millions of nodes of some hundred bytes, and seconds of work of thousands: beyond a few, nodes must be in
 * proportion to those that are written. Models call a function some dozens of times, of which each is written.
 */
const [FEW_NODES, MOST_REPEATS] = [2 ** 12, 64];

class GraphBuilder {
  readonly #functions = new Map<string, FunctionData>();
  readonly #opsets: ReadonlyMap<string, number>;
  readonly #mostNodes: number;
  readonly #mostCalled: number;
  #nodes = 0;
  #characters = 0;
  /** How many calls of functions have a name. */
  readonly #calls = new Map<string, number>();

  constructor({ functions, opsets, nodes }: ModelData, mostNodes: number) {
    this.#opsets = opsets;
    this.#mostNodes = mostNodes;
    this.#mostCalled = FEW_NODES + MOST_REPEATS * nodes;
    for (const each of functions) this.#functions.set(keyOf(each.domain, each.name, each.overload), each);
  }

  graph(data: GraphData, opsets: ReadonlyMap<string, number>, depth: number): Graph {
    const nodes = data.nodes.flatMap((node) => this.#expand(node, opsets, depth));
    const given = [...data.inputs.map(({ name }) => name), ...data.initializers.map(({ name }) => name)];
    const defined = definedNames(given, nodes, data);
    const { sorted, captured } = inOrder(nodes, defined);
    const outer = new Set(captured);
    for (const { name } of data.outputs) if (!defined.has(name)) outer.add(name);
    return {
      nodes: sorted,
      initializers: data.initializers,
      inputs: data.inputs,
      outputs: data.outputs,
      captured: outer,
    };
  }

  /** A node, or the nodes of the function that it calls. */
  #expand(node: NodeData, opsets: ReadonlyMap<string, number>, depth: number): GraphNode[] {
    const called = this.#functions.get(keyOf(node.domain, node.operator, node.overload));
    if (depth > DEEPEST) throw onnxError(`functions or graphs call each other more than ${DEEPEST} deep`);
    if (called !== undefined) return this.#inline(called, node, depth);
    this.#nodes += 1;
    if (this.#nodes > this.#mostNodes) {
      throw onnxError(`there are more than ${this.#mostNodes} nodes; the option limits.nodes allows more`);
    }
    const graphs = [...node.attributes].flatMap(([name, { kind, value }]): [string, Graph][] =>
      kind === 'graph' ? [[name, this.graph(value, opsets, depth + 1)]] : [],
    );
    const opset = opsets.get(node.domain) ?? this.#opsets.get(node.domain) ?? 1;
    return [
      {
        ...node,
        label: node.name || node.outputs.find((name) => name !== '') || node.operator,
        opset,
        graphs: new Map(graphs),
      },
    ];
  }

  #inline(called: FunctionData, node: NodeData, depth: number): GraphNode[] {
    this.#nodes += 1; // an empty function that calls itself twice is refused by its depth only after 2^64 calls
    if (this.#nodes > this.#mostNodes) throw onnxError(`there are more than ${this.#mostNodes} calls of functions`);
    if (this.#nodes > this.#mostCalled)
      throw onnxError(`functions that call each other make more than ${this.#mostCalled} nodes`);
    const label = this.#labelOf(node.name || node.outputs.find((name) => name !== '') || called.name);
    const names = new Map<string, string>();
    for (const [i, name] of called.inputs.entries()) names.set(name, node.inputs[i] ?? '');
    for (const [i, name] of called.outputs.entries()) if (node.outputs[i]) names.set(name, node.outputs[i]!);
    const rename = (name: string) => (name === '' ? '' : (names.get(name) ?? this.#made(`${label}/${name}`)));
    const resolve = (attribute: Attribute): Attribute | undefined =>
      attribute.kind === 'reference'
        ? (node.attributes.get(attribute.value) ?? called.defaults.get(attribute.value))
        : attribute;
    return called.nodes.flatMap((each) =>
      this.#expand(renamed(each, this.#made(label), rename, resolve), called.opsets, depth + 1),
    );
  }

  /** What the names of a call begin with: two calls may have one name, or none. */
  #labelOf(name: string): string {
    const before = this.#calls.get(name) ?? 0;
    this.#calls.set(name, before + 1);
    return before === 0 ? name : `${name}#${before + 1}`;
  }

  /** A name that a call of a function makes. */
  #made(name: string): string {
    this.#characters += name.length;
    if (this.#characters <= MOST_CHARACTERS) return name;
    throw onnxError(`the names within calls of functions have more than ${MOST_CHARACTERS} characters`);
  }
}

function renamed(
  node: NodeData,
  label: string,
  rename: (name: string) => string,
  resolve: (attribute: Attribute) => Attribute | undefined,
): NodeData {
  const attributes = [...node.attributes].flatMap(([name, attribute]): [string, Attribute][] => {
    const resolved = resolve(attribute);
    if (resolved === undefined) return []; // the caller left it out
    if (resolved.kind !== 'graph') return [[name, resolved]];
    return [[name, { kind: 'graph', value: renamedGraph(resolved.value, label, rename, resolve) }]];
  });
  return {
    ...node,
    name: `${label}/${node.name || node.operator}`,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    attributes: new Map(attributes),
  };
}

function renamedGraph(
  graph: GraphData,
  label: string,
  rename: (name: string) => string,
  resolve: (attribute: Attribute) => Attribute | undefined,
): GraphData {
  const named = <T extends { readonly name: string }>(each: T): T => ({ ...each, name: rename(each.name) });
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renamed(node, label, rename, resolve)),
    initializers: graph.initializers.map(named),
    inputs: graph.inputs.map(named),
    outputs: graph.outputs.map(named),
  };
}

/** All names of a graph; refuses a name that two values have. An input may have an initializer, which is its default. */
function definedNames(
  given: readonly string[],
  nodes: readonly GraphNode[],
  { name, initializers }: GraphData,
): Set<string> {
  const defined = new Set(given);
  if (new Set(initializers.map((each) => each.name)).size !== initializers.length) {
    throw onnxError(`two initializers of the graph '${name}' have the same name`);
  }
  for (const node of nodes) {
    for (const output of node.outputs) {
      if (output === '') continue;
      if (defined.has(output)) throw onnxError(`two values of the graph '${name}' have the name '${output}'`);
      defined.add(output);
    }
  }
  return defined;
}

/** Sorts the nodes so that each comes after those that it reads; files that keep ONNX's rule are in order already. */
function inOrder(
  nodes: readonly GraphNode[],
  defined: ReadonlySet<string>,
): { sorted: readonly GraphNode[]; captured: ReadonlySet<string> } {
  const captured = new Set<string>();
  const maker = new Map<string, number>();
  for (const [i, node] of nodes.entries()) for (const output of node.outputs) maker.set(output, i);
  const readers = nodes.map((): number[] => []);
  const waiting = nodes.map((node, i) => {
    let count = 0;
    for (const name of new Set(readBy(node))) {
      if (!defined.has(name)) captured.add(name);
      const from = maker.get(name);
      if (from === undefined) continue;
      readers[from]!.push(i);
      count += 1;
    }
    return count;
  });
  const sorted: GraphNode[] = [];
  const open = [...nodes.keys()].filter((i) => waiting[i] === 0);
  // Take ready nodes in their order, so that a sorted list stays as it is.
  for (let at = 0; at < open.length; at++) {
    const i = open[at]!;
    sorted.push(nodes[i]!);
    for (const reader of readers[i]!) {
      waiting[reader]! -= 1;
      if (waiting[reader] === 0) open.push(reader);
    }
  }
  if (sorted.length < nodes.length) {
    const stuck = nodes.find((_, i) => waiting[i]! > 0)!;
    throw onnxError(`node '${stuck.label}' (${stuck.operator}) reads what is computed from its own output`);
  }
  return { sorted, captured };
}

/** The names of the values that a node reads, those of its graphs included. */
export function* readBy(node: GraphNode): Generator<string> {
  for (const name of node.inputs) if (name !== '') yield name;
  for (const graph of node.graphs.values()) yield* graph.captured;
}

/** The nodes that outputs need, in their order. */
export function neededNodes(graph: Graph, outputs: readonly string[]): readonly GraphNode[] {
  const wanted = new Set(outputs);
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) wanted.add(name);
    for (const each of node.graphs.values()) for (const name of each.captured) wanted.add(name);
  }
  return nodes.reverse();
}

/** A node as messages name it. */
export function describeNode({ label, operator, domain }: GraphNode): string {
  return `node '${label}' (${domain === '' ? '' : `${domain}.`}${operator})`;
}
