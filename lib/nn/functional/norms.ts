import { rangeError } from '../../check/errors.ts';
import { readFew } from '../../check/list.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, isArray } from '../../check/validate.ts';
import { batchStatistics } from '../../native/norms.ts';
import { allocate } from '../../tensor/allocate.ts';
import { viewArgument } from '../../tensor/arguments.ts';
import { apply } from '../../tensor/dispatch.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import { isRecorded, type Learned, requireConstant } from '../../tensor/history.ts';
import { runOperation } from '../../tensor/operation.ts';
import { squeeze, unsqueeze } from '../../tensor/ops/views.ts';
import { formatShape, MAX_DIMENSIONS, numelOf } from '../../tensor/shape.ts';
import { type Tensor, viewOf } from '../../tensor/tensor.ts';
import { isSymbol } from '../../tensor/tracing.ts';
import { wrote } from '../../tensor/versions.ts';
import { floatsOfView, type View } from '../../tensor/view.ts';
import {
  inputArgument,
  numberArgument,
  requireDimensions,
  requireSameDtype,
  sizeArgument,
  torchSize,
  vectorArgument,
} from '../arguments.ts';
import { affine, type NormedChannels } from '../ops/channelwise.ts';
import * as ops from '../ops/norms.ts';

/** The options of `functional.batchNorm` and `functional.instanceNorm`. */
export interface RunningNormOptions {
  /** How much of a running value is new. Default 0.1. */
  readonly momentum?: number | undefined;
  /** What is added to a variance before its root is taken. Default 1e-5. */
  readonly eps?: number | undefined;
}

/** The options of `functional.batchNorm`. */
export interface BatchNormOptions extends RunningNormOptions {
  /** Whether the batch's own mean and variance are taken, and the running ones updated. Default false. */
  readonly training?: boolean | undefined;
}

/** The options of `functional.instanceNorm`. */
export interface InstanceNormOptions extends RunningNormOptions {
  /** Whether each signal's own mean and variance are taken, and the running ones updated. Default true. */
  readonly useInputStats?: boolean | undefined;
}

/** The options of `functional.groupNorm` and `functional.layerNorm`. */
export interface NormOptions {
  /** What is added to a variance before its root is taken. Default 1e-5. */
  readonly eps?: number | undefined;
}

const EPS = 1e-5;
const MOMENTUM = 0.1;

function readEps(options: unknown, what: string): number {
  if (options === undefined) return EPS;
  refuseUnknownOptions(options as object, ['eps'], `functional.${what}`);
  const { eps } = options as NormOptions;
  return eps === undefined ? EPS : numberArgument(eps, `${what}(): eps`);
}

function readRunning(options: unknown, flag: 'training' | 'useInputStats', otherwise: boolean, what: string) {
  if (options === undefined) return { usesInput: otherwise, momentum: MOMENTUM, eps: EPS };
  refuseUnknownOptions(options as object, [flag, 'momentum', 'eps'], `functional.${what}`);
  const given = options as Readonly<Record<string, unknown>>;
  const [uses, momentum, eps] = [given[flag], given.momentum, given.eps];
  return {
    usesInput: uses === undefined ? otherwise : boolean(uses, flag),
    momentum: momentum === undefined ? MOMENTUM : numberArgument(momentum, `${what}(): momentum`),
    eps: eps === undefined ? EPS : numberArgument(eps, `${what}(): eps`),
  };
}

/** Mean and variance of each channel. */
interface Statistics {
  readonly mean: FloatArray;
  readonly variance: FloatArray;
}

