import { affine } from '../../nn/ops/channelwise.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type FloatArray, type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { add, div, type ElementwiseAttributes, maximum, minimum, mul, sub } from '../../tensor/ops/elementwise.ts';
import { pow } from '../../tensor/ops/pow.ts';
import * as unary from '../../tensor/ops/unary.ts';
import { broadcastShape, sameShape } from '../../tensor/shape.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import { fmod, remainder, truncatedQuotient } from '../operations/integerDivision.ts';
import * as functions from '../operations/mathFunctions.ts';
import type { Operator, Operators } from '../operator.ts';
import { type Any, converted, run } from './tensors.ts';

function ofOne(operation: Operation<unary.UnaryAttributes>): Operator {
  return { inputs: [1, 1], run: (call) => run(operation, [call.tensor(0)], unary.NO_PARAMETERS) };
}

function function_(operation: Operation): Operator {
  return { inputs: [1, 1], run: (call) => run(operation, [call.tensor(0)], undefined) };
}

/** In ONNX's first operator sets, the axis at which the second input begins; broadcasting as of today does not have it. */
const LEGACY = ['axis', 'broadcast'];

function ofTwo(compute: (call: Call) => Any): Operator {
  return {
    inputs: [2, 2],
    attributes: LEGACY,
    run: (call) => {
      if (call.hasAttribute('axis')) throw onnxError('broadcasting along an axis ended with operator set 7');
      return compute(call);
    },
  };
}

function plain(operation: Operation<ElementwiseAttributes>): (call: Call) => Any {
  return (call) => run(operation, [call.tensor(0), call.tensor(1)], {});
}

/** `a x + b` with numbers per element of one dimension, which passes fuse into the layer before, like a batch norm. */
function perChannel(
  call: Call,
  lines: (values: FloatArray, isLeft: boolean) => { a?: FloatArray; b?: FloatArray } | null,
) {
  for (const side of [1, 0] as const) {
    const known = call.fixed(side);
    const other = 1 - side;
    if (known === null || known.numel <= 1 || call.fixed(other) !== null) continue;
    const shape = call.shape(other);
    const dtype = call.dtype(other);
    if (!isFloatDtype(dtype) || known.dtype !== dtype || known.shape.length > shape.length) continue;
    const dim = shape.length - known.shape.length + known.shape.findIndex((size) => size > 1);
    if (shape[dim] !== known.numel) continue;
    const line = call.once(`channels ${side}`, [side], () => lines(elementsOfView(known) as FloatArray, side === 0));
    if (line === null) continue;
    const a = line.a ?? call.once('ones', [side], () => allocate(dtype as FloatDtype, known.numel).fill(1));
    const b = line.b ?? call.once('zeros', [side], () => allocate(dtype as FloatDtype, known.numel));
    return run(affine, [call.tensor(other)], { a, b, channelDim: dim, normed: null });
  }
  return null;
}

const negative = (values: FloatArray): FloatArray => values.map((value: number) => -value) as FloatArray;

function divided(call: Call): Any {
  return run(
    isFloatDtype(call.dtype(0)) ? (div as Operation<unknown>) : truncatedQuotient,
    [call.tensor(0), call.tensor(1)],
    {} as never,
  );
}

/** All inputs, two by two. */
function ofMany(operation: Operation<ElementwiseAttributes>): Operator {
  return { inputs: [1, Number.POSITIVE_INFINITY], run: (call) => folded(call, operation) };
}

function folded(call: Call, operation: Operation<ElementwiseAttributes>): Any {
  return call.tensors().reduce((all, each) => run(operation, [all, each], {}));
}

/** x to the power of y, with the dtype of x. */
function power(call: Call): Any {
  const x = call.tensor(0);
  const exponent = call.fixed(1);
  if (exponent?.numel === 1 && isFloatDtype(x.dtype) && sameShape(broadcastShape(x.shape, exponent.shape), x.shape)) {
    return run(pow, [x], { other: call.number(1) });
  }
  const y = call.tensor(1);
  if (isFloatDtype(x.dtype) || !isFloatDtype(y.dtype)) return run(pow, [x, converted(y, x.dtype)], {});
  return converted(run(pow, [converted(x, y.dtype), y], {}), x.dtype);
}

function clipped(call: Call): Any {
  const x = call.tensor(0);
  if (call.opset < 11)
    return bounded(x, call.float('min', Number.NEGATIVE_INFINITY), call.float('max', Number.POSITIVE_INFINITY));
  const isKnown = [1, 2].every((i) => !call.has(i) || call.fixed(i) !== null);
  if (isKnown && isFloatDtype(x.dtype)) {
    return bounded(x, boundOf(call, 1, Number.NEGATIVE_INFINITY), boundOf(call, 2, Number.POSITIVE_INFINITY));
  }
  const raised = call.has(1) ? run(maximum, [x, call.tensor(1)], {}) : x;
  return call.has(2) ? run(minimum, [raised, call.tensor(2)], {}) : raised;
}

function boundOf(call: Call, index: number, otherwise: number): number {
  return call.has(index) ? call.number(index) : otherwise;
}

function bounded(x: Any, min: number, max: number): Any {
  return run(unary.clamp, [x], { min, max });
}

/** Arithmetic, element by element. */
export const elementwise: Operators = {
  Abs: ofOne(unary.abs),
  Neg: ofOne(unary.neg),
  Sqrt: ofOne(unary.sqrt),
  Reciprocal: ofOne(unary.reciprocal),
  Exp: ofOne(unary.exp),
  Log: ofOne(unary.log),
  Sin: ofOne(unary.sin),
  Cos: ofOne(unary.cos),
  Tanh: ofOne(unary.tanh),
  Erf: ofOne(unary.erf),
  Sign: ofOne(unary.sign),
  Floor: ofOne(unary.floor),
  Ceil: ofOne(unary.ceil),
  Round: ofOne(unary.round),
  Tan: function_(functions.tan),
  Asin: function_(functions.asin),
  Acos: function_(functions.acos),
  Atan: function_(functions.atan),
  Sinh: function_(functions.sinh),
  Cosh: function_(functions.cosh),
  Asinh: function_(functions.asinh),
  Acosh: function_(functions.acosh),
  Atanh: function_(functions.atanh),

  Add: ofTwo((call) => perChannel(call, (b) => ({ b })) ?? plain(add)(call)),
  Sub: ofTwo(
    (call) =>
      perChannel(call, (values, isLeft) =>
        isLeft ? { a: negative(values).fill(-1), b: values } : { b: negative(values) },
      ) ?? plain(sub)(call),
  ),
  Mul: ofTwo((call) => perChannel(call, (a) => ({ a })) ?? plain(mul)(call)),
  Div: ofTwo(divided),
  Mod: {
    inputs: [2, 2],
    attributes: ['fmod'],
    run: (call) => run(call.flag('fmod') ? fmod : remainder, [call.tensor(0), call.tensor(1)], undefined),
  },
  Pow: ofTwo(power),
  Min: ofMany(minimum),
  Max: ofMany(maximum),
  Sum: ofMany(add),
  Mean: {
    inputs: [1, Number.POSITIVE_INFINITY],
    run: (call) => run(mul, [folded(call, add)], { other: 1 / call.count }),
  },
  Clip: { inputs: [1, 3], attributes: ['min', 'max'], run: clipped },
};
