import { rangeError, typeError } from '../../check/errors.ts';
import { readFew } from '../../check/list.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe, isArray } from '../../check/validate.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import { viewOf } from '../../tensor/tensor.ts';
import { floatsOfView, type View } from '../../tensor/view.ts';
import { type StreamedInput, severalOf } from './rowsBody.ts';

// What `push` takes. Callers' getters run while values are read, so that memory is taken of none before all have been.

/** A chunk that was looked at. */
export interface LookedAt {
  readonly view: View;
  /** Along the signal. */
  readonly positions: number;
}

/** What was given of each input. */
export interface Given {
  readonly values: readonly unknown[];
  readonly isNamed: boolean;
}

/** Whether chunks come by the names of inputs. */
export function isByName(given: unknown): given is Readonly<Record<string, unknown>> {
  return isPlainObject(given) && viewOf(given) === undefined;
}

/** The chunks of a push, by name or in order. */
export function readGiven(inputs: readonly StreamedInput[], given: unknown): Given {
  if (isByName(given)) return { values: readNamed(inputs, given), isNamed: true };
  if (inputs.length === 1 && !isArray(given)) return { values: [given], isNamed: false };
  const values = isArray(given) ? readFew(given, inputs.length, 'push(): the chunks') : [];
  if (isArray(given) && values.length === inputs.length) return { values, isNamed: false };
  throw typeError(
    'ERR_CONV1D_TYPE',
    `push(): expected ${inputs.length === 1 ? 'a chunk' : `an array of ${inputs.length} chunks, one for each input that goes on`}, but got ${describe(given)}`,
  );
}

/** What an object has for each input; the values may be anything. */
export function readNamed(inputs: readonly StreamedInput[], given: Readonly<Record<string, unknown>>): unknown[] {
  const names = inputs.map(({ name }) => name);
  const other = Object.keys(given).find((name) => !names.includes(name));
  if (other === undefined) return names.map((name) => given[name]);
  throw typeError(
    'ERR_CONV1D_OPTION',
    `push(): no input ${describe(other)} goes on with the signal; chunks come for ${names.join(', ')}`,
  );
}

/**
 * Looks at a chunk of some rows.
 *
 * @param what  how the message names it
 */
export function lookAt(
  value: unknown,
  input: StreamedInput,
  { rows, dtype, what }: { readonly rows: number; readonly dtype: FloatDtype; readonly what: string },
): LookedAt {
  const view = viewOf(value);
  if (view === undefined) throw typeError('ERR_CONV1D_TYPE', `${what} must be a Tensor, but got ${describe(value)}`);
  const { dim, batchDim, times } = input;
  const positions = (view.shape[dim] ?? 0) / times;
  const shapeOf = (count: number) => severalOf(input.shapeOf(count), batchDim, rows);
  if (!Number.isInteger(positions) || !sameShape(view.shape, shapeOf(positions))) {
    const length = times === 1 ? 'L' : `${times} * L`;
    const expected = shapeOf(1).map((size, i) => (i === dim ? length : size));
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${what} must have the shape [${expected.join(', ')}], but got ${formatShape(view.shape)}`,
    );
  }
  if (view.dtype !== dtype) {
    throw typeError('ERR_CONV1D_DTYPE', `${what} must be ${dtype}, but is ${view.dtype}`);
  }
  return { view, positions };
}

/** Of each input its memory, and how many positions there are: the same of all. */
export function arraysOf(
  inputs: readonly StreamedInput[],
  chunks: readonly LookedAt[],
): { arrays: FloatArray[]; positions: number } {
  const [{ positions }] = chunks as readonly [LookedAt];
  const other = chunks.findIndex((chunk) => chunk.positions !== positions);
  if (other >= 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `push(): the chunk of ${inputs[other]!.name} has ${chunks[other]!.positions} positions, but that of ${inputs[0]!.name} has ${positions}`,
    );
  }
  return { arrays: chunks.map(({ view }) => floatsOfView(view)), positions };
}