/**
 * Each channel less its mean, over its standard deviation, then times weight plus bias: PyTorch's `torch.nn.functional.batch_norm`.
 *
 * With `training`, mean and variance are those of the batch, and the running ones move towards them by `momentum` (the variance with Bessel's
 * correction); without it they are the running ones. A channel is then a x + b, with one rounding.
 *
 * @param input        (N, C) or (N, C, L), of floats
 * @param runningMean  (C), or null
 * @param runningVar   (C), or null; with the mean, needed without `training`
 * @param weight       (C), or null for ones
 * @param bias         (C), or null for zeros
 * @param options      training false, momentum 0.1, eps 1e-5 by default
 * @returns            of the shape and dtype of the input
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when sizes differ, or with `training` a channel has one value only
 * @throws RangeError ERR_CONV1D_VALUE  when there are no running values and `training` is false, or those to be updated are not contiguous
 * @throws RangeError ERR_CONV1D_GRAD   when running values require a gradient, outside of `noGrad`
 * @example
 * functional.batchNorm(rand(4, 2, 6), zeros(2), ones(2)).shape;   // [4, 2, 6]
 */
export function batchNorm<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight?: Tensor | null,
  bias?: Tensor | null,
  options?: BatchNormOptions,
): Tensor<D, R> {
  const x = inputArgument(input, 'batchNorm');
  const { usesInput, momentum, eps } = readRunning(options, 'training', false, 'batchNorm');
  if (x.shape.length < 2) {
    throw rangeError('ERR_CONV1D_SHAPE', `expected 2D or 3D input (got ${x.shape.length}D input)`);
  }
  const channels = x.shape[1]!;
  const values = readChannels(x, channels, { runningMean, runningVar, weight, bias }, 'batchNorm');
  const count = numelOf(x.shape) / Math.max(channels, 1);
  if (usesInput) {
    requireSeveral(x, count);
    requireWritable(runningMean, runningVar, 'batchNorm');
  }
  const statistics = usesInput ? ofBatch(x) : running(values, 'batchNorm');
  const learned = learnedOf(weight, bias);
  const attributes = {
    ...linesOf(statistics, values, eps),
    channelDim: 1,
    normed: areLearned(x, learned) ? normedBy(statistics, eps, usesInput, 'NativeBatchNormBackward0') : null,
  };
  const out = apply(affine, [x], attributes, learned) as Tensor<D, R>;
  // Last, when nothing can fail any more. Of nothing there is nothing to learn.
  if (usesInput && x.numel > 0) updateRunning(values, statistics, momentum, count / (count - 1));
  return out;
}

function requireSeveral(x: View, count: number): void {
  if (count !== 1) return;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `Expected more than 1 value per channel when training, got input size ${torchSize(x.shape)}`,
  );
}

/** Running values that lie apart would be written to in a copy. */
function requireWritable(mean: unknown, variance: unknown, what: string): void {
  for (const value of [mean, variance]) {
    if (value === undefined || value === null || viewArgument(value, what).strides === null) continue;
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `${what}(): running values are written to, and must be contiguous; give a tensor of their own, made with clone()`,
    );
  }
}

interface ChannelValues {
  readonly runningMean: FloatArray | null;
  readonly runningVar: FloatArray | null;
  readonly weight: FloatArray | null;
  readonly bias: FloatArray | null;
}

function readChannels(
  x: View,
  channels: number,
  given: Readonly<Record<keyof ChannelValues, unknown>>,
  what: string,
): ChannelValues {
  const read = (value: unknown, name: string, torchs: string) =>
    vectorArgument(
      value,
      `${what}(): argument '${name}'`,
      x,
      channels,
      (size) => `${torchs} should contain ${channels} elements not ${size}`,
    );
  for (const name of ['runningMean', 'runningVar'] as const) requireConstant(viewOf(given[name]) ?? null, name, what);
  return {
    runningMean: read(given.runningMean, 'runningMean', 'running_mean'),
    runningVar: read(given.runningVar, 'runningVar', 'running_var'),
    weight: read(given.weight, 'weight', 'weight'),
    bias: read(given.bias, 'bias', 'bias'),
  };
}

