import { avgPool, maxPool } from '../../nn/ops/pooling.ts';
import { add, div, mul } from '../../tensor/ops/elementwise.ts';
import { pad } from '../../tensor/ops/pad.ts';
import { pow } from '../../tensor/ops/pow.ts';
import { amax, mean, sum } from '../../tensor/ops/reduce.ts';
import * as unary from '../../tensor/ops/unary.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import { arange } from '../operations/make.ts';
import type { Operator, Operators } from '../operator.ts';
import { type Any, ends, padded, reshaped, run, runMany, strided } from './tensors.ts';
import { asSignal, isPaddedByLength, type Signal, WINDOW_ATTRIBUTES, windowsOf } from './windows.ts';

const NONE = unary.NO_PARAMETERS;

/** A pool's input as a signal. */
interface Pooled extends Signal {
  /** How many windows there are. */
  readonly count: number;
  /** The padding after the end: with `ceil_mode` more than the pads of the file. */
  readonly behind: number;
  /** Whether the library's pools have this padding: equal on both sides, at most half a window, and the same for all lengths. */
  readonly isEven: boolean;
}

function signalOf(call: Call): Pooled {
  const x = call.tensor(0);
  if (x.shape.length < 3) throw onnxError(`the input must be (N, C, L), but is [${x.shape.join(', ')}]`);
  const kernels = call.attributeIntegers('kernel_shape');
  if (kernels === null) throw onnxError('there is no kernel_shape');
  const signal = asSignal(call, x, windowsOf(call, kernels, x.shape.slice(2)), 'a pool');
  const { kernel, stride, dilation, before, after } = signal.window;
  if (before < 0 || after < 0) throw onnxError('negative pads are not computed');
  const reach = dilation * (kernel - 1) + 1;
  if (before >= reach || after >= reach)
    throw onnxError('pads must be narrower than the window, which would have nothing to read');
  const length = signal.x.shape[2]!;
  const rest = length + before + after - reach;
  if (rest < 0) throw onnxError(`a window of ${reach} does not fit into ${length} elements`);
  // With ceil_mode, elements that are left get one more window. As in PyTorch and onnxruntime, no window begins in the padding after the end, so
  // the padding must be narrower than a window.
  const behind = call.flag('ceil_mode') ? Math.min(after + stride - 1, reach - 1) : after;
  const count = Math.floor((length + before + behind - reach) / stride) + 1;
  const isEven = before === after && 2 * before <= kernel && !isPaddedByLength(call, signal.window);
  return { ...signal, count, behind, isEven };
}

/** Adds the padding to a pool's input. */
function withEnds(call: Call, x: Any, { window, behind }: Pooled, value: number): Any {
  const added = [window.before, behind] as const;
  if (isPaddedByLength(call, window)) return run(pad, [x], { ends: [added], mode: 'constant', value });
  return padded(x, ends(3, 2, ...added), 'constant', value);
}

function maxima(call: Call): Any[] {
  const signal = signalOf(call);
  const { x, window, isEven } = signal;
  const { kernel, stride, dilation, before } = window;
  const lowest = x.dtype === 'float32' || x.dtype === 'float64' ? Number.NEGATIVE_INFINITY : 0;
  if (lowest === 0) throw onnxError(`the input is of ${x.dtype}, and pools are of floats`);
  const from = isEven ? x : withEnds(call, x, signal, lowest);
  const attributes = {
    kernelSize: kernel,
    stride,
    padding: isEven ? before : 0,
    dilation,
    ceilMode: isEven && call.flag('ceil_mode'),
    returnIndices: call.wants(1),
  };
  const [values, places] = runMany(maxPool, [from], attributes) as [Any, Any?];
  if (places === undefined) return [signal.restore(values)];
  // Counted over the whole tensor.
  if (call.tensor(0).shape.length !== 3) throw onnxError('the places of maxima are of signals (N, C, L)');
  const [n, c, length] = x.shape as [number, number, number];
  const own = isEven ? places : run(add, [places], { other: -before });
  const rows = call.make(arange, { start: 0, step: length, count: n * c, dtype: 'int64' });
  return [values, run(add, [own, reshaped(rows, [n, c, 1])], {})];
}

function averages(call: Call): Any {
  const signal = signalOf(call);
  return signal.restore(means(call, signal, call.flag('count_include_pad')));
}

/** The means of windows; positions beyond the padded end never count. */
function means(call: Call, signal: Pooled, countsPads: boolean): Any {
  const { x, window, isEven, behind } = signal;
  const { kernel, stride, dilation, before, after } = window;
  if (isEven && dilation === 1) {
    const shared = { kernelSize: kernel, stride, padding: before, dilation: 1, ceilMode: call.flag('ceil_mode') };
    return run(avgPool, [x], { ...shared, countIncludePad: countsPads });
  }
  const sums = windowSums(call, withEnds(call, x, signal, 0), signal);
  const isWhole = behind === after && (countsPads || (before + after === 0 && !isPaddedByLength(call, window)));
  if (isWhole) return run(mul, [sums], { other: 1 / kernel });
  // How many elements count in each window: the same of a signal of ones.
  const length = x.shape[2]! + (countsPads ? before + after : 0);
  const ones = call.filled([1, 1, length], 1, x.dtype);
  const counted = countsPads
    ? padded(ones, ends(3, 2, 0, behind - after), 'constant', 0)
    : withEnds(call, ones, signal, 0);
  return run(div, [sums, windowSums(call, counted, signal)], {});
}

/** The sum of each window, tap by tap. */
function windowSums(call: Call, x: Any, { window: { kernel, stride, dilation }, count }: Pooled): Any {
  if (dilation === 1) {
    const shared = { kernelSize: kernel, stride, padding: 0, dilation: 1, ceilMode: false, countIncludePad: true };
    return run(mul, [run(avgPool, [x], shared)], { other: kernel });
  }
  return Array.from({ length: kernel }, (_, k) => strided(call, x, 2, k * dilation, stride, count)).reduce((all, tap) =>
    run(add, [all, tap], {}),
  );
}

/** The p-norm of each window. */
function norms(call: Call): Any {
  const signal = signalOf(call);
  const p = call.integer('p', 2);
  const powers = run(pow, [run(unary.abs, [signal.x], NONE)], { other: p });
  const sums = windowSums(call, withEnds(call, powers, signal, 0), signal);
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
