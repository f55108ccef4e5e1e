import { rangeError } from '../../check/errors.ts';
import { type BinaryFunction, binary, binaryIndex, type Operand } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { type Dtype, isFloatDtype, promoteByRank } from '../dtype.ts';
import type { Meta, Operation } from '../operation.ts';
import { broadcastShape, numelOf, sameShape } from '../shape.ts';
import { broadcastSlab, stridesOfSlab } from '../slab.ts';
import type { Slab, Steps } from '../steps.ts';
import { elementsOfView, type View, viewOfAll } from '../view.ts';
import { converted } from './convert.ts';
import { operand } from './operand.ts';
import { dtypeOfScalar, scalarView } from './scalar.ts';

const ONE_BY_ONE = [1];
const THE_SAME = [0];

/** A function of two elements: of two tensors, or of one and a number. */
export interface ElementwiseAttributes {
  /** In place of the second tensor. */
  readonly other?: number | boolean | undefined;
}

/** A function of two elements, applied to all pairs; shapes are broadcast and dtypes promoted as in torch. */
export function elementwise(name: BinaryFunction): Operation<ElementwiseAttributes> {
  return {
    name,
    infer: ([x, y], { other }) => infer(name, x!, y, other),
    run: ([x, y], { other }, result) => run(name, x!, y, other, result),
    elementFunction: ({ other }) => ({ kind: 'binary', name, other: other === undefined ? undefined : Number(other) }),
    lower: (steps, [x, y], _, [result]) => [lowerBroadcast(steps, name, x!, y!, result!.shape)],
  };
}

function infer(name: BinaryFunction, x: Meta, y: Meta | undefined, other: number | boolean | undefined): Meta {
  const dtype =
    y === undefined
      ? dtypeOfScalar(other!, x.dtype)
      : promoteByRank(x.dtype, x.shape.length > 0, y.dtype, y.shape.length > 0);
  if (name === 'sub' && dtype === 'bool') {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      'Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` operator instead.; use ne()',
    );
  }
  const shape =
    y === undefined || sameShape(x.shape, y.shape) ? x.shape : Object.freeze(broadcastShape(x.shape, y.shape));
  // Quotients of integers have a fraction.
  return { dtype: name === 'div' && !isFloatDtype(dtype) ? 'float32' : dtype, shape };
}

function run(
  name: BinaryFunction,
  x: View,
  y: View | undefined,
  other: number | boolean | undefined,
  { dtype, shape }: Meta,
): View {
  if (y === undefined) {
    return inRows(name, x, { storage: scalarView(other!, dtype).storage, offset: 0, strides: THE_SAME }, dtype);
  }
  if (sameShape(x.shape, y.shape) && x.strides === null && y.strides === null) {
    const right: Operand = { storage: elementsOfView(converted(y, dtype)), offset: 0, strides: ONE_BY_ONE };
    return inRows(name, x, right, dtype);
  }
  const numel = numelOf(shape);
  const [left, right] = [operand(x, dtype, shape), operand(y, dtype, shape)];
  const out = allocateResult(dtype, numel);
  if (numel > 0) binary(name, shape, left, right, out);
  return viewOfAll(out, dtype, shape);
}

/** With as many elements on the right, or one for all. */
function inRows(name: BinaryFunction, x: View, right: Operand, dtype: Dtype): View {
  const left: Operand = { storage: elementsOfView(converted(x, dtype)), offset: 0, strides: ONE_BY_ONE };
  const out = allocateResult(dtype, x.numel);
  binary(name, [x.numel], left, right, out);
  return viewOfAll(out, dtype, x.shape);
}

export const add = elementwise('add');
export const sub = elementwise('sub');
export const mul = elementwise('mul');
export const div = elementwise('div');
export const minimum = elementwise('minimum');
export const maximum = elementwise('maximum');

/** Of two tensors with shapes of their own. */
function lowerBroadcast(steps: Steps, name: BinaryFunction, x: Slab, y: Slab, shape: readonly number[]): Slab {
  const out = steps.result();
  const [left, right] = [x, y].map((side) => operandSlab(steps, side, shape)) as [Slab, Slab];
  steps.add([left, right], [out], (program, place) => {
    const [l, r] = [stridesOfSlab(left), stridesOfSlab(right)];
    program.binary(binaryIndex(name), shape, place(left), 0, l, place(right), 0, r, place(out));
  });
  return out;
}

/** A side; the kernels read elements that lie side by side, or one again and again. */
function operandSlab(steps: Steps, side: Slab, shape: readonly number[]): Slab {
  const whole = broadcastSlab(side, shape);
  const last = shape.findLastIndex((size) => size > 1);
  const isApart = last >= 0 && stridesOfSlab(whole)[last]! > 1;
  return isApart ? broadcastSlab(steps.contiguous(side), shape) : whole;
}