function running({ runningMean, runningVar }: ChannelValues, what: string): Statistics {
  if (runningMean !== null && runningVar !== null) return { mean: runningMean, variance: runningVar };
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `Expected running_mean and running_var to be defined when training=False; give ${what}() both, or have it take the input's`,
  );
}

function ofBatch(x: View): Statistics {
  const [batch, channels] = x.shape as [number, number];
  const dtype = x.dtype as FloatDtype;
  const mean = allocate(dtype, channels);
  const variance = allocate(dtype, channels);
  if (channels > 0) batchStatistics(batch, channels, numelOf(x.shape.slice(2)), floatsOfView(x), mean, variance);
  return { mean, variance };
}

/** Towards the statistics of a batch; `bessel` makes its variance that of what it was drawn from. */
function updateRunning(
  { runningMean, runningVar }: ChannelValues,
  { mean, variance }: Statistics,
  momentum: number,
  bessel: number,
): void {
  move(runningMean, mean, 1, momentum);
  move(runningVar, variance, bessel, momentum);
}

function move(value: FloatArray | null, towards: FloatArray, factor: number, momentum: number): void {
  if (value === null) return;
  for (let c = 0; c < value.length; c++) value[c] = (1 - momentum) * value[c]! + momentum * towards[c]! * factor;
  wrote(value);
}

/** Weight and bias, which were found to be tensors or absent. */
function learnedOf(weight: unknown, bias: unknown): Learned {
  return [viewOf(weight) ?? null, viewOf(bias) ?? null];
}

/** Whether a gradient is to come: what it needs of a norm is kept then. */
function areLearned(x: View, learned: Learned): boolean {
  return !isSymbol(x) && isRecorded([x], learned);
}

/** Room for the statistics of rows, where a gradient is to come. */
function statisticsFor(x: View, learned: Learned, rows: number): FloatArray | null {
  return areLearned(x, learned) && x.numel > 0 ? allocate(x.dtype as FloatDtype, 2 * rows) : null;
}

/** What a gradient needs of statistics, which may be written over before. */
function normedBy(
  { mean, variance }: Statistics,
  eps: number,
  areOfInput: boolean,
  gradientName: string,
): NormedChannels {
  const rstd = variance.map((each: number) => 1 / Math.sqrt(each + eps)) as FloatArray;
  return { mean: mean.slice(), rstd, areOfInput, gradientName };
}

/** a and b of a x + b, in float64 and then rounded. */
function linesOf({ mean, variance }: Statistics, { weight, bias }: ChannelValues, eps: number) {
  const a = mean.slice();
  const b = mean.slice();
  for (let c = 0; c < a.length; c++) {
    const scale = (weight?.[c] ?? 1) / Math.sqrt(variance[c]! + eps);
    a[c] = scale;
    b[c] = (bias?.[c] ?? 0) - mean[c]! * scale;
  }
  return { a, b };
}

/**
 * Each channel of each signal less its mean, over its standard deviation, then times weight plus bias: PyTorch's
 * `torch.nn.functional.instance_norm`.
 *
 * @param input        (N, C, L), or (C, L) for a single signal, of floats
 * @param runningMean  (C), or null
 * @param runningVar   (C), or null; with the mean, needed without `useInputStats`
 * @param weight       (C), or null for ones
 * @param bias         (C), or null for zeros
 * @param options      useInputStats true, momentum 0.1, eps 1e-5 by default
 * @returns            of the shape and dtype of the input
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when sizes differ, or signals have one value only
 * @throws RangeError ERR_CONV1D_VALUE  when the running values are needed and not given, or to be updated and not contiguous
 * @throws RangeError ERR_CONV1D_GRAD   when running values require a gradient, outside of `noGrad`
 * @example
 * functional.instanceNorm(rand(4, 2, 6)).shape;   // [4, 2, 6]
 */
