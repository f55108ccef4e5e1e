import type { Dtype } from './dtype.ts';
import type { View } from './view.ts';

/** What is known of a tensor before anything is computed. */
export interface Meta {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/**
 * An operation on tensors: one record, in a file of its own. What belongs to it elsewhere (its gradient, its names in files) is keyed by
 * the record.
 *
 * @typeParam A  its attributes: plain data
 */
export interface Operation<A = undefined> {
  /** torch's name in camelCase: in messages, and in the list of operations. */
  readonly name: string;
  /** The dtype and the shape of the result. Throws torch's sentence where the inputs do not fit. */
  infer(inputs: readonly Meta[], attributes: A): Meta;
  /** Computes the result, of which {@link infer} has said dtype and shape. A view shares the memory of its input. */
  run(inputs: readonly View[], attributes: A, result: Meta): View;
}

/** The same with several results. */
export interface MultiOperation<A = undefined> {
  readonly name: string;
  infer(inputs: readonly Meta[], attributes: A): readonly Meta[];
  run(inputs: readonly View[], attributes: A, results: readonly Meta[]): readonly View[];
}

/** Runs an operation on views. */
export function runOperation<A>(operation: Operation<A>, inputs: readonly View[], attributes: A): View {
  return operation.run(inputs, attributes, operation.infer(inputs, attributes));
}

/** The same with several results. */
export function runMultiOperation<A>(
  operation: MultiOperation<A>,
  inputs: readonly View[],
  attributes: A,
): readonly View[] {
  return operation.run(inputs, attributes, operation.infer(inputs, attributes));
}
