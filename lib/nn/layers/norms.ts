import { rangeError, typeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, describe } from '../../check/validate.ts';
import { allocate } from '../../tensor/allocate.ts';
import { viewArgument } from '../../tensor/arguments.ts';
import { type FloatDtype, readFloatDtype } from '../../tensor/dtype.ts';
import { numelOf } from '../../tensor/shape.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { wrote } from '../../tensor/versions.ts';
import { elementsOfView, makeView } from '../../tensor/view.ts';
import { inputArgument, numberArgument, requireDimensions, sizeArgument } from '../arguments.ts';
import * as functional from '../functional/norms.ts';
import { Module, requireModule } from '../module.ts';
import { Parameter } from '../parameter.ts';
import { makeFieldsReadOnly } from '../readOnlyFields.ts';
import { pythonBool, pythonFloat } from '../repr.ts';

/** The options of `nn.BatchNorm1d` and `nn.InstanceNorm1d`. */
export interface RunningNormLayerOptions {
  /** What is added to a variance before its root is taken. Default 1e-5. */
  readonly eps?: number | undefined;
  /** How much of a running value is new; null for the mean over all batches. Default 0.1. */
  readonly momentum?: number | null | undefined;
  /** Whether there is a weight and a bias to be learned. Default true for BatchNorm1d, false for InstanceNorm1d. */
  readonly affine?: boolean | undefined;
  /** Whether running values are kept. Default true for BatchNorm1d, false for InstanceNorm1d. */
  readonly trackRunningStats?: boolean | undefined;
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

/** The options of `nn.GroupNorm`. */
export interface GroupNormOptions {
  /** What is added to a variance before its root is taken. Default 1e-5. */
  readonly eps?: number | undefined;
  /** Whether there is a weight and a bias to be learned. Default true. */
  readonly affine?: boolean | undefined;
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

/** The options of `nn.LayerNorm`. */
export interface LayerNormOptions {
  /** What is added to a variance before its root is taken. Default 1e-5. */
  readonly eps?: number | undefined;
  /** Whether there is a weight and a bias to be learned. Default true. */
  readonly elementwiseAffine?: boolean | undefined;
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

function constant(dtype: FloatDtype, shape: readonly number[], value: number): Parameter {
  return new Parameter(allocate(dtype, numelOf(shape)).fill(value), shape);
}

function buffer(dtype: FloatDtype, size: number, value: number): Tensor {
  const shape = [size];
  return tensorOf(makeView(allocate(dtype, numelOf(shape)).fill(value), shape)) as Tensor;
}

function requireRunningNorm(self: unknown, member: string): void {
  if (RunningNorm.isRunningNorm(self)) return;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${member} must be called on a BatchNorm1d or an InstanceNorm1d, not on ${describe(self)}`,
  );
}

/** The memory of the counter of batches. */
function counterOf(tracked: Tensor<'int64'>): BigInt64Array {
  return elementsOfView(viewArgument(tracked, 'num_batches_tracked')) as BigInt64Array;
}

/** What batch norm and instance norm share. */
abstract class RunningNorm extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  /** (numFeatures), ones at first; null without `affine`. */
  readonly weight: Parameter | null;
  /** (numFeatures), zeros at first; null without `affine`. */
  readonly bias: Parameter | null;
  /** (numFeatures), zeros at first; null without `trackRunningStats`. */
  readonly runningMean: Tensor | null;
  /** (numFeatures), ones at first; null without `trackRunningStats`. */
  readonly runningVar: Tensor | null;
  /** How many batches the running values have seen; null without `trackRunningStats`. */
  readonly numBatchesTracked: Tensor<'int64'> | null;
  readonly #isRunningNorm = true;

  constructor(numFeatures: unknown, options: unknown, what: string, otherwise: boolean) {
    super();
    if (options !== undefined) {
      refuseUnknownOptions(options as object, ['eps', 'momentum', 'affine', 'trackRunningStats', 'dtype'], what);
    }
    const { eps, momentum, affine, trackRunningStats, dtype } = (options ?? {}) as Readonly<Record<string, unknown>>;
    this.numFeatures = sizeArgument(numFeatures, `${what}: numFeatures`, 0);
    this.eps = numberArgument(eps ?? 1e-5, `${what}: eps`);
    this.momentum = momentum === null ? null : numberArgument(momentum ?? 0.1, `${what}: momentum`);
    this.affine = boolean(affine ?? otherwise, 'affine');
    this.trackRunningStats = boolean(trackRunningStats ?? otherwise, 'trackRunningStats');
    const kind = readFloatDtype(dtype ?? 'float32');
    const size = this.numFeatures;
    this.weight = this.affine ? constant(kind, [size], 1) : null;
    this.bias = this.affine ? constant(kind, [size], 0) : null;
    const tracks = this.trackRunningStats;
    this.runningMean = tracks ? this.registerBuffer('running_mean', buffer(kind, size, 0)) : null;
    this.runningVar = tracks ? this.registerBuffer('running_var', buffer(kind, size, 1)) : null;
    this.numBatchesTracked = tracks
      ? this.registerBuffer('num_batches_tracked', tensorOf(makeView(allocate('int64', 1), [])) as Tensor<'int64'>)
      : null;
    makeFieldsReadOnly(this);
  }

  /** @internal */
  static isRunningNorm(value: unknown): value is RunningNorm {
    return typeof value === 'object' && value !== null && #isRunningNorm in value;
  }

  /** @internal */
  protected override bufferDefaults(): ReadonlyMap<string, number> {
    return new Map([['num_batches_tracked', 0]]);
  }

  /** @internal */
  protected override extraRepr(): string {
    const momentum = this.momentum === null ? 'None' : pythonFloat(this.momentum);
    return `${this.numFeatures}, eps=${pythonFloat(this.eps)}, momentum=${momentum}, affine=${pythonBool(this.affine)}, track_running_stats=${pythonBool(this.trackRunningStats)}`;
  }
}

/**
 * Each channel less its mean, over its standard deviation, then times weight plus bias. PyTorch's `torch.nn.BatchNorm1d`.
 *
 * In training mode mean and variance are those of the batch, and the running ones move towards them; in evaluation mode they are the running
 * ones.
 *
 * @example
 * const norm = new nn.BatchNorm1d(2).eval();
 * norm.forward(rand(4, 2, 6)).shape;   // [4, 2, 6]
 * Object.keys(norm.stateDict());       // ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
 * @category Layer
 */
export class BatchNorm1d extends RunningNorm {
  /**
   * @param numFeatures  channels of the input
   * @param options      eps 1e-5, momentum 0.1, affine true, trackRunningStats true, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the number of features is negative or no integer
   */
  constructor(numFeatures: number, options?: RunningNormLayerOptions) {
    super(numFeatures, options, 'BatchNorm1d', true);
  }

  /**
   * @param input  (N, C) or (N, C, L), of the layer's dtype
   * @throws RangeError ERR_CONV1D_SHAPE  when the input has other dimensions or channels; with the errors of `functional.batchNorm`
   */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireRunningNorm(this, 'forward');
    const { shape } = inputArgument(input, 'BatchNorm1d');
    if (shape.length !== 2 && shape.length !== 3) {
      throw rangeError('ERR_CONV1D_SHAPE', `expected 2D or 3D input (got ${shape.length}D input)`);
    }
    const training = this.training || this.runningMean === null;
    const updates = this.training && this.numBatchesTracked !== null;
    const counter = updates ? counterOf(this.numBatchesTracked!) : null;
    const count = counter === null ? 0 : Number(counter[0]!) + 1;
    const momentum = this.momentum ?? 1 / Math.max(count, 1);
    const [mean, variance] = updates || !training ? [this.runningMean, this.runningVar] : [null, null];
    const out = functional.batchNorm(input, mean, variance, this.weight, this.bias, {
      training,
      momentum,
      eps: this.eps,
    });
    // Counted once nothing is wrong any more.
    if (counter !== null) {
      counter[0] = BigInt(count);
      wrote(counter);
    }
    return out;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'BatchNorm1d';
  }
}

/**
 * Each channel of each signal less its mean, over its standard deviation, then times weight plus bias. PyTorch's
 * `torch.nn.InstanceNorm1d`.
 *
 * @example
 * new nn.InstanceNorm1d(2).forward(rand(4, 2, 6)).shape;   // [4, 2, 6]
 * @category Layer
 */
export class InstanceNorm1d extends RunningNorm {
  /**
   * @param numFeatures  channels of the input
   * @param options      eps 1e-5, momentum 0.1, affine false, trackRunningStats false, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the number of features is negative or no integer
   */
  constructor(numFeatures: number, options?: RunningNormLayerOptions) {
    super(numFeatures, options, 'InstanceNorm1d', false);
  }

  /**
   * @param input  (N, C, L), or (C, L) for a single signal, of the layer's dtype
   * @throws RangeError ERR_CONV1D_SHAPE  when the input has other dimensions or channels; with the errors of `functional.instanceNorm`
   */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireRunningNorm(this, 'forward');
    const x = inputArgument(input, 'InstanceNorm1d');
    requireDimensions(x, [2, 3], (ndim) => `expected 2D or 3D input (got ${ndim}D input)`);
    return functional.instanceNorm(input, this.runningMean, this.runningVar, this.weight, this.bias, {
      useInputStats: this.training || !this.trackRunningStats,
      momentum: this.momentum ?? 0,
      eps: this.eps,
    });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'InstanceNorm1d';
  }
}

/**
 * Each group of channels of each signal less its mean, over its standard deviation, then times weight plus bias for each channel. PyTorch's
 * `torch.nn.GroupNorm`.
 *
 * @example
 * new nn.GroupNorm(3, 6).forward(rand(4, 6, 10)).shape;   // [4, 6, 10]
 * @category Layer
 */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  /** (numChannels), ones at first; null without `affine`. */
  readonly weight: Parameter | null;
  /** (numChannels), zeros at first; null without `affine`. */
  readonly bias: Parameter | null;

  /**
   * @param numGroups    a divisor of the channels
   * @param numChannels  channels of the input
   * @param options      eps 1e-5, affine true, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the groups do not divide the channels, or a number is out of range
   */
  constructor(numGroups: number, numChannels: number, options?: GroupNormOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['eps', 'affine', 'dtype'], 'GroupNorm');
    const { eps = 1e-5, affine = true, dtype = 'float32' } = options ?? {};
    this.numGroups = sizeArgument(numGroups, 'GroupNorm: numGroups');
    this.numChannels = sizeArgument(numChannels, 'GroupNorm: numChannels');
    if (this.numChannels % this.numGroups !== 0) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `num_channels must be divisible by num_groups, but got ${numChannels} and ${numGroups}`,
      );
    }
    this.eps = numberArgument(eps, 'GroupNorm: eps');
    this.affine = boolean(affine, 'affine');
    const kind = readFloatDtype(dtype);
    this.weight = this.affine ? constant(kind, [this.numChannels], 1) : null;
    this.bias = this.affine ? constant(kind, [this.numChannels], 0) : null;
  }

  /** See `functional.groupNorm`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.groupNorm(input, this.numGroups, this.weight, this.bias, { eps: this.eps });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'GroupNorm';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${pythonFloat(this.eps)}, affine=${pythonBool(this.affine)}`;
  }
}

/**
 * The last dimensions less their mean, over their standard deviation, then times weight plus bias for each element. PyTorch's
 * `torch.nn.LayerNorm`.
 *
 * @example
 * new nn.LayerNorm(6).forward(rand(4, 6)).shape;   // [4, 6]
 * @category Layer
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  /** Of the normalized shape, ones at first; null without `elementwiseAffine`. */
  readonly weight: Parameter | null;
  /** Of the normalized shape, zeros at first; null without `elementwiseAffine`. */
  readonly bias: Parameter | null;

