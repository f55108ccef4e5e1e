import * as native from '../../native/pool.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Meta, MultiOperation, Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';

/** Windows over the last dimension; `outLength` of them. */
export interface PoolAttributes {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly outLength: number;
}

function pooled({ dtype, shape }: Meta, outLength: number): Meta {
  return { dtype, shape: Object.freeze(shape.with(-1, outLength)) };
}

function rowsOf(x: View): { rows: number; length: number } {
  return { rows: numelOf(x.shape.slice(0, -1)), length: x.shape.at(-1)! };
}

/** The largest of each window; with `returnIndices`, where in its row it lies. */
export const maxPool: MultiOperation<PoolAttributes & { readonly returnIndices: boolean }> = {
  name: 'max_pool1d',
  infer: ([x], { outLength, returnIndices }) => {
    const result = pooled(x!, outLength);
    return returnIndices ? [result, { dtype: 'int64', shape: result.shape }] : [result];
  },
  run: ([x], attributes, [result]) => {
    const { dtype, shape } = result!;
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    const indices = attributes.returnIndices ? allocateResult('int64', out.length) : null;
    if (out.length > 0) {
      native.maxPool({ ...rowsOf(x!), ...attributes }, attributes.dilation, floatsOfView(x!), out, indices);
    }
    const values = viewOfAll(out, dtype, shape);
    return indices === null ? [values] : [values, viewOfAll(indices, 'int64', shape)];
  },
};

/** The mean of each window. */
export const avgPool: Operation<PoolAttributes & { readonly countIncludePad: boolean }> = {
  name: 'avg_pool1d',
  infer: ([x], { outLength }) => pooled(x!, outLength),
  run: ([x], attributes, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) {
      native.avgPool({ ...rowsOf(x!), ...attributes }, attributes.countIncludePad, floatsOfView(x!), out);
    }
    return viewOfAll(out, dtype, shape);
  },
};

/** The largest of each of as many windows as there shall be outputs. */
export const adaptiveMaxPool: MultiOperation<{ readonly outLength: number; readonly returnIndices: boolean }> = {
  name: 'adaptive_max_pool1d',
  infer: ([x], { outLength, returnIndices }) => {
    const result = pooled(x!, outLength);
    return returnIndices ? [result, { dtype: 'int64', shape: result.shape }] : [result];
  },
  run: ([x], { outLength, returnIndices }, [result]) => {
    const { dtype, shape } = result!;
    const { rows, length } = rowsOf(x!);
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    const indices = returnIndices ? allocateResult('int64', out.length) : null;
    if (out.length > 0) native.adaptiveMaxPool(rows, length, outLength, floatsOfView(x!), out, indices);
    const values = viewOfAll(out, dtype, shape);
    return indices === null ? [values] : [values, viewOfAll(indices, 'int64', shape)];
  },
};

/** The mean of each of as many windows as there shall be outputs. */
export const adaptiveAvgPool: Operation<{ readonly outLength: number }> = {
  name: 'adaptive_avg_pool1d',
  infer: ([x], { outLength }) => pooled(x!, outLength),
  run: ([x], { outLength }, { dtype, shape }) => {
    const { rows, length } = rowsOf(x!);
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) native.adaptiveAvgPool(rows, length, outLength, floatsOfView(x!), out);
    return viewOfAll(out, dtype, shape);
  },
};
