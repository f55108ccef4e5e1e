import { type Graph, Readers, type Value } from '../graph.ts';

/** Maps a value to the value that a function writes over it. */
export type InPlace = ReadonlyMap<Value, Value>;

/** The functions fused into nodes that may write over the value that they read, since nobody reads it afterwards. */
export function findInPlace(graph: Graph): InPlace {
  const nodes = graph.nodes.flatMap((node) => [node, ...node.finishes.map((each) => each.node)]);
  const readers = new Readers({ ...graph, nodes });
  const inPlace = new Map<Value, Value>();
  for (const { finishes } of graph.nodes) {
    const members = finishes.map(({ node }) => node);
    for (const [i, { node, operand }] of finishes.entries()) {
      const value = node.inputs[operand]!;
      // A function that reads a value twice reads it both times before it writes.
      const isLast = readers.of(value).every((reader) => members.indexOf(reader) >= 0 && members.indexOf(reader) <= i);
      if (isLast && !readers.isOutput(value)) inPlace.set(value, node.results[0]!);
    }
  }
  return inPlace;
}
