import { rangeError } from '../../check/errors.ts';
import * as native from '../../native/pool.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Meta, MultiOperation, Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { AddStep, Slab, Steps } from '../../tensor/steps.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';

/** Windows over the last dimension. */
export interface PoolAttributes {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly ceilMode: boolean;
}

/** How many windows there are, as torch counts them: none begins in the right padding. */
export function outLengthOf(
  length: number,
  { kernelSize, stride, padding, dilation, ceilMode }: PoolAttributes,
): number {
  const rest = length + 2 * padding - dilation * (kernelSize - 1) - 1;
  const count = Math.floor((rest + (ceilMode ? stride - 1 : 0)) / stride) + 1;
  return ceilMode && (count - 1) * stride >= length + padding ? count - 1 : count;
}

function pooled({ dtype, shape }: Meta, outLength: number): Meta {
  return { dtype, shape: Object.freeze(shape.with(-1, outLength)) };
}

/** A step that reads the rows of x. The places of the largest are integers, which networks refuse. */
function lowerRows(
  steps: Steps,
  given: Slab,
  add: (program: Parameters<AddStep>[0], rows: number, length: number, x: number, out: number) => void,
): readonly Slab[] {
  const x = steps.contiguous(given);
  const out = steps.result();
  const [rows, length] = [numelOf(x.shape.slice(0, -1)), x.shape.at(-1)!];
  steps.add([x], [out], (program, place) => add(program, rows, length, place(x), place(out)));
  return [out];
}

function rowsOf(x: View): { rows: number; length: number } {
  return { rows: numelOf(x.shape.slice(0, -1)), length: x.shape.at(-1)! };
}

/** The largest of each window; with `returnIndices`, where in its row it lies. */
export const maxPool: MultiOperation<PoolAttributes & { readonly returnIndices: boolean }> = {
  name: 'max_pool1d',
  infer: ([x], attributes) => {
    const { returnIndices } = attributes;
    const outLength = outLengthOf(x!.shape.at(-1)!, attributes);
    if (outLength < 1) {
      throw rangeError('ERR_CONV1D_SHAPE', `max_pool1d() Invalid computed output size: ${outLength}`);
    }
    const result = pooled(x!, outLength);
    return returnIndices ? [result, { dtype: 'int64', shape: result.shape }] : [result];
  },
  run: ([x], attributes, [result]) => {
    const { dtype, shape } = result!;
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    const indices = attributes.returnIndices ? allocateResult('int64', out.length) : null;
    if (out.length > 0) {
      const outLength = shape.at(-1)!;
      native.maxPool({ ...rowsOf(x!), ...attributes, outLength }, attributes.dilation, floatsOfView(x!), out, indices);
    }
    const values = viewOfAll(out, dtype, shape);
    return indices === null ? [values] : [values, viewOfAll(indices, 'int64', shape)];
  },
  lower: (steps, [x], { kernelSize, stride, padding, dilation }, [{ shape }]) =>
    lowerRows(steps, x!, (program, rows, length, from, to) =>
      program.maxPool(rows, length, kernelSize, stride, padding, dilation, shape.at(-1)!, from, to),
    ),
};

/** The mean of each window. */
export const avgPool: Operation<PoolAttributes & { readonly countIncludePad: boolean }> = {
  name: 'avg_pool1d',
  infer: ([x], attributes) => {
    const { shape } = x!;
    const outLength = outLengthOf(shape.at(-1)!, attributes);
    if (outLength >= 1) return pooled(x!, outLength);
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given input size: (${shape.join('x')}). Calculated output size: (${shape.with(-1, outLength).join('x')}). Output size is too small`,
    );
  },
  run: ([x], attributes, { dtype, shape }) => {
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) {
      const outLength = shape.at(-1)!;
      native.avgPool({ ...rowsOf(x!), ...attributes, outLength }, attributes.countIncludePad, floatsOfView(x!), out);
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [x], { kernelSize, stride, padding, countIncludePad }, [{ shape }]) =>
    lowerRows(steps, x!, (program, rows, length, from, to) =>
      program.avgPool(rows, length, kernelSize, stride, padding, shape.at(-1)!, countIncludePad, from, to),
    ),
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
  lower: (steps, [x], { outLength }) =>
    lowerRows(steps, x!, (program, rows, length, from, to) =>
      program.adaptiveMaxPool(rows, length, outLength, from, to),
    ),
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
  lower: (steps, [x], { outLength }) =>
    lowerRows(steps, x!, (program, rows, length, from, to) =>
      program.adaptiveAvgPool(rows, length, outLength, from, to),
    ),
};
