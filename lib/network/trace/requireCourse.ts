import { rangeError } from '../../check/errors.ts';
import type { Module } from '../../nn/module.ts';
import type { Meta } from '../../tensor/operation.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Graph } from '../graph.ts';
import type { Axes } from './axes.ts';
import { isCourseOf } from './course.ts';
import { follow } from './tape.ts';
import { variablesAt } from './traceGraph.ts';
import type { Form } from './tree.ts';

/** The origin of a graph. */
export interface Origin {
  readonly module: Module;
  readonly graph: Graph;
  readonly axes: Axes;
  readonly argumentForms: readonly Form[];
  readonly outputForm: Form;
}

/** Whether the module still describes its network: in training mode, or after changes by the user, it computes something else. */
function isAsCompiled(module: Module): boolean {
  try {
    return module.modules().every((each) => !each.training);
  } catch {
    return false;
  }
}

/**
 * Follows the forward once more, with inputs of other sizes. The graph's attributes for these sizes were derived from a few traces, and floors, limits
 * and special cases may be anywhere between them.
 *
 * @throws RangeError ERR_CONV1D_SHAPE  when the forward does something else than the graph; also the forward's own errors
 */
export function requireCourse(
  { module, graph, axes, argumentForms, outputForm }: Origin,
  inputs: readonly Meta[],
): void {
  if (!isAsCompiled(module)) return;
  const shapes = inputs.map(({ shape }) => shape);
  const tape = follow(module, argumentForms, inputs);
  if (isCourseOf(graph, outputForm, tape, variablesAt(axes, shapes), { ofSizesOnly: true })) return;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `network.forward(): for inputs of ${shapes.map(formatShape).join(', ')} the forward takes another course than the one that compile() found; ` +
      'compile it with such inputs, or compute what depends on sizes by sums, products with constants and floors',
  );
}
