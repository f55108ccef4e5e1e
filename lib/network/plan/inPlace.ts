import { type Graph, Readers, type Value } from '../graph.ts';

/** For a value that a function replaces where it lies: by which. */
export type InPlace = ReadonlyMap<Value, Value>;

/** Of the functions that nodes finish their results with, those that may write over what they read: nobody reads it afterwards. */
export function findInPlace(graph: Graph): InPlace {
  const nodes = graph.nodes.flatMap((node) => [node, ...node.finishes.map((each) => each.node)]);
  const readers = new Readers({ ...graph, nodes });
  const inPlace = new Map<Value, Value>();
  for (const { finishes } of graph.nodes) {
    const members = finishes.map(({ node }) => node);
    for (const [i, { node, operand }] of finishes.entries()) {
      const value = node.inputs[operand]!;
      // A value that one function reads twice is read before it is written.
      const isLast = readers.of(value).every((reader) => members.indexOf(reader) >= 0 && members.indexOf(reader) <= i);
      if (isLast && !readers.isOutput(value)) inPlace.set(value, node.results[0]!);
    }
  }
  return inPlace;
}
