import { avgPool, maxPool } from '../../nn/ops/pooling.ts';
import { add, div, mul } from '../../tensor/ops/elementwise.ts';
import { pow } from '../../tensor/ops/pow.ts';
import { amax, mean, sum } from '../../tensor/ops/reduce.ts';
import * as unary from '../../tensor/ops/unary.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import { arange } from '../operations/make.ts';
import type { Operator, Operators } from '../operator.ts';
import { type Any, ends, padded, reshaped, run, runMany, strided } from './tensors.ts';
import { asSignal, type Signal, WINDOW_ATTRIBUTES, type Window, windowsOf } from './windows.ts';

const NONE = unary.NO_PARAMETERS;

/** A pool's input as a signal, and how far its last window may reach beyond the padded end. */
function signalOf(call: Call): Signal & { readonly beyond: number; readonly count: number } {
  const x = call.tensor(0);
  if (x.shape.length < 3) throw onnxError(`the input must be (N, C, L), but is [${x.shape.join(', ')}]`);
  const kernels = call.attributeIntegers('kernel_shape');
  if (kernels === null) throw onnxError('there is no kernel_shape');
  const signal = asSignal(x, windowsOf(call, kernels, x.shape.slice(2)), 'a pool');
  const { kernel, stride, dilation, before, after } = signal.window;
  if (before < 0 || after < 0) throw onnxError('negative pads are not computed');
  const reach = dilation * (kernel - 1) + 1;
  if (before >= reach || after >= reach)
    throw onnxError('pads must be narrower than the window, which would have nothing to read');
  const length = signal.x.shape[2]!;
  const rest = length + before + after - reach;
  if (rest < 0) throw onnxError(`a window of ${reach} does not fit into ${length} elements`);
  let count = Math.floor(rest / stride) + 1;
  if (call.flag('ceil_mode') && rest % stride !== 0) {
    // As in PyTorch and onnxruntime, no window begins in the padding after the end.
    if (count * stride < length + before) count += 1;
  }
  return { ...signal, count, beyond: Math.max((count - 1) * stride + reach - (length + before + after), 0) };
}

/** Whether the library's pools have this padding: equal on both sides, and at most half a window. */
function isEven({ kernel, before, after }: Window): boolean {
  return before === after && 2 * before <= kernel;
}

function maxima(call: Call): Any[] {
  const signal = signalOf(call);
  const { x, window, beyond } = signal;
  const { kernel, stride, dilation, before, after } = window;
  const isDirect = isEven(window) && beyond === 0;
  const lowest = x.dtype === 'float32' || x.dtype === 'float64' ? Number.NEGATIVE_INFINITY : 0;
  if (lowest === 0) throw onnxError(`the input is of ${x.dtype}, and pools are of floats`);
  const from = isDirect ? x : padded(x, ends(3, 2, before, after + beyond), 'constant', lowest);
  const attributes = {
    kernelSize: kernel,
    stride,
    padding: isDirect ? before : 0,
    dilation,
    ceilMode: false,
    returnIndices: call.wants(1),
  };
  const [values, places] = runMany(maxPool, [from], attributes) as [Any, Any?];
  if (places === undefined) return [signal.restore(values)];
  // Counted over the whole tensor.
  if (call.tensor(0).shape.length !== 3) throw onnxError('the places of maxima are of signals (N, C, L)');
  const [n, c, length] = x.shape as [number, number, number];
  const own = isDirect ? places : run(add, [places], { other: -before });
  const rows = call.make(arange, { start: 0, step: length, count: n * c, dtype: 'int64' });
  return [values, run(add, [own, reshaped(rows, [n, c, 1])], {})];
}

function averages(call: Call): Any {
  const signal = signalOf(call);
  return signal.restore(means(call, signal, signal.x, call.flag('count_include_pad')));
}

/** The means of windows; positions beyond the padded end never count. */
function means(call: Call, { window, beyond, count }: ReturnType<typeof signalOf>, x: Any, countsPads: boolean): Any {
  const { kernel, stride, dilation, before, after } = window;
  if (isEven(window) && beyond === 0 && dilation === 1) {
    const shared = { kernelSize: kernel, stride, padding: before, dilation: 1, ceilMode: false };
    return run(avgPool, [x], { ...shared, countIncludePad: countsPads });
  }
  const whole = (y: Any, each: readonly [number, number]) => padded(y, ends(3, 2, ...each), 'constant', 0);
  const sums = windowSums(whole(x, [before, after + beyond]), window, count);
  const isPadded = beyond > 0 || (!countsPads && before + after > 0);
  if (!isPadded) return run(mul, [sums], { other: 1 / kernel });
  // How many elements count in each window: the same of a signal of ones.
  const length = x.shape[2]! + (countsPads ? before + after : 0);
  const ones = call.filled([1, 1, length], 1, x.dtype);
  const counted = whole(ones, countsPads ? [0, beyond] : [before, after + beyond]);
  return run(div, [sums, windowSums(counted, window, count)], {});
}

/** The sum of each window, tap by tap. */
function windowSums(x: Any, { kernel, stride, dilation }: Window, count: number): Any {
  if (dilation === 1) {
    const shared = { kernelSize: kernel, stride, padding: 0, dilation: 1, ceilMode: false, countIncludePad: true };
    return run(mul, [run(avgPool, [x], shared)], { other: kernel });
  }
  return Array.from({ length: kernel }, (_, k) => strided(x, 2, k * dilation, stride, count)).reduce((all, tap) =>
    run(add, [all, tap], {}),
  );
}

/** The p-norm of each window. */
function norms(call: Call): Any {
  const signal = signalOf(call);
  const p = call.integer('p', 2);
  const powers = run(pow, [run(unary.abs, [signal.x], NONE)], { other: p });
  const { before, after } = signal.window;
  const sums = windowSums(
    padded(powers, ends(3, 2, before, after + signal.beyond), 'constant', 0),
    signal.window,
    signal.count,
  );
  return signal.restore(run(pow, [sums], { other: 1 / p }));
}

function global(compute: (x: Any, dims: number[], call: Call) => Any, attributes: readonly string[] = []): Operator {
  return {
    inputs: [1, 1],
    attributes,
    run: (call) => {
      const x = call.tensor(0);
      return compute(x, [...x.shape.keys()].slice(2), call);
    },
  };
}

/** Pools. */
export const pools: Operators = {
  MaxPool: {
    inputs: [1, 1],
    outputs: 2,
    attributes: [...WINDOW_ATTRIBUTES, 'ceil_mode', 'storage_order'],
    run: maxima,
  },
  AveragePool: {
    inputs: [1, 1],
    attributes: [...WINDOW_ATTRIBUTES, 'ceil_mode', 'count_include_pad'],
    run: averages,
  },
  LpPool: { inputs: [1, 1], attributes: [...WINDOW_ATTRIBUTES, 'ceil_mode', 'p'], run: norms },
  GlobalAveragePool: global((x, dims) => run(mean, [x], { dims, keepdim: true })),
  GlobalMaxPool: global((x, dims) => run(amax, [x], { dims, keepdim: true })),
  GlobalLpPool: global(
    (x, dims, call) => {
      const p = call.integer('p', 2);
      const powers = run(pow, [run(unary.abs, [x], NONE)], { other: p });
      return run(pow, [run(sum, [powers], { dims, keepdim: true })], { other: 1 / p });
    },
    ['p'],
  ),
};
