import { typeError } from '../check/errors.ts';
import { Module } from '../nn/module.ts';
import type { Meta } from '../tensor/operation.ts';
import type { Graph } from './graph.ts';
import type { CompileSettings } from './options.ts';
import type { AlgorithmChoice } from './passes/layers.ts';
import { removeUnread } from './passes/removeUnread.ts';
import type { Plan } from './plan/planner.ts';
import { type Mixed, makeMixed, planOf } from './segments/mixed.ts';
import { isWhollyNative, programDtype } from './segments/native.ts';
import type { Origin } from './trace/requireCourse.ts';
import { type Traced, traceGraph } from './trace/traceGraph.ts';
import type { Form } from './trace/tree.ts';

/** A built network: what computes it, and its inputs and outputs. */
export type Built = Omit<Traced, 'graph'> & {
  /** Undefined for a network opened from a handle or loaded from a file. */
  readonly origin?: Origin | undefined;
} & Body;

/** Either one graph for native programs, or segments, of which the host runs some. */
export type Body = { readonly plan: Plan; readonly mixed: null } | { readonly plan: null; readonly mixed: Mixed };

/** All graphs of a network, in the order in which they run. */
export function graphsOf({ plan, mixed }: Body): Graph[] {
  return plan === null ? mixed.segments.map((segment) => segment.host ?? segment.plan.graph) : [plan.graph];
}

/** Follows a module, and makes the graphs that are then planned for each shape. */
export function build(
  module: Module,
  forms: readonly Form[],
  metas: readonly Meta[],
  choice: AlgorithmChoice & Pick<CompileSettings, 'shapes'>,
): Built {
  requireEvaluation(module);
  // Some passes read the weights, others the snapshot of the last eval(): make both current.
  Module.prototype.eval.call(module);
  const varying = choice.shapes?.map((shape) => [...shape.keys()].filter((dim) => typeof shape[dim] === 'string'));
  const { graph, ...traced } = traceGraph(module, forms, metas, varying);
  const origin = { module, graph, axes: traced.axes, argumentForms: forms, outputForm: traced.outputForm };
  const read = removeUnread(graph);
  const dtype = programDtype(read);
  if (isWhollyNative(read, dtype)) return { ...traced, origin, plan: planOf(read, dtype, choice), mixed: null };
  return { ...traced, origin, plan: null, mixed: makeMixed(read, dtype, choice) };
}

/** Refuses a module with a part in training mode, which would draw random numbers or change its own values. */
function requireEvaluation(module: Module): void {
  const training = module.namedModules().find(([, each]) => each.training);
  if (training === undefined) return;
  const [name] = training;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `compile(): ${name === '' ? 'the module' : `the module '${name}'`} is in training mode; call eval() first`,
  );
}
