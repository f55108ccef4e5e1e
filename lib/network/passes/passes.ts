import type { Graph } from '../graph.ts';
import { foldAffine } from './foldAffine.ts';
import { foldCut } from './foldCut.ts';
import { foldPadding } from './foldPadding.ts';
import { fuse } from './fuse.ts';
import { removeUnread } from './removeUnread.ts';

/** The passes, in their order. Each keeps the bits but for foldAffine. */
const PASSES: readonly ((graph: Graph) => Graph)[] = [
  removeUnread,
  foldAffine,
  foldPadding,
  foldCut,
  removeUnread,
  fuse,
];

/** What native programs compute in place of a graph. */
export function runPasses(whole: Graph): Graph {
  return PASSES.reduce((graph, pass) => pass(graph), whole);
}
