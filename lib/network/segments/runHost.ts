import { codeOf, isOwnRefusal, messageOf, nameOf } from '../../check/caught.ts';
import { type ErrorCode, rangeError, typeError } from '../../check/errors.ts';
import type { Meta, MultiOperation, Operation } from '../../tensor/operation.ts';
import type { View } from '../../tensor/view.ts';
import type { NodeCall } from '../plan/planner.ts';

/** A node that the host runs, as without compile(), at fixed sizes. */
export interface HostCall extends NodeCall {
  /** Whether its operation returns an array of results, even of one. */
  readonly isMulti: boolean;
}

export function hostCall(call: NodeCall): HostCall {
  const { node, attributes, inputs } = call;
  return { ...call, isMulti: Array.isArray(node.operation.infer(inputs, attributes)) };
}

/** Computes a node. Its errors name the line of the forward. */
export function runHost({ node, attributes, results, isMulti }: HostCall, inputs: readonly View[]): readonly View[] {
  const { operation, line } = node;
  try {
    if (isMulti) return (operation as MultiOperation<unknown>).run(inputs, attributes, results);
    return [(operation as Operation<unknown>).run(inputs, attributes, results[0] as Meta)];
  } catch (error) {
    if (line === '' || !isOwnRefusal(error)) throw error;
    const make = nameOf(error) === 'TypeError' ? typeError : rangeError;
    throw make(codeOf(error) as ErrorCode, `${messageOf(error)} (at ${line})`);
  }
}
