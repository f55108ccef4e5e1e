import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { isFloatDtype } from './dtype.ts';
import { isGradEnabled, setGradEnabled } from './gradMode.ts';
import type { View } from './view.ts';

/** What made a value that gradients flow to, as a caller sees it: torch's `grad_fn`. */
export interface GradFn {
  /** torch's name, as `MulBackward0`. */
  readonly name: string;
}

/** Where a value comes from that gradients flow to. */
export interface History {
  /** The call that made it; null of a leaf, a value to be learned. */
  readonly node: object | null;
  /** Which of the call's results it is. */
  readonly index: number;
  /** Null of a leaf. */
  readonly gradFn: GradFn | null;
}

/** That of every leaf. */
export const LEAF: History = { node: null, index: 0, gradFn: null };

/** Views that gradients reach beside the inputs of an operation: parameters whose memory lies in its attributes, null where there is none. */
export type Learned = readonly (View | null)[];

export const NONE_LEARNED: Learned = [];

/** Who keeps what a gradient needs. */
export interface Autograd {
  /** Gives the results of a call their history. */
  record(
    operation: object,
    inputs: readonly View[],
    learned: Learned,
    attributes: unknown,
    results: readonly View[],
  ): readonly View[];
  backward(root: View, gradient: View | null, retainGraph: boolean): void;
  /** Has the gradient of a value that is no leaf kept, too. */
  retain(view: View): void;
}

let autograd: Autograd | null = null;

/** Called once, by autograd/, which is loaded with the package. */
export function connectAutograd(by: Autograd): void {
  autograd = by;
}

/** The tape. */
export function tape(): Autograd {
  return autograd!;
}

/** Whether a call is to be recorded. */
export function isRecorded(inputs: readonly View[], learned: Learned): boolean {
  if (!isGradEnabled() || autograd === null) return false;
  for (const view of inputs) if (view.history !== null) return true;
  for (const view of learned) if (view !== null && view.history !== null) return true;
  return false;
}

/** Refuses an argument that a gradient should flow to, of a function that has none for it; torch's sentence. */
export function requireConstant(view: View | null, argument: string, what: string): void {
  if (view === null || view.history === null || !isGradEnabled()) return;
  throw rangeError(
    'ERR_CONV1D_GRAD',
    `The function '${what}' is not differentiable with respect to argument '${argument}'. This input cannot have requiresGrad true; give its detach().`,
  );
}

/** Computes a call that is recorded: whatever it calls itself is not. */
export function recorded(
  operation: object,
  inputs: readonly View[],
  learned: Learned,
  attributes: unknown,
  run: () => readonly View[],
): readonly View[] {
  const before = setGradEnabled(false);
  let results: readonly View[];
  try {
    results = run();
  } finally {
    setGradEnabled(before);
  }
  return autograd!.record(operation, inputs, learned, attributes, results);
}

/** Follows an assignment to `requiresGrad`, which is a plain property: a setter of each tensor's own would cost more than a small operation. */
export function followFlag(view: View, flag: unknown): void {
  if (typeof flag !== 'boolean') {
    throw typeError('ERR_CONV1D_TYPE', `requiresGrad must be true or false, but ${describe(flag)} was assigned to it`);
  }
  if (flag) {
    if (!isFloatDtype(view.dtype)) {
      throw typeError('ERR_CONV1D_DTYPE', 'only Tensors of floating point dtype can require gradients');
    }
    view.history = LEAF;
    return;
  }
  if (view.history?.node) {
    throw rangeError(
      'ERR_CONV1D_GRAD',
      "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().",
    );
  }
  view.history = null;
}