  /**
   * @param normalizedShape  the sizes of the last dimensions, or that of the last one
   * @param options          eps 1e-5, elementwiseAffine true, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a size is below 1 or no integer
   */
  constructor(normalizedShape: number | readonly number[], options?: LayerNormOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['eps', 'elementwiseAffine', 'dtype'], 'LayerNorm');
    const { eps = 1e-5, elementwiseAffine = true, dtype = 'float32' } = options ?? {};
    this.normalizedShape = functional.readNormalizedShape(normalizedShape, 'LayerNorm');
    this.eps = numberArgument(eps, 'LayerNorm: eps');
    this.elementwiseAffine = boolean(elementwiseAffine, 'elementwiseAffine');
    const kind = readFloatDtype(dtype);
    this.weight = this.elementwiseAffine ? constant(kind, this.normalizedShape, 1) : null;
    this.bias = this.elementwiseAffine ? constant(kind, this.normalizedShape, 0) : null;
  }

  /** See `functional.layerNorm`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.layerNorm(input, this.normalizedShape, this.weight, this.bias, { eps: this.eps });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'LayerNorm';
  }

  /** @internal */
  protected override extraRepr(): string {
    const sizes = this.normalizedShape.length === 1 ? `${this.normalizedShape[0]},` : this.normalizedShape.join(', ');
    return `(${sizes}), eps=${pythonFloat(this.eps)}, elementwise_affine=${pythonBool(this.elementwiseAffine)}`;
  }
}
