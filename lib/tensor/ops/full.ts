import { allocateResult } from '../../native/resultMemory.ts';
import { arrayKind, type Dtype, type FloatArray, isFloatDtype } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { numelOf } from '../shape.ts';
import { broadcastSlab } from '../slab.ts';
import { viewOfAll } from '../view.ts';
import { element } from './scalar.ts';

/** A tensor of one number everywhere, made of no other. */
export interface FullAttributes {
  readonly sizes: readonly number[];
  readonly value: number;
  readonly dtype: Dtype;
}

export const full: Operation<FullAttributes> = {
  name: 'full',
  infer: (_, { sizes, dtype }) => ({ dtype, shape: sizes }),
  run: (_, { value }, { dtype, shape }) => {
    const out = allocateResult(dtype, numelOf(shape));
    (out as { fill(value: number | bigint): unknown }).fill(element(value, dtype));
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, _, { value, dtype }, [{ shape }]) => {
    const one: FloatArray = new (arrayKind(isFloatDtype(dtype) ? dtype : 'float32'))(1);
    one[0] = value;
    return [broadcastSlab(steps.constant(one), shape)];
  },
};
