import type { FloatDtype } from '../../tensor/dtype.ts';
import { full } from '../../tensor/ops/full.ts';
import { reshape } from '../../tensor/ops/reshape.ts';
import { expand, narrow, permute, squeeze, unsqueeze } from '../../tensor/ops/views.ts';
import { type AnyOperation, type Graph, type Node, Readers, type Value } from '../graph.ts';
import { isNative } from './native.ts';

/** Nodes of a network that run one after the other: all in a native program, or all on the host. */
export interface Part {
  readonly isHost: boolean;
  /** Its inputs are the values that it reads of the network's inputs and of earlier parts, its outputs the values that others read. */
  readonly graph: Graph;
}

/** Operations that cost next to nothing without a program: they show the same memory under other indices, or make one number. */
const VIEWS: ReadonlySet<AnyOperation> = new Set<AnyOperation>([
  reshape,
  permute,
  narrow,
  expand,
  squeeze,
  unsqueeze,
  full,
]);

/** Cuts a graph into as few native programs as possible, and the parts that the host runs before, between and after them, in their order. */
export function splitGraph(graph: Graph, dtype: FloatDtype): Part[] {
  const readers = new Readers(graph);
  const hosts = findHosts(graph, dtype, readers);
  const levels = findLevels(graph, hosts, readers);
  const used = [...new Set(levels.values())].sort((a, b) => a - b);
  return used.map((level) => {
    const nodes = graph.nodes.filter((node) => levels.get(node) === level);
    return { isHost: hosts.has(nodes[0]!), graph: partOf(nodes, readers) };
  });
}

/**
 * The nodes that no native program computes: those that none can, and views beside them. A program would have to copy what a view shows, and
 * could not run in stretches if the view transposes signals.
 */
function findHosts({ nodes }: Graph, dtype: FloatDtype, readers: Readers): ReadonlySet<Node> {
  const hosts = new Set<Node>();
  const ofHosts = new Set<Value>();
  for (const node of nodes) {
    const isBehind =
      VIEWS.has(node.operation) && node.inputs.length > 0 && node.inputs.every((value) => ofHosts.has(value));
    if (isNative(node, dtype) && !isBehind) continue;
    hosts.add(node);
    for (const value of node.results) ofHosts.add(value);
  }
  const isForHosts = (value: Value) => !readers.isOutput(value) && readers.of(value).every((each) => hosts.has(each));
  for (const node of nodes.toReversed()) {
    if (VIEWS.has(node.operation) && node.results.every(isForHosts)) hosts.add(node);
  }
  return hosts;
}

function makersOf(nodes: readonly Node[]): ReadonlyMap<Value, Node> {
  return new Map(nodes.flatMap((node) => node.results.map((value) => [value, node] as const)));
}

/**
 * Nodes of one level run together: native ones have even levels, others odd ones, and all have higher levels than the nodes that they read. Each has
 * the highest level that its readers allow, so there are only as many levels as the longest chain of turns has.
 */
function findLevels({ nodes }: Graph, hosts: ReadonlySet<Node>, readers: Readers): ReadonlyMap<Node, number> {
  const makers = makersOf(nodes);
  const isHost = (node: Node) => hosts.has(node);
  const lowest = new Map<Node, number>();
  for (const node of nodes) {
    let level = isHost(node) ? 1 : 0;
    for (const value of node.inputs) {
      const maker = makers.get(value);
      if (maker === undefined) continue;
      level = Math.max(level, lowest.get(maker)! + (isHost(maker) === isHost(node) ? 0 : 1));
    }
    lowest.set(node, level);
  }
  const highestOf = (wanted: boolean) =>
    [...lowest].reduce((most, [node, level]) => (isHost(node) === wanted ? Math.max(most, level) : most), 0);
  const highest = { host: highestOf(true), native: highestOf(false) };
  const levels = new Map<Node, number>();
  for (const node of nodes.toReversed()) {
    let level = isHost(node) ? highest.host : highest.native;
    for (const reader of node.results.flatMap((value) => readers.of(value))) {
      level = Math.min(level, levels.get(reader)! - (isHost(reader) === isHost(node) ? 0 : 1));
    }
    levels.set(node, level);
  }
  return levels;
}

function partOf(nodes: readonly Node[], readers: Readers): Graph {
  const own = new Set(nodes);
  const made = new Set(nodes.flatMap(({ results }) => results));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const isReadElsewhere = (value: Value) => readers.of(value).some((node) => !own.has(node));
  return {
    inputs: [...read].filter((value) => value.known === undefined && !made.has(value)),
    nodes,
    outputs: [...made].filter((value) => readers.isOutput(value) || isReadElsewhere(value)),
  };
}
