import { typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import type { Learned } from './history.ts';
import { type MultiOperation, type Operation, runMultiOperation, runOperation } from './operation.ts';
import { tensorAdvice } from './record.ts';
import { isSymbol } from './tracing.ts';
import { sameView, type View } from './view.ts';

/** What tensor.ts knows of tensors, for the files that it imports itself. */
export interface Tensors {
  viewOf(value: unknown): View | undefined;
  make(view: View): object;
}

let tensors: Tensors;

/** Called once, by tensor.ts. */
export function connect(known: Tensors): void {
  tensors = known;
}

/** The view of `this`, which may be anything: a method that was taken off its tensor. */
export function ownView(self: unknown, member: string): View {
  const view = tensors.viewOf(self);
  if (view !== undefined) return view;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a Tensor: x.${member}, not on ${describe(self)}`);
}

/** The view of a tensor that a caller gave; `what` is how the message names it. */
export function givenView(value: unknown, what: string): View {
  const view = tensors.viewOf(value);
  if (view !== undefined) return view;
  throw typeError('ERR_CONV1D_TYPE', `${what} must be a Tensor, but got ${describe(value)}; ${tensorAdvice(value)}`);
}

/** Whether a value is a tensor. */
export function isTensor(value: unknown): boolean {
  return tensors.viewOf(value) !== undefined;
}

/** A view as a tensor. */
export function tensorFrom(view: View): object {
  return tensors.make(view);
}

/** The result of an operation, as a tensor. */
export function apply<A>(operation: Operation<A>, inputs: readonly View[], attributes: A, learned?: Learned): object {
  const view = runOperation(operation, inputs, attributes, learned);
  // Where it is an input as it is: no two tensors have one view, since each has a flag of its own.
  return tensorFrom(inputs.includes(view) && !isSymbol(view) ? sameView(view) : view);
}

/** The results of an operation that has several, as tensors. */
export function applyMany<A>(
  operation: MultiOperation<A>,
  inputs: readonly View[],
  attributes: A,
  learned?: Learned,
): object[] {
  return runMultiOperation(operation, inputs, attributes, learned).map(tensorFrom);
}
