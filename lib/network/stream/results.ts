import { typeError } from '../../check/errors.ts';
import { readFew } from '../../check/list.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe, isArray } from '../../check/validate.ts';
import { checkedOut } from '../../convolution/forward.ts';
import { refuseOverlaps } from '../../convolution/overlaps.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { Dtype, FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import { numelOf } from '../../tensor/shape.ts';
import { type Tensor, tensorOfAll, viewOf } from '../../tensor/tensor.ts';
import { putTogether } from '../trace/tree.ts';
import type { StreamTraits } from './rowsBody.ts';

/** What was given as `out`, a tensor for each output; null for nothing. */
export type Outs = readonly unknown[] | null;

/** The memory of some results, and what becomes of it. */
export interface Results {
  readonly memories: readonly FloatArray[];
  readonly outs: Outs;
  readonly shapes: readonly (readonly number[])[];
}

/** Reads `out`: a tensor, or several in order or by name. */
export function readOuts(out: unknown, { outputNames, outputs }: StreamTraits): Outs {
  if (out === undefined) return null;
  if (viewOf(out) !== undefined || !(isPlainObject(out) || isArray(out))) {
    if (outputs === 1) return [out];
  } else if (isArray(out)) {
    const list = readFew(out, outputs, 'out');
    if (list.length === outputs) return list;
  } else if (Object.keys(out).every((name) => outputNames.includes(name))) {
    return outputNames.map((name) => (out as Record<string, unknown>)[name]);
  }
  throw typeError(
    'ERR_CONV1D_TYPE',
    `out must be ${outputs === 1 ? 'a Tensor' : `an array of ${outputs} tensors, or an object with ${outputNames.join(', ')}`}, but got ${describe(out)}`,
  );
}

/**
 * Memory for results of these shapes.
 *
 * @param read  the memory of the chunks, of which an `out` may be no part
 */
export function makeResults(
  shapes: readonly (readonly number[])[],
  outs: Outs,
  read: readonly FloatArray[],
  { dtype, operator }: { readonly dtype: FloatDtype; readonly operator: string },
): Results {
  const memories = shapes.map((shape, i) =>
    outs === null ? allocateResult(dtype, numelOf(shape)) : checkedOut(outs[i] as Tensor, shape, { operator, dtype }),
  );
  if (outs !== null) {
    refuseOverlaps([
      ...memories.map((array, i) => ({ array, name: () => (i === 0 ? 'out' : `output ${i}`), isWritten: true })),
      ...read.map((array) => ({ array, name: () => 'a chunk', isWritten: false })),
    ]);
  }
  return { memories, outs, shapes };
}

/** The results once they are written: as the forward returns them, or by name. */
export function giveResults(
  { memories, outs, shapes }: Results,
  { outputForm, outputNames, areNamed }: StreamTraits,
  { dtype, isNamed }: { readonly dtype: FloatDtype; readonly isNamed: boolean },
): unknown {
  const tensors = outs ?? memories.map((memory, i) => tensorOfAll<Dtype>(memory, dtype, shapes[i]!));
  const comesByItself = tensors.length === 1 && !areNamed;
  if (!isNamed || comesByItself) return putTogether(outputForm, tensors.values() as never);
  return Object.fromEntries(outputNames.map((name, i) => [name, tensors[i]]));
}
