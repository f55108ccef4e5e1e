import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Graph, Value } from '../graph.ts';
import { type AlgorithmChoice, packLayers } from '../passes/layers.ts';
import { runPasses } from '../passes/passes.ts';
import { findInPlace } from '../plan/inPlace.ts';
import type { Plan } from '../plan/planner.ts';
import { type Part, splitGraph } from './split.ts';

/** A part of a network: native, with a plan, or one that the host runs, as without compile(). */
export type Segment = { readonly plan: Plan; readonly host: null } | { readonly plan: null; readonly host: Graph };

/** A network of which native programs compute some parts, and the host the others, in the order in which they run. */
export interface Mixed {
  readonly inputs: readonly Value[];
  readonly segments: readonly Segment[];
  readonly outputs: readonly Value[];
}

/** Cuts a graph into segments, each with passes of its own. */
export function makeMixed(graph: Graph, dtype: FloatDtype, choice: AlgorithmChoice): Mixed {
  const segments = splitGraph(graph, dtype).map((part) => segmentOf(part, dtype, choice));
  return { inputs: graph.inputs, segments, outputs: graph.outputs };
}

function segmentOf({ isHost, graph }: Part, dtype: FloatDtype, choice: AlgorithmChoice): Segment {
  // The host runs layers of another dtype.
  if (isHost) return { plan: null, host: { ...graph, nodes: packLayers(graph.nodes, choice) } };
  return { plan: planOf(graph, dtype, choice), host: null };
}

/** Applies all passes to a wholly native graph, which is then ready to be planned. */
export function planOf(whole: Graph, dtype: FloatDtype, choice: AlgorithmChoice): Plan {
  const fused = runPasses(whole);
  const graph = { ...fused, nodes: packLayers(fused.nodes, choice) };
  return { graph, dtype, inPlace: findInPlace(graph) };
}
