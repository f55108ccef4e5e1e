import type { Meta, MultiOperation, Operation } from '../tensor/operation.ts';
import type { View } from '../tensor/view.ts';

/** A call, while it is recorded. */
export interface Recorded<A> {
  readonly attributes: A;
  /** The inputs, then the parameters that the operation learns; a parameter that it has not is undefined. */
  readonly inputs: readonly (View | undefined)[];
  readonly results: readonly View[];
  /** For each of the inputs, whether a gradient flows to it. */
  readonly needs: readonly boolean[];
}

/** What is left of an input. */
export interface InputMeta extends Meta {
  /** Whether its elements lay one after the other. */
  readonly isContiguous: boolean;
}

/** What is left of a call when its gradient is computed. */
export interface Call<A> {
  readonly attributes: A;
  /** Dtype and shape of the inputs, then of the parameters. */
  readonly inputs: readonly (InputMeta | undefined)[];
  readonly results: readonly Meta[];
  readonly needs: readonly boolean[];
  /** What the rule saved, in the same order. */
  readonly saved: readonly (View | null | undefined)[];
}

/** A gradient of an input; null where none is needed, or it is zero. */
export type Gradients = readonly (View | null)[];

/** The gradient of an operation with several results. Null is the gradient of a result that nothing learned from. */
export interface MultiRule<A> {
  /** What torch 1.13 calls it: `MulBackward0`. */
  readonly name: string | ((attributes: A, inputs: readonly (InputMeta | undefined)[], index: number) => string);
  /** What the gradient reads of the call; nothing by default. All else is given up at once. */
  saves?(call: Recorded<A>): readonly (View | null | undefined)[];
  /** The gradients of the inputs, each of its input's shape and dtype. What it computes is not recorded. */
  backward(call: Call<A>, gradients: readonly (View | null)[]): Gradients;
}

/** The gradient of an operation. */
export interface Rule<A> extends Omit<MultiRule<A>, 'backward'> {
  backward(call: Call<A>, gradient: View): Gradients;
}

const rules = new Map<object, MultiRule<unknown>>();

/** Gives an operation its gradient. */
export function defineRule<A>(operation: Operation<A>, rule: Rule<A>): void {
  const { backward } = rule;
  rules.set(operation, {
    ...(rule as unknown as MultiRule<unknown>),
    backward: (call, [gradient]) => backward(call as Call<A>, gradient!),
  });
}

/** Gives an operation with several results its gradient. */
export function defineMultiRule<A>(operation: MultiOperation<A>, rule: MultiRule<A>): void {
  rules.set(operation, rule as unknown as MultiRule<unknown>);
}

/** The gradient of an operation; undefined where it has none. */
export function ruleOf(operation: object): MultiRule<unknown> | undefined {
  return rules.get(operation);
}
