import { typeError } from '../check/errors.ts';
import { arrayKind } from './dtype.ts';
import type { Meta } from './operation.ts';
import { numelOf } from './shape.ts';
import type { View } from './view.ts';

/** Who writes down what is computed with symbols, while somebody traces. */
export interface Recorder {
  /** An operation of which some inputs are symbols; gives a symbol for each result. */
  record(operation: object, inputs: readonly View[], attributes: unknown, results: readonly Meta[]): readonly View[];
  /** Where in the caller's code the forward is; empty where that is not known. */
  line(): string;
  /** The same, to be said later. */
  remember(): () => string;
}

let recorder: Recorder | null = null;

/** What the part of the network that computes at the moment is called; empty where nobody has named it. */
let part = '';

/** Lasts beyond the trace: a symbol that somebody kept is refused by its own sentence. */
const symbols = new WeakSet<View>();

/** A tensor of which only dtype and shape are known: it stands for all values while `compile` follows a forward. */
export function makeSymbol({ dtype, shape }: Meta): View {
  const symbol: View = {
    storage: new (arrayKind(dtype))(0),
    dtype,
    shape: Object.freeze(shape),
    numel: numelOf(shape),
    offset: 0,
    strides: null,
    checkedFor: null,
    history: null,
  };
  symbols.add(symbol);
  return symbol;
}

export function isSymbol(view: View): boolean {
  return symbols.has(view);
}

/** How a tensor was made that depends on no symbol: a forward may make another one for other sizes of its inputs. */
export interface Made {
  readonly operation: object;
  readonly inputs: readonly View[];
  readonly attributes: unknown;
  readonly results: readonly View[];
  /** Which of them it is. */
  readonly index: number;
  line(): string;
}

const made = new WeakMap<View, Made>();

/** How a tensor was made; undefined for a symbol, and for one that was there before the trace. */
export function madeOf(view: View): Made | undefined {
  return made.get(view);
}

/** Whether to remember how all known tensors are made, since sizes decide about them. */
let dependsOnSizes = false;

/** Remembers how all known tensors are made while `compute` runs: for other sizes, a forward may take another part of a constant. */
export function bySizes<R>(compute: () => R): R {
  const before = dependsOnSizes;
  dependsOnSizes = true;
  try {
    return compute();
  } finally {
    dependsOnSizes = before;
  }
}

/** Remembers how tensors were made of none, or of others that were made while somebody traces. */
export function noteMade(
  operation: object,
  inputs: readonly View[],
  attributes: unknown,
  results: readonly View[],
): void {
  if (recorder === null) return;
  if (!dependsOnSizes && inputs.length > 0 && !inputs.some((view) => made.has(view))) return;
  const line = recorder.remember();
  for (const [index, view] of results.entries()) {
    // Some give an input as it is.
    if (!inputs.includes(view)) made.set(view, { operation, inputs, attributes, results, index, line });
  }
}

/** Another view of the same was made in the same way. */
export function noteSame(view: View, other: View): void {
  const before = recorder === null ? undefined : made.get(view);
  if (before !== undefined) made.set(other, before);
}

/** Whether somebody traces. */
export function isTracing(): boolean {
  return recorder !== null;
}

/** Who records an operation with these inputs; null when it is to be computed. */
export function recorderOf(inputs: readonly View[]): Recorder | null {
  return recorder !== null && inputs.some(isSymbol) ? recorder : null;
}

/** Names what is recorded while `compute` runs: a node of a file, which has no line in anybody's code. */
export function namingPart<R>(name: string, compute: () => R): R {
  const before = part;
  part = name;
  try {
    return compute();
  } finally {
    part = before;
  }
}

/** The name of the part that computes. */
export function partName(): string {
  return part;
}

/** Has all operations on symbols recorded while `follow` runs. */
export function whileRecording<R>(by: Recorder, follow: () => R): R {
  const before = recorder;
  recorder = by;
  try {
    return follow();
  } finally {
    recorder = before;
  }
}

/** The error of whoever wants the elements of a symbol. */
export function symbolIsRead(): TypeError {
  const line = recorder?.line() ?? '';
  return typeError(
    'ERR_CONV1D_TRACE',
    'the values of a tensor are read while compile() follows the forward; there are none yet. Compute with the methods of tensors ' +
      `alone, or leave this to what runs before or behind the network${line === '' ? '' : ` (at ${line})`}`,
  );
}
