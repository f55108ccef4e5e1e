import { typeError } from '../check/errors.ts';
import { Module } from '../nn/module.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import type { Meta } from '../tensor/operation.ts';
import type { Graph } from './graph.ts';
import { elementOperands } from './passes/elements.ts';
import { foldAffine } from './passes/foldAffine.ts';
import { foldCut } from './passes/foldCut.ts';
import { foldPadding } from './passes/foldPadding.ts';
import { fuse } from './passes/fuse.ts';
import { type AlgorithmChoice, packLayers } from './passes/layers.ts';
import { removeUnread } from './passes/removeUnread.ts';
import { findInPlace } from './plan/inPlace.ts';
import type { Plan } from './plan/planner.ts';
import type { Origin } from './trace/requireCourse.ts';
import { type Traced, traceGraph } from './trace/traceGraph.ts';
import type { Form } from './trace/tree.ts';

/** What becomes of a module: its graph, ready to be planned, and what its inputs and outputs are. */
export interface Built extends Omit<Traced, 'graph'> {
  readonly plan: Plan;
  /** None of a network that was opened from a handle, or loaded from a file. */
  readonly origin?: Origin | undefined;
}

/** The passes, in their order. Each keeps the bits but for foldAffine. */
const PASSES: readonly ((graph: Graph) => Graph)[] = [
  removeUnread,
  foldAffine,
  foldPadding,
  foldCut,
  removeUnread,
  fuse,
];

/** Follows a module and makes of it what is planned for each shape. */
export function build(module: Module, forms: readonly Form[], metas: readonly Meta[], choice: AlgorithmChoice): Built {
  requireEvaluation(module);
  // Some passes read the weights, others the snapshot that the last eval() took: both are those of now.
  Module.prototype.eval.call(module);
  const { graph: whole, ...traced } = traceGraph(module, forms, metas);
  const dtype = metas[0]!.dtype as FloatDtype;
  requireSteps(removeUnread(whole), dtype);
  const fused = PASSES.reduce((graph, pass) => pass(graph), whole);
  const graph = { ...fused, nodes: packLayers(fused.nodes, choice) };
  const origin = { module, graph: whole, axes: traced.axes, argumentForms: forms, outputForm: traced.outputForm };
  return { ...traced, origin, plan: { graph, dtype, inPlace: findInPlace(graph) } };
}

/** Refuses a module of which a part is in training mode: it would draw, or change its own values. */
function requireEvaluation(module: Module): void {
  const training = module.namedModules().find(([, each]) => each.training);
  if (training === undefined) return;
  const [name] = training;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `compile(): ${name === '' ? 'the module' : `the module '${name}'`} is in training mode; call eval() first`,
  );
}

/** Refuses operations that no step computes, and values of another dtype. */
function requireSteps({ nodes, outputs }: Graph, dtype: FloatDtype): void {
  for (const node of nodes) {
    const { operation, inputs, results, line } = node;
    const place = line === '' ? '' : ` (at ${line})`;
    const other = [...inputs, ...results].map(({ metas }) => metas[0]!.dtype).find((each) => each !== dtype);
    if (other !== undefined) {
      throw typeError(
        'ERR_CONV1D_TRACE',
        `compile(): ${operation.name} has a tensor of ${other}, and all values of a network that is compiled are ${dtype}${place}`,
      );
    }
    if (operation.lower === undefined && elementOperands(node) === undefined) {
      throw typeError(
        'ERR_CONV1D_TRACE',
        `compile(): ${operation.name} has no step in a network that is compiled; leave it to what runs before or behind${place}`,
      );
    }
  }
  const other = outputs.map(({ metas }) => metas[0]!.dtype).find((each) => each !== dtype);
  if (other !== undefined) {
    throw typeError('ERR_CONV1D_TRACE', `compile(): an output is of ${other}, but the inputs are of ${dtype}`);
  }
}
