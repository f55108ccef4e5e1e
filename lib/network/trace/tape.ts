import { typeError } from '../../check/errors.ts';
import { isPromise } from '../../check/promise.ts';
import type { Module } from '../../nn/module.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { type Tensor, tensorOf, viewOf } from '../../tensor/tensor.ts';
import { makeSymbol, partName, type Recorder, whileRecording } from '../../tensor/tracing.ts';
import type { View } from '../../tensor/view.ts';
import type { AnyOperation } from '../graph.ts';
import { rememberCaller } from './callerLine.ts';
import { type Form, putTogether, takeApart } from './tree.ts';

/** One recorded call of an operation. */
export interface Entry {
  readonly operation: object;
  readonly inputs: readonly View[];
  readonly attributes: unknown;
  readonly results: readonly View[];
  /** The name of the part of the network that called it, if that has one. */
  readonly part: string;
  line(): string;
}

/** The recorded calls of a forward with inputs of some shapes. */
export interface Tape {
  readonly inputs: readonly View[];
  readonly entries: readonly Entry[];
  readonly outputs: readonly View[];
  readonly outputForm: Form;
}

/** Whether two tapes have calls of the same operations. */
export function hasOperationsOf(one: Tape, other: Tape): boolean {
  return one.entries.length === other.entries.length && firstOther(one, other) < 0;
}

/** The first entry of a tape that another one has not; -1 if there is none. */
export function firstOther(one: Tape, other: Tape): number {
  return one.entries.findIndex(({ operation, inputs }, i) => {
    const same = other.entries[i];
    return same === undefined || same.operation !== operation || same.inputs.length !== inputs.length;
  });
}

/** More calls mean a loop that never ends. */
const MOST_ENTRIES = 2 ** 16;

class Writer implements Recorder {
  readonly entries: Entry[] = [];

  record(operation: object, inputs: readonly View[], attributes: unknown, results: readonly Meta[]): readonly View[] {
    if (this.entries.length >= MOST_ENTRIES) {
      throw typeError('ERR_CONV1D_TRACE', `the forward has more than ${MOST_ENTRIES} operations; does its loop end?`);
    }
    const made = results.map(makeSymbol);
    const part = partName();
    this.entries.push({
      operation: operation as AnyOperation,
      inputs,
      attributes,
      results: made,
      part,
      line: placeOf(part),
    });
    return made;
  }

  line(): string {
    return placeOf(partName())();
  }

  remember(): () => string {
    return placeOf(partName());
  }
}

/** The place of a call: a named part of the network, or a line of the user's code. */
function placeOf(part: string): () => string {
  return part === '' ? rememberCaller() : () => `node '${part}'`;
}

/** Follows the forward of a module with inputs of these kinds. */
export function follow(module: Module, argumentForms: readonly Form[], metas: readonly Meta[]): Tape {
  const writer = new Writer();
  const inputs = metas.map(makeSymbol);
  const tensors = inputs.map((view) => tensorOf(view)).values();
  const given = argumentForms.map((form) => putTogether(form, tensors));
  const result: unknown = whileRecording(writer, () => module.forward(...given));
  if (isPromise(result)) {
    // Nobody needs its rejection, which would otherwise end the process.
    result.then(undefined, () => undefined);
    throw typeError('ERR_CONV1D_TRACE', 'the forward returns a Promise; a network that is compiled computes at once');
  }
  const leaves: Tensor<Dtype>[] = [];
  const outputForm = takeApart(result, 'what the forward returns', leaves);
  if (leaves.length === 0) throw typeError('ERR_CONV1D_TRACE', 'the forward returns no tensor');
  return { inputs, entries: writer.entries, outputs: leaves.map((leaf) => viewOf(leaf)!), outputForm };
}
