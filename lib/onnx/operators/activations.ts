import * as activations from '../../nn/ops/activations.ts';
import { prelu } from '../../nn/ops/channelwise.ts';
import { type FloatArray, isFloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { eq, le } from '../../tensor/ops/compare.ts';
import { add, div, maximum, minimum, mul, sub } from '../../tensor/ops/elementwise.ts';
import { argmax } from '../../tensor/ops/reduce.ts';
import { logSoftmax, softmax } from '../../tensor/ops/softmax.ts';
import * as unary from '../../tensor/ops/unary.ts';
import { where } from '../../tensor/ops/where.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import { hardswish, line, mish } from '../operations/activations.ts';
import { arange } from '../operations/make.ts';
import type { Operator, Operators } from '../operator.ts';
import { type Any, axisOf, converted, reshaped, run, sizeOf } from './tensors.ts';

const NONE = unary.NO_PARAMETERS;

function activation(operation: Operation<unary.UnaryAttributes>): Operator {
  return { inputs: [1, 1], run: (call) => run(operation, [call.tensor(0)], NONE) };
}

/** An activation whose first parameter is the attribute alpha. */
function withAlpha(operation: Operation<unary.UnaryAttributes>, otherwise: number): Operator {
  return {
    inputs: [1, 1],
    attributes: ['alpha'],
    run: (call) => run(operation, [call.tensor(0)], { a: call.float('alpha', otherwise), b: 0 }),
  };
}

function clamped(x: Any, min: number, max: number): Any {
  return run(unary.clamp, [x], { min, max });
}

/** `x` above zero, and `alpha (exp(x / beta) - 1)` below. */
function exponential(x: Any, alpha: number, beta: number): Any {
  const scaled = beta === 1 ? x : run(div, [x], { other: beta });
  const below = run(mul, [run(unary.expm1, [clamped(scaled, Number.NEGATIVE_INFINITY, 0)], NONE)], { other: alpha });
  return run(add, [run(unary.relu, [x], NONE), below], {});
}

function slope(call: Call): Any {
  const x = call.tensor(0);
  if (call.dtype(1) !== x.dtype)
    throw onnxError(`the slope must be of ${x.dtype}, as the input, but is of ${call.dtype(1)}`);
  const weight = call.fixed(1);
  const { shape } = x;
  if (weight !== null && isFloatDtype(x.dtype)) {
    const missing = shape.length - weight.shape.length;
    const own = weight.shape.findIndex((size) => size > 1);
    const channelDim = own < 0 ? 0 : missing + own;
    if (weight.numel === 1 || shape[channelDim] === weight.numel) {
      return run(prelu, [x], { a: elementsOfView(weight) as FloatArray, b: null, channelDim });
    }
  }
  const below = run(mul, [run(minimum, [x], { other: 0 }), call.tensor(1)], {});
  return run(add, [run(maximum, [x], { other: 0 }), below], {});
}

/** An operator over one axis; before operator set 13, over all axes from that one on, as if they were one. */
function overAxis(compute: (x: Any, dim: number, call: Call) => Any): Operator {
  return {
    inputs: [1, 1],
    attributes: ['axis'],
    run: (call) => {
      const x = call.tensor(0);
      const axis = axisOf(call.integer('axis', call.opset < 13 ? 1 : -1), x.shape.length);
      if (call.opset >= 13 || axis >= x.shape.length - 1) return compute(x, axis, call);
      const rows = [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))];
      return reshaped(compute(reshaped(x, rows), 1, call), x.shape);
    },
  };
}

/** 1 at the first of the largest elements, 0 elsewhere. */
function hardmax(x: Any, dim: number, call: Call): Any {
  const places = run(argmax, [x], { dim, keepdim: true });
  const count = x.shape[dim] ?? 1;
  const positions = call.make(arange, { start: 0, step: 1, count, dtype: 'int64' });
  const along = reshaped(
    positions,
    x.shape.map((_, each) => (each === dim ? count : 1)),
  );
  return converted(run(eq, [along, places], {}), x.dtype);
}

/** x where it is above alpha, 0 elsewhere. */
function thresholded(call: Call): Any {
  const x = call.tensor(0);
  const above = run(unary.sign, [run(sub, [x], { other: call.float('alpha', 1) })], NONE);
  // Minus infinity times 0 would be NaN.
  return run(mul, [clamped(x, -3.4e38, Number.POSITIVE_INFINITY), clamped(above, 0, 1)], {});
}

/** Moves elements beyond the bounds towards 0; those between the bounds become 0. */
function shrunk(call: Call): Any {
  const x = call.tensor(0);
  const [lambd, bias] = [call.float('lambd', 0.5), call.float('bias', 0)];
  const isInside = run(le, [run(unary.abs, [x], NONE)], { other: lambd });
  const moved = run(sub, [x, run(mul, [run(unary.sign, [x], NONE)], { other: bias })], {});
  return run(where, [isInside, call.filled([], 0, x.dtype), moved], undefined);
}

/** Activations. */
export const activationOperators: Operators = {
  Relu: activation(unary.relu),
  Sigmoid: activation(unary.sigmoid),
  HardSwish: activation(hardswish),
  Mish: activation(mish),
  LeakyRelu: withAlpha(activations.leakyRelu, 0.01),
  Elu: withAlpha(activations.elu, 1),
  Softplus: {
    inputs: [1, 1],
    run: (call) => run(activations.softplus, [call.tensor(0)], { a: 1, b: Number.POSITIVE_INFINITY }),
  },
  Softsign: {
    inputs: [1, 1],
    run: (call) => {
      const x = call.tensor(0);
      return run(div, [x, run(add, [run(unary.abs, [x], NONE)], { other: 1 })], {});
    },
  },
  Selu: {
    inputs: [1, 1],
    attributes: ['alpha', 'gamma'],
    run: (call) => {
      const alpha = call.float('alpha', 1.6732631921768188);
      return run(mul, [run(activations.elu, [call.tensor(0)], { a: alpha, b: 0 })], {
        other: call.float('gamma', 1.0507010221481323),
      });
    },
  },
  Celu: {
    inputs: [1, 1],
    attributes: ['alpha'],
    run: (call) => exponential(call.tensor(0), call.float('alpha', 1), call.float('alpha', 1)),
  },
  HardSigmoid: {
    inputs: [1, 1],
    attributes: ['alpha', 'beta'],
    run: (call) => {
      const scaled = run(line, [call.tensor(0)], { a: call.float('alpha', 0.2), b: call.float('beta', 0.5) });
      return clamped(scaled, 0, 1);
    },
  },
  ThresholdedRelu: { inputs: [1, 1], attributes: ['alpha'], run: thresholded },
  Shrink: { inputs: [1, 1], attributes: ['bias', 'lambd'], since: 9, run: shrunk },
  PRelu: { inputs: [2, 2], run: slope },
  Gelu: {
    inputs: [1, 1],
    attributes: ['approximate'],
    since: 20,
    run: (call) =>
      run(
        call.oneOf('approximate', ['none', 'tanh'], 'none') === 'tanh' ? activations.geluTanh : activations.gelu,
        [call.tensor(0)],
        NONE,
      ),
  },
  Softmax: overAxis((x, dim) => run(softmax, [x], { dim })),
  LogSoftmax: overAxis((x, dim) => run(logSoftmax, [x], { dim })),
  Hardmax: overAxis(hardmax),
};
