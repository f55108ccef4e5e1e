import type { Graph } from '../graph.ts';
import { foldAffine } from './foldAffine.ts';
import { foldCut } from './foldCut.ts';
import { foldPadding } from './foldPadding.ts';
import { fuse } from './fuse.ts';
import { removeUnread } from './removeUnread.ts';

/** The passes, in their order. All but foldAffine keep the bits. */
const PASSES: readonly ((graph: Graph) => Graph)[] = [
  removeUnread,
  foldAffine,
  foldPadding,
  foldCut,
  removeUnread,
  fuse,
];

/** Makes of a graph the one that native programs compute. */
export function runPasses(whole: Graph): Graph {
  return PASSES.reduce((graph, pass) => pass(graph), whole);
}
