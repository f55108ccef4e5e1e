import { allocateResult } from '../../native/resultMemory.ts';
import type { Dtype, Elements } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { element } from '../../tensor/ops/scalar.ts';
import { viewOfAll } from '../../tensor/view.ts';

// Operations without inputs. A compiled network has them if the sizes of its inputs decide about their elements.

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

/** Sizes as a tensor of integers: a vector, or one without dimensions. */
export const integers: Operation<{ readonly values: readonly number[]; readonly isScalar: boolean }> = {
  name: 'sizes',
  infer: (_, { values, isScalar }) => ({ shape: isScalar ? [] : [values.length], dtype: 'int64' }),
  run: (_, { values }, { dtype, shape }) => viewOfAll(BigInt64Array.from(values, BigInt), dtype, Object.freeze(shape)),
};
