import type { Graph, Value } from '../graph.ts';

/** Removes the nodes whose results nobody reads. */
export function removeUnread({ inputs, nodes, outputs }: Graph): Graph {
  const read = new Set<Value>(outputs);
  const kept = nodes.toReversed().filter((node) => {
    if (!node.results.some((value) => read.has(value))) return false;
    for (const value of node.inputs) read.add(value);
    return true;
  });
  return { inputs, nodes: kept.reverse(), outputs };
}
