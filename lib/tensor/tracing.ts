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
}

let recorder: Recorder | null = null;

/** Whether operations on known tensors are recorded, too. */
let recordsAll = false;

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

/** Who records an operation with these inputs; null when it is to be computed. */
export function recorderOf(inputs: readonly View[]): Recorder | null {
  return recorder !== null && (recordsAll || inputs.some(isSymbol)) ? recorder : null;
}

/**
 * Has operations on known tensors recorded as well while `compute` runs, if anybody records: of what depends on the sizes of the inputs,
 * and would else be taken for a constant.
 */
export function recordingAll<R>(compute: () => R): R {
  const before = recordsAll;
  recordsAll = true;
  try {
    return compute();
  } finally {
    recordsAll = before;
  }
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
  const before = { recorder, recordsAll };
  recorder = by;
  recordsAll = false;
  try {
    return follow();
  } finally {
    ({ recorder, recordsAll } = before);
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
