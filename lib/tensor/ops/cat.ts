import { rangeError } from '../../check/errors.ts';
import { copy } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { promote } from '../dtype.ts';
import type { Meta, Operation } from '../operation.ts';
import { contiguousStrides, formatShape, numelOf } from '../shape.ts';
import { slabOver } from '../slab.ts';
import { requireElements, stridesOf, viewOfAll } from '../view.ts';
import { converted } from './convert.ts';

/** How tensors are put together. */
export interface CatAttributes {
  readonly dim: number;
  /** Whether stack() was called: torch has a gradient function for it. */
  readonly isStack?: boolean;
}

/** Tensors side by side along a dimension. One of shape [0] counts for nothing, as in torch. */
export const cat: Operation<CatAttributes> = {
  name: 'cat',
  infer: (inputs, { dim }) => {
    const dtype = inputs.map((each) => each.dtype).reduce(promote);
    const counted = inputs.filter((each) => !isNothing(each));
    const first = counted[0] ?? inputs[0]!;
    let size = 0;
    for (const [index, { shape }] of inputs.entries()) {
      if (isNothing(inputs[index]!) && first !== inputs[index]) continue;
      requireFits(first.shape, shape, dim, index);
      size += shape[dim]!;
    }
    return { dtype, shape: Object.freeze(first.shape.with(dim, size)) };
  },
  run: (inputs, { dim }, { dtype, shape }) => {
    const out = allocateResult(dtype, numelOf(shape));
    const strides = contiguousStrides(shape);
    let begin = 0;
    for (const input of inputs) {
      if (input.numel === 0) continue;
      const x = converted(input, dtype);
      requireElements(x);
      const from = { storage: x.storage, offset: x.offset, strides: stridesOf(x) };
      copy(x.shape, from, { storage: out, offset: begin * strides[dim]!, strides });
      begin += x.shape[dim]!;
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, inputs, { dim }, [{ shape }]) => {
    const out = steps.result();
    const strides = contiguousStrides(shape);
    let begin = 0;
    for (const x of inputs) {
      if (numelOf(x.shape) === 0) continue;
      steps.copy(x, slabOver(out, x.shape, strides, begin * strides[dim]!));
      begin += x.shape[dim]!;
    }
    return [out];
  },
};

function isNothing({ shape }: Meta): boolean {
  return shape.length === 1 && shape[0] === 0;
}

function requireFits(first: readonly number[], shape: readonly number[], dim: number, index: number): void {
  if (shape.length !== first.length) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Tensors must have same number of dimensions: got ${first.length} and ${shape.length}`,
    );
  }
  const other = shape.findIndex((size, each) => each !== dim && size !== first[each]);
  if (other < 0) return;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `Sizes of tensors must match except in dimension ${dim}. Expected size ${first[other]} but got size ${shape[other]} for tensor number ${index} in the list. The shapes are ${formatShape(first)} and ${formatShape(shape)}.`,
  );
}
