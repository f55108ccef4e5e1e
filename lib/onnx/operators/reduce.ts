import { isFloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { add, sub } from '../../tensor/ops/elementwise.ts';
import { flip } from '../../tensor/ops/flip.ts';
import * as reductions from '../../tensor/ops/reduce.ts';
import { cumsum, topk } from '../../tensor/ops/sorting.ts';
import * as unary from '../../tensor/ops/unary.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import type { Operator, Operators } from '../operator.ts';
import { listOf } from './shapes.ts';
import { type Any, axesOf, axisOf, converted, ends, narrowed, padded, run, runMany } from './tensors.ts';

const NONE = unary.NO_PARAMETERS;

type Reduce = (x: Any, attributes: { dims: number[]; keepdim: boolean }) => Any;

function plain(operation: Operation<reductions.ReduceAttributes>): Reduce {
  return (x, attributes) => converted(run(operation, [x], attributes), x.dtype);
}

function reduction(compute: Reduce): Operator {
  return {
    inputs: [1, 2],
    attributes: ['axes', 'keepdims', 'noop_with_empty_axes'],
    run: (call) => {
      const x = call.tensor(0);
      const axes = listOf(call, 'axes', 1) ?? [];
      // Over no axes, each element is reduced by itself: a sum of squares squares it, as in onnxruntime.
      const isOfAll = axes.length === 0 && !call.flag('noop_with_empty_axes');
      const dims = isOfAll ? [...x.shape.keys()] : axesOf(axes, x.shape.length);
      return compute(x, { dims, keepdim: call.flag('keepdims', true) });
    },
  };
}

/** The logarithm of a sum of exponentials; it subtracts the largest element first, so that none overflows. */
const logSumExp: Reduce = (x, { dims, keepdim }) => {
  const largest = run(reductions.amax, [x], { dims, keepdim: true });
  const top = run(unary.clamp, [largest], { min: -3.4e38, max: 3.4e38 }); // of infinite ones nothing is left
  const sums = run(reductions.sum, [run(unary.exp, [run(sub, [x, top], {})], NONE)], { dims, keepdim: true });
  const all = run(add, [run(unary.log, [sums], NONE), top], {});
  return keepdim ? all : all.reshape(...all.shape.filter((_, dim) => !dims.includes(dim)));
};

/** The index of the largest or smallest element: the first of equal ones, or the last. */
function place(operation: typeof reductions.argmax): Operator {
  return {
    inputs: [1, 1],
    attributes: ['axis', 'keepdims', 'select_last_index'],
    run: (call) => {
      const x = call.tensor(0);
      const dim = axisOf(call.integer('axis', 0), x.shape.length);
      const attributes = { dim, keepdim: call.flag('keepdims', true) };
      if (!call.flag('select_last_index')) return run(operation, [x], attributes);
      const fromEnd = run(operation, [run(flip, [x], { dims: [dim] })], attributes);
      return run(add, [run(unary.neg, [fromEnd], NONE)], { other: (x.shape[dim] ?? 1) - 1 });
    },
  };
}

/** Running sums; `exclusive` ones leave out the element itself, `reverse` ones begin at the end. */
function runningSum(call: Call): Any {
  const x = call.tensor(0);
  const dim = axisOf(call.number(1), x.shape.length);
  const turned = (y: Any) => (call.flag('reverse') ? run(flip, [y], { dims: [dim] }) : y);
  let from = turned(x);
  if (call.flag('exclusive') && x.shape[dim]! > 0) {
    from = padded(narrowed(from, dim, 0, x.shape[dim]! - 1), ends(x.shape.length, dim, 1, 0), 'constant', 0);
  }
  return converted(turned(run(cumsum, [from], { dim })), x.dtype);
}

function largest(call: Call): Any[] {
  const x = call.tensor(0);
  const dim = axisOf(call.integer('axis', -1), x.shape.length);
  const k = call.has(1) ? call.number(1) : call.integer('k', -1);
  if (!Number.isSafeInteger(k) || k < 0 || k > x.shape[dim]!) throw onnxError(`${k} of ${x.shape[dim]} elements`);
  return runMany(topk, [x], { k, dim, largest: call.flag('largest', true) });
}

/** Operators that make one element of many, or order them. */
export const reductionsAndOrders: Operators = {
  ReduceSum: reduction(plain(reductions.sum)),
  ReduceMean: reduction((x, attributes) =>
    isFloatDtype(x.dtype)
      ? run(reductions.mean, [x], attributes)
      : converted(run(reductions.mean, [converted(x, 'float64')], attributes), x.dtype),
  ),
  ReduceMax: reduction(plain(reductions.amax)),
  ReduceMin: reduction(plain(reductions.amin)),
  ReduceProd: reduction(plain(reductions.prod)),
  ReduceL1: reduction((x, attributes) => plain(reductions.sum)(run(unary.abs, [x], NONE), attributes)),
  ReduceL2: reduction((x, attributes) =>
    isFloatDtype(x.dtype)
      ? run(reductions.norm, [x], attributes)
      : converted(run(reductions.norm, [converted(x, 'float64')], attributes), x.dtype),
  ),
  ReduceSumSquare: reduction((x, attributes) =>
    plain(reductions.sum)(isFloatDtype(x.dtype) ? run(unary.square, [x], NONE) : x.mul(x), attributes),
  ),
  ReduceLogSum: reduction((x, attributes) => run(unary.log, [run(reductions.sum, [x], attributes)], NONE)),
  ReduceLogSumExp: reduction(logSumExp),
  ArgMax: place(reductions.argmax),
  ArgMin: place(reductions.argmin),
  CumSum: { inputs: [2, 2], attributes: ['exclusive', 'reverse'], run: runningSum },
  TopK: { inputs: [1, 2], outputs: 2, attributes: ['axis', 'k', 'largest', 'sorted'], run: largest },
};
