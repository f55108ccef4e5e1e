import { allocateResult } from '../../native/resultMemory.ts';
import type { Dtype, Elements } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { numelOf } from '../shape.ts';
import { viewOfAll } from '../view.ts';
import { element } from './scalar.ts';

// Tensors of no other tensor. A compiled network has these where sizes of its inputs decide about what is in them.

/** The elements are all alike. */
export interface FullAttributes {
  readonly shape: readonly number[];
  readonly value: number;
  readonly dtype: Dtype;
}

/** A tensor of one value. */
export const full: Operation<FullAttributes> = {
  name: 'full',
  infer: (_, { shape, dtype }) => ({ shape, dtype }),
  run: (_, { value }, { dtype, shape }) => {
    const out: Elements = allocateResult(dtype, numelOf(shape));
    out.fill(element(value, dtype) as never);
    return viewOfAll(out, dtype, Object.freeze(shape));
  },
  lower: (steps, _, { value }, [{ shape }]) => {
    const out = steps.result();
    if (numelOf(shape) > 0) {
      steps.add([], [out], (program, place) => program.fill(place(out), 0, numelOf(shape), value));
    }
    return [out];
  },
};

/** Integers that follow each other. */
export interface ArangeAttributes {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  readonly dtype: Dtype;
}

/** `start + i * step`, rounded once. */
export const arange: Operation<ArangeAttributes> = {
  name: 'arange',
  infer: (_, { count, dtype }) => ({ shape: [count], dtype }),
  run: (_, { start, step, count }, { dtype, shape }) => {
    const out: Elements = allocateResult(dtype, count);
    for (let i = 0; i < count; i++) out[i] = element(start + i * step, dtype) as never;
    return viewOfAll(out, dtype, Object.freeze(shape));
  },
};

/** Some integers, a vector or one without dimensions: sizes as a tensor. */
export const integers: Operation<{ readonly values: readonly number[]; readonly isScalar: boolean }> = {
  name: 'sizes',
  infer: (_, { values, isScalar }) => ({ shape: isScalar ? [] : [values.length], dtype: 'int64' }),
  run: (_, { values }, { dtype, shape }) => viewOfAll(BigInt64Array.from(values, BigInt), dtype, Object.freeze(shape)),
};
