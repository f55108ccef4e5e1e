import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type FloatDtype, readFloatDtype } from '../../tensor/dtype.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { numberArgument, sizeArgument } from '../arguments.ts';
import { prelu, snake } from '../functional/channels.ts';
import { type DropoutOptions, dropout, readProbability } from '../functional/dropout.ts';
import { type InterpolateOptions, interpolated, readInterpolation } from '../functional/interpolate.ts';
import { Module, requireModule } from '../module.ts';
import { Parameter } from '../parameter.ts';
import { makeFieldsReadOnly } from '../readOnlyFields.ts';
import { pythonFloat } from '../repr.ts';

/** The options of `nn.PReLU`. */
export interface PReLUOptions {
  /** What the weights begin with. Default 0.25. */
  readonly init?: number | undefined;
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

/**
 * `x` where it is positive, `weight * x` elsewhere, with a weight to be learned for each channel or one for all. PyTorch's
 * `torch.nn.PReLU`.
 *
 * @example
 * new nn.PReLU().forward(tensor([1, -2])).toArray();   // [1, -0.5]
 * @category Layer
 */
export class PReLU extends Module {
  readonly numParameters: number;
  /** (numParameters). */
  readonly weight: Parameter;

  /**
   * @param numParameters  1 by default, or the number of channels
   * @param options        init 0.25, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
   */
  constructor(numParameters = 1, options?: PReLUOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['init', 'dtype'], 'PReLU');
    const { init = 0.25, dtype = 'float32' } = options ?? {};
    this.numParameters = sizeArgument(numParameters, 'PReLU: numParameters');
    const shape = [this.numParameters];
    const first = numberArgument(init, 'PReLU: init');
    this.weight = new Parameter(allocate(readFloatDtype(dtype), numelOf(shape)).fill(first), shape);
  }

  /** See `functional.prelu`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return prelu(input, this.weight);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'PReLU';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}

/** The options of `nn.Snake`. */
export interface SnakeOptions {
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

/**
 * `x + sin(alpha x)^2 / (alpha + 1e-9)`, with an alpha to be learned for each channel, as SNAC and its like have it. Its state dict has `alpha`,
 * (1, channels, 1), ones at first.
 *
 * @example
 * new nn.Snake(2).forward(rand(4, 2, 6)).shape;   // [4, 2, 6]
 * @category Layer
 */
export class Snake extends Module {
  readonly channels: number;
  /** (1, channels, 1). */
  readonly alpha: Parameter;

  /**
   * @param channels  channels of the input, 1 or more
   * @param options   dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the number of channels is out of range
   */
  constructor(channels: number, options?: SnakeOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['dtype'], 'Snake');
    this.channels = sizeArgument(channels, 'Snake: channels');
    const shape = [1, this.channels, 1];
    const values = allocate(readFloatDtype(options?.dtype ?? 'float32'), numelOf(shape));
    this.alpha = new Parameter(values.fill(1), shape);
  }

  /** See `functional.snake`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return snake(input, this.alpha);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Snake';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `${this.channels}`;
  }
}

/**
 * In training mode, zeros in place of elements, each with probability p, and the others divided by 1 - p; in evaluation mode, the input.
 * PyTorch's `torch.nn.Dropout`.
 *
 * @example
 * new nn.Dropout(0.5).eval().forward(tensor([1, 2]));   // tensor([1., 2.])
 * @category Layer
 */
export class Dropout extends Module {
  readonly p: number;

  /**
   * @param p  0.5 by default
   * @throws TypeError ERR_CONV1D_TYPE    when it is no number
   * @throws RangeError ERR_CONV1D_VALUE  when it is not from 0 to 1
   */
  constructor(p = 0.5) {
    super();
    this.p = readProbability(p);
  }

  /** See `functional.dropout`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    const options: DropoutOptions = { training: this.training };
    return dropout(input, this.p, options);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Dropout';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `p=${pythonFloat(this.p)}, inplace=False`;
  }
}

/**
 * Signals of another length. PyTorch's `torch.nn.Upsample`.
 *
 * @example
 * new nn.Upsample({ scaleFactor: 2 }).forward(tensor([[[1, 2]]])).toArray();   // [[[1, 1, 2, 2]]]
 * @category Layer
 */
export class Upsample extends Module {
  readonly size: number | null;
  readonly scaleFactor: number | null;
  readonly mode: string;
  readonly alignCorners: boolean | null;

  /**
   * @param options  `size` or `scaleFactor`; mode 'nearest', alignCorners null by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   */
  constructor(options: InterpolateOptions) {
    super();
    const { size, scaleFactor, mode, alignCorners } = readInterpolation(options, 'Upsample');
    this.size = size;
    this.scaleFactor = scaleFactor;
    this.mode = mode;
    this.alignCorners = alignCorners;
    makeFieldsReadOnly(this);
  }

  /** See `functional.interpolate`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    const { size, scaleFactor, mode, alignCorners } = this;
    return interpolated(input, { size, scaleFactor, mode, alignCorners }) as Tensor<D, R>;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Upsample';
  }

  /** @internal */
  protected override extraRepr(): string {
    const extent = this.scaleFactor === null ? `size=${this.size}` : `scale_factor=${pythonFloat(this.scaleFactor)}`;
    return `${extent}, mode=${this.mode}`;
  }
}