export function instanceNorm<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  runningMean?: Tensor | null,
  runningVar?: Tensor | null,
  weight?: Tensor | null,
  bias?: Tensor | null,
  options?: InstanceNormOptions,
): Tensor<D, R> {
  const x = inputArgument(input, 'instanceNorm');
  const { usesInput, momentum, eps } = readRunning(options, 'useInputStats', true, 'instanceNorm');
  requireDimensions(x, [2, 3], (ndim) => `expected 2D or 3D input (got ${ndim}D input)`);
  const channelDim = x.shape.length - 2;
  const channels = x.shape[channelDim]!;
  const length = x.shape[channelDim + 1]!;
  const values = readChannels(x, channels, { runningMean, runningVar, weight, bias }, 'instanceNorm');
  const learned = learnedOf(weight, bias);
  const gradientName = channelDim === 1 ? 'ViewBackward0' : 'SqueezeBackward1';
  if (!usesInput) {
    const statistics = running(values, 'instanceNorm');
    const normed = areLearned(x, learned) ? normedBy(statistics, eps, false, gradientName) : null;
    return apply(affine, [x], { ...linesOf(statistics, values, eps), channelDim, normed }, learned) as Tensor<D, R>;
  }
  if (length === 1) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Expected more than 1 spatial element when training, got input size ${torchSize(x.shape)}`,
    );
  }
  requireWritable(runningMean, runningVar, 'instanceNorm');
  const { weight: scale, bias: shift } = values;
  const attributes = {
    groups: channels,
    eps,
    weight: scale,
    bias: shift,
    statistics: statisticsFor(x, learned, x.numel / length),
    gradientName: 'ViewBackward0',
  };
  const out = (
    channelDim === 1
      ? apply(ops.groupNorm, [x], attributes, learned)
      : apply(squeeze, [runOperation(ops.groupNorm, [runOperation(unsqueeze, [x], { dim: 0 })], attributes, learned)], {
          dims: [0],
        })
  ) as Tensor<D, R>;
  const updates = values.runningMean !== null || values.runningVar !== null;
  if (updates && x.numel > 0) updateByInstances(x, values, momentum);
  return out;
}

/** Running values move towards the mean of the signals' statistics. */
function updateByInstances(x: View, values: ChannelValues, momentum: number): void {
  const channelDim = x.shape.length - 2;
  const batch = channelDim === 1 ? x.shape[0]! : 1;
  const channels = x.shape[channelDim]!;
  const length = x.shape[channelDim + 1]!;
  const dtype = x.dtype as FloatDtype;
  const [mean, variance] = [allocate(dtype, batch * channels), allocate(dtype, batch * channels)];
  batchStatistics(1, batch * channels, length, floatsOfView(x), mean, variance);
  updateRunning(
    values,
    { mean: overBatch(mean, channels), variance: overBatch(variance, channels) },
    momentum,
    length / (length - 1),
  );
}

function overBatch(values: FloatArray, channels: number): FloatArray {
  const sums = values.slice(0, channels).fill(0);
  for (let i = 0; i < values.length; i++) sums[i % channels]! += values[i]!;
  return sums.map((sum) => (sum * channels) / values.length) as FloatArray;
}

/**
 * Each group of channels of each signal less its mean, over its standard deviation, then times weight plus bias for each channel: PyTorch's
 * `torch.nn.functional.group_norm`.
 *
 * @param input      (N, C, ...), of floats
 * @param numGroups  a divisor of C
 * @param weight     (C), or null for ones
 * @param bias       (C), or null for zeros
 * @param options    eps 1e-5 by default
 * @returns          of the shape and dtype of the input
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when the groups do not divide the channels, or sizes differ
 * @example
 * functional.groupNorm(rand(4, 6, 10), 3).shape;   // [4, 6, 10]
 */
export function groupNorm<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  numGroups: number,
  weight?: Tensor | null,
  bias?: Tensor | null,
  options?: NormOptions,
): Tensor<D, R> {
  const x = inputArgument(input, 'groupNorm');
  const groups = sizeArgument(numGroups, 'groupNorm(): numGroups');
  const eps = readEps(options, 'groupNorm');
  const { shape } = x;
  if (shape.length < 2) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Expected at least 2 dimensions for input tensor but received ${shape.length}`,
    );
  }
  const channels = shape[1]!;
  if (channels % groups !== 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Expected number of channels in input to be divisible by num_groups, but got input of shape ${formatShape(shape)} and num_groups=${groups}`,
    );
  }
  const read = (value: unknown, name: string) =>
    vectorArgument(
      value,
      `groupNorm(): argument '${name}'`,
      x,
      channels,
      () =>
        `Expected ${name} to be a vector of size equal to the number of channels in input, but got ${name} of shape ${formatShape(viewArgument(value, name).shape)} and input of shape ${formatShape(shape)}`,
    );
  const learned = learnedOf(weight, bias);
  const attributes = {
    groups,
    eps,
    weight: read(weight, 'weight'),
    bias: read(bias, 'bias'),
    statistics: statisticsFor(x, learned, shape[0]! * groups),
    gradientName: 'NativeGroupNormBackward0',
  };
  return apply(ops.groupNorm, [x], attributes, learned) as Tensor<D, R>;
}

/**
 * The last dimensions less their mean, over their standard deviation, then times weight plus bias for each element: PyTorch's
 * `torch.nn.functional.layer_norm`.
 *
 * @param input            (..., the normalized shape), of floats
 * @param normalizedShape  the sizes of the last dimensions, or that of the last one
 * @param weight           of the normalized shape, or null for ones
 * @param bias             of the normalized shape, or null for zeros
 * @param options          eps 1e-5 by default
 * @returns                of the shape and dtype of the input
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when the input does not end in the normalized shape, or sizes differ
 * @example
 * functional.layerNorm(rand(4, 6), [6]).shape;   // [4, 6]
 */
export function layerNorm<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  normalizedShape: number | readonly number[],
  weight?: Tensor | null,
  bias?: Tensor | null,
  options?: NormOptions,
): Tensor<D, R> {
  const x = inputArgument(input, 'layerNorm');
  const sizes = readNormalizedShape(normalizedShape, 'layerNorm');
  const eps = readEps(options, 'layerNorm');
  if (sizes.length === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      'Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got normalized_shape = []',
    );
  }
  const end = x.shape.slice(Math.max(0, x.shape.length - sizes.length));
  if (end.length !== sizes.length || end.some((size, i) => size !== sizes[i])) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given normalized_shape=${formatShape(sizes)}, expected input with shape [*, ${sizes.join(', ')}], but got input of size${formatShape(x.shape)}`,
    );
  }
  const read = (value: unknown, name: string): FloatArray | null => {
    if (value === undefined || value === null) return null;
    const view = viewArgument(value, `layerNorm(): argument '${name}'`);
    if (formatShape(view.shape) !== formatShape(sizes)) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `Expected ${name} to be of same shape as normalized_shape, but got ${name} of shape ${formatShape(view.shape)} and normalized_shape = ${formatShape(sizes)}`,
      );
    }
    requireSameDtype(view, x, `layerNorm(): argument '${name}'`);
    return floatsOfView(view);
  };
  const learned = learnedOf(weight, bias);
  const count = numelOf(sizes);
  const attributes = {
    count,
    eps,
    weight: read(weight, 'weight'),
    bias: read(bias, 'bias'),
    statistics: statisticsFor(x, learned, x.numel / count),
  };
  return apply(ops.layerNorm, [x], attributes, learned) as Tensor<D, R>;
}

/** A size, or several. */
export function readNormalizedShape(value: unknown, what: string): readonly number[] {
  const sizes = isArray(value) ? readFew(value, MAX_DIMENSIONS, `${what}(): normalizedShape`) : [value];
  return Object.freeze(sizes.map((size) => sizeArgument(size, `${what}(): a size of normalizedShape`)));
}
