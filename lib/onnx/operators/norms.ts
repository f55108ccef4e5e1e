import { affine } from '../../nn/ops/channelwise.ts';
import { groupNorm, layerNorm } from '../../nn/ops/norms.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type FloatArray, type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import { add, div, mul, sub } from '../../tensor/ops/elementwise.ts';
import { mean, sum } from '../../tensor/ops/reduce.ts';
import * as unary from '../../tensor/ops/unary.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import type { Operators } from '../operator.ts';
import { type Any, axesOf, axisOf, run, sizeOf } from './tensors.ts';

const NONE = unary.NO_PARAMETERS;

function floats(call: Call, index: number): FloatArray {
  const view = call.known(index);
  if (view === null)
    throw onnxError(`input ${index} depends on the inputs of the network, and is a number for each channel elsewhere`);
  if (view.dtype !== call.dtype(0))
    throw onnxError(`input ${index} is of ${view.dtype}, but the input of ${call.dtype(0)}`);
  return elementsOfView(view) as FloatArray;
}

/** A norm with known statistics: a linear function per channel. */
function batchNorm(call: Call): Any {
  const x = call.tensor(0);
  if (call.flag('training_mode')) throw onnxError('training_mode is not computed: export the model for inference');
  if (!call.flag('spatial', true)) throw onnxError('statistics for each element (spatial 0) are not computed');
  const { a, b } = call.once('line', [1, 2, 3, 4], () => {
    const [scale, shift, means, variances] = [1, 2, 3, 4].map((i) => floats(call, i)) as FloatArray[];
    const [factor, offset] = [scale!.slice(), scale!.slice()];
    const epsilon = call.float('epsilon', 1e-5);
    for (let c = 0; c < factor.length; c++) {
      const times = scale![c]! / Math.sqrt(variances![c]! + epsilon);
      factor[c] = times;
      offset[c] = shift![c]! - means![c]! * times;
    }
    return { a: factor, b: offset };
  });
  const channelDim = x.shape.length === 1 ? 0 : 1;
  if (x.shape[channelDim] !== a.length)
    throw onnxError(`there are ${a.length} scales for ${x.shape[channelDim]} channels`);
  return run(affine, [x], { a, b, channelDim, normed: null });
}

function instanceNorm(call: Call): Any {
  const x = call.tensor(0);
  return groups(call, x, x.shape[1] ?? 1, floats(call, 1), floats(call, 2));
}

function groups(call: Call, x: Any, count: number, weight: FloatArray | null, bias: FloatArray | null): Any {
  const channels = x.shape[1];
  if (x.shape.length < 2 || count < 1 || channels! % count !== 0) {
    throw onnxError(`an input of [${x.shape.join(', ')}] has no ${count} groups of channels`);
  }
  if ([weight, bias].some((values) => values !== null && values.length !== channels)) {
    throw onnxError(`scale and bias must have ${channels} numbers`);
  }
  return run(groupNorm, [x], {
    groups: count,
    eps: call.float('epsilon', 1e-5),
    weight,
    bias,
    statistics: null,
    gradientName: '',
  });
}

/** Scale and bias belong to groups in operator sets 18 to 20, to channels from 21 on. */
function groupNormalization(call: Call): Any {
  const x = call.tensor(0);
  const count = call.integer('num_groups', 1);
  const channels = x.shape[1] ?? 1;
  const ofChannels = (index: number) =>
    call.once(`channels ${index}`, [index], () => {
      const values = floats(call, index);
      if (values.length === channels || values.length !== count) return values;
      const all = allocate(call.dtype(0) as FloatDtype, channels);
      return all.map((_: number, c: number) => values[Math.floor((c * count) / channels)]!) as FloatArray;
    });
  return groups(call, x, count, ofChannels(1), ofChannels(2));
}

/** Norms over the last dimensions; also their means and inverse deviations, if somebody reads these. */
function layerNormalization(call: Call): Any[] {
  const x = call.tensor(0);
  if (!isFloatDtype(x.dtype)) throw onnxError(`the input is of ${x.dtype}`);
  const axis = axisOf(call.integer('axis', -1), x.shape.length);
  const rest = x.shape.slice(axis);
  const eps = call.float('epsilon', 1e-5);
  const count = sizeOf(rest);
  const [scale, bias] = [1, 2].map((i) => (call.has(i) ? call.known(i) : null));
  const isPlain = [1, 2].every((i) => !call.has(i) || call.known(i)?.numel === count);
  const normed = run(layerNorm, [x], {
    count,
    eps,
    weight: isPlain && scale ? floats(call, 1) : null,
    bias: isPlain && bias ? floats(call, 2) : null,
    statistics: null,
  });
  const scaled = isPlain || !call.has(1) ? normed : run(mul, [normed, call.tensor(1)], {});
  const y = isPlain || !call.has(2) ? scaled : run(add, [scaled, call.tensor(2)], {});
  if (!call.wants(1) && !call.wants(2)) return [y];
  const dims = rest.map((_, i) => axis + i);
  const means = run(mean, [x], { dims, keepdim: true });
  const variance = run(mean, [run(unary.square, [run(sub, [x, means], {})], NONE)], { dims, keepdim: true });
  return [y, means, run(unary.rsqrt, [run(add, [variance], { other: eps })], NONE)];
}

/** Subtracts the mean and divides by the deviation, along some axes. */
function meanVariance(call: Call): Any {
  const x = call.tensor(0);
  const dims = axesOf(call.attributeIntegers('axes') ?? [0, 2, 3], x.shape.length);
  const centred = run(sub, [x, run(mean, [x], { dims, keepdim: true })], {});
  const variance = run(mean, [run(unary.square, [centred], NONE)], { dims, keepdim: true });
  return run(div, [centred, run(add, [run(unary.sqrt, [variance], NONE)], { other: 1e-9 })], {});
}

/** Divides by the norm along one axis; zeros stay zeros. */
function lpNormalization(call: Call): Any {
  const x = call.tensor(0);
  const dims = [axisOf(call.integer('axis', -1), x.shape.length)];
  const isFirst = call.integer('p', 2) === 1;
  const powers = isFirst ? run(unary.abs, [x], NONE) : run(unary.square, [x], NONE);
  const sums = run(sum, [powers], { dims, keepdim: true });
  const norm = isFirst ? sums : run(unary.sqrt, [sums], NONE);
  const min = x.dtype === 'float64' ? 2 ** -1022 : 2 ** -126;
  return run(div, [x, run(unary.clamp, [norm], { min, max: Number.POSITIVE_INFINITY })], {});
}

/** Norms. */
export const norms: Operators = {
  BatchNormalization: {
    inputs: [5, 5],
    outputs: 5,
    attributes: ['epsilon', 'momentum', 'spatial', 'training_mode'],
    run: batchNorm,
  },
  InstanceNormalization: { inputs: [3, 3], attributes: ['epsilon'], run: instanceNorm },
  GroupNormalization: {
    inputs: [3, 3],
    attributes: ['epsilon', 'num_groups', 'stash_type'],
    since: 18,
    run: groupNormalization,
  },
  LayerNormalization: {
    inputs: [2, 3],
    outputs: 3,
    attributes: ['axis', 'epsilon', 'stash_type'],
    since: 17,
    run: layerNormalization,
  },
  MeanVarianceNormalization: { inputs: [1, 1], attributes: ['axes'], run: meanVariance },
  LpNormalization: { inputs: [1, 1], attributes: ['axis', 'p'], run: lpNormalization },
};
