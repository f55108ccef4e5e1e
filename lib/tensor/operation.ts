import { spend } from './budget.ts';
import type { Dtype } from './dtype.ts';
import type { ElementFunction } from './elementFunction.ts';
import { isRecorded, type Learned, NONE_LEARNED, recorded } from './history.ts';
import type { Lowering } from './steps.ts';
import { isTracing, noteMade, recorderOf } from './tracing.ts';
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
  /** Of a function of each element: which one, so that a compiled network can apply it where its inputs are made; undefined where a call is none. */
  elementFunction?(attributes: A): ElementFunction | undefined;
  /** How a compiled network computes it; without this and {@link elementFunction} there is no way. */
  readonly lower?: Lowering<A>;
}

/** The same with several results. */
export interface MultiOperation<A = undefined> {
  readonly name: string;
  infer(inputs: readonly Meta[], attributes: A): readonly Meta[];
  run(inputs: readonly View[], attributes: A, results: readonly Meta[]): readonly View[];
  readonly lower?: Lowering<A>;
}

/**
 * Runs an operation on views.
 *
 * @param learned  parameters whose memory lies in the attributes, for gradients
 */
export function runOperation<A>(
  operation: Operation<A>,
  inputs: readonly View[],
  attributes: A,
  learned: Learned = NONE_LEARNED,
): View {
  const result = operation.infer(inputs, attributes);
  const recorder = recorderOf(inputs);
  if (recorder !== null) return recorder.record(operation, inputs, attributes, [result])[0]!;
  spend(operation, inputs, attributes, [result]);
  const made = isRecorded(inputs, learned)
    ? recorded(operation, inputs, learned, attributes, () => [operation.run(inputs, attributes, result)])[0]!
    : operation.run(inputs, attributes, result);
  if (isTracing()) noteMade(operation, inputs, attributes, [made]);
  return made;
}

/** The same with several results. */
export function runMultiOperation<A>(
  operation: MultiOperation<A>,
  inputs: readonly View[],
  attributes: A,
  learned: Learned = NONE_LEARNED,
): readonly View[] {
  const results = operation.infer(inputs, attributes);
  const recorder = recorderOf(inputs);
  if (recorder !== null) return recorder.record(operation, inputs, attributes, results);
  spend(operation, inputs, attributes, results);
  const made = isRecorded(inputs, learned)
    ? recorded(operation, inputs, learned, attributes, () => operation.run(inputs, attributes, results))
    : operation.run(inputs, attributes, results);
  if (isTracing()) noteMade(operation, inputs, attributes, made);
  return made;
}
