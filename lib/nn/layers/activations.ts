import { rangeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { numberArgument } from '../arguments.ts';
import * as functional from '../functional/activations.ts';
import { Module, requireModule } from '../module.ts';
import { pythonFloat } from '../repr.ts';

// Layers that apply a function to each element. Each takes a tensor of floats of any shape, and throws the errors of its function.

/**
 * Zero for what is below it: `max(x, 0)`. PyTorch's `torch.nn.ReLU`.
 *
 * @example
 * new nn.ReLU().forward(tensor([1, -2]));   // tensor([1., 0.])
 * @category Layer
 */
export class ReLU extends Module {
  /** Applies the function; see `functional.relu`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.relu(input);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'ReLU';
  }
}

/**
 * `x * sigmoid(x)`, also called swish. PyTorch's `torch.nn.SiLU`.
 *
 * @example
 * new nn.SiLU().forward(tensor([1, -1]));   // tensor([ 0.7311, -0.2689])
 * @category Layer
 */
export class SiLU extends Module {
  /** Applies the function; see `functional.silu`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.silu(input);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'SiLU';
  }
}

/**
 * The hyperbolic tangent. PyTorch's `torch.nn.Tanh`.
 *
 * @example
 * new nn.Tanh().forward(tensor([0, 1]));   // tensor([0.0000, 0.7616])
 * @category Layer
 */
export class Tanh extends Module {
  /** Applies the function; see `functional.tanh`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.tanh(input);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Tanh';
  }
}

/**
 * `1 / (1 + e^-x)`. PyTorch's `torch.nn.Sigmoid`.
 *
 * @example
 * new nn.Sigmoid().forward(tensor([0, 1]));   // tensor([0.5000, 0.7311])
 * @category Layer
 */
export class Sigmoid extends Module {
  /** Applies the function; see `functional.sigmoid`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.sigmoid(input);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Sigmoid';
  }
}

/**
 * `x` where it is positive, `negativeSlope * x` elsewhere. PyTorch's `torch.nn.LeakyReLU`.
 *
 * @example
 * new nn.LeakyReLU(0.1).forward(tensor([1, -2]));   // tensor([ 1.0000, -0.2000])
 * @category Layer
 */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  /**
   * @param negativeSlope  0.01 by default
   * @throws TypeError ERR_CONV1D_TYPE  when it is no number
   */
  constructor(negativeSlope = 0.01) {
    super();
    this.negativeSlope = numberArgument(negativeSlope, 'LeakyReLU: negativeSlope');
  }

  /** Applies the function; see `functional.leakyRelu`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.leakyRelu(input, this.negativeSlope);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'LeakyReLU';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `negative_slope=${pythonFloat(this.negativeSlope)}`;
  }
}

/**
 * `x` where it is positive, `alpha * (e^x - 1)` elsewhere. PyTorch's `torch.nn.ELU`.
 *
 * @example
 * new nn.ELU().forward(tensor([1, -1]));   // tensor([ 1.0000, -0.6321])
 * @category Layer
 */
export class ELU extends Module {
  readonly alpha: number;

  /**
   * @param alpha  1 by default
   * @throws TypeError ERR_CONV1D_TYPE  when it is no number
   */
  constructor(alpha = 1) {
    super();
    this.alpha = numberArgument(alpha, 'ELU: alpha');
  }

  /** Applies the function; see `functional.elu`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.elu(input, this.alpha);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'ELU';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `alpha=${pythonFloat(this.alpha)}`;
  }
}

/**
 * `x * (1 + erf(x / sqrt(2))) / 2`, or an approximation of it with tanh. PyTorch's `torch.nn.GELU`.
 *
 * @example
 * new nn.GELU().forward(tensor([1, -1]));   // tensor([ 0.8413, -0.1587])
 * @category Layer
 */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';

  /**
   * @param options  `approximate`: 'none' by default, or 'tanh'
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when the options are of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when `approximate` is another string
   */
  constructor(options?: functional.GeluOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['approximate'], 'GELU');
    this.approximate = functional.readApproximate(options?.approximate);
  }

  /** Applies the function; see `functional.gelu`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.gelu(input, { approximate: this.approximate });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'GELU';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

/** The options of `nn.Softplus`. */
export interface SoftplusOptions {
  /** Default 1. */
  readonly beta?: number | undefined;
  /** Above it, `beta * x` is taken as it is. Default 20. */
  readonly threshold?: number | undefined;
}

/**
 * `log(1 + e^(beta * x)) / beta`. PyTorch's `torch.nn.Softplus`.
 *
 * @example
 * new nn.Softplus().forward(tensor([0, 30]));   // tensor([ 0.6931, 30.0000])
 * @category Layer
 */
export class Softplus extends Module {
  readonly beta: number;
  readonly threshold: number;

  /**
   * @param options  beta 1, threshold 20 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   */
  constructor(options?: SoftplusOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['beta', 'threshold'], 'Softplus');
    const { beta = 1, threshold = 20 } = options ?? {};
    this.beta = numberArgument(beta, 'Softplus: beta');
    this.threshold = numberArgument(threshold, 'Softplus: threshold');
  }

  /** Applies the function; see `functional.softplus`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.softplus(input, this.beta, this.threshold);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Softplus';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `beta=${this.beta}, threshold=${this.threshold}`;
  }
}

/** The options of `nn.Hardtanh`. */
export interface HardtanhOptions {
  /** Default -1. */
  readonly minVal?: number | undefined;
  /** Default 1; above `minVal`. */
  readonly maxVal?: number | undefined;
}

/**
 * `x` between two bounds, the bounds beyond. PyTorch's `torch.nn.Hardtanh`.
 *
 * @example
 * new nn.Hardtanh().forward(tensor([0.5, -2]));   // tensor([ 0.5000, -1.0000])
 * @category Layer
 */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;

  /**
   * @param options  minVal -1, maxVal 1 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when `maxVal` is not above `minVal`
   */
  constructor(options?: HardtanhOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['minVal', 'maxVal'], 'Hardtanh');
    const { minVal = -1, maxVal = 1 } = options ?? {};
    this.minVal = numberArgument(minVal, 'Hardtanh: minVal');
    this.maxVal = numberArgument(maxVal, 'Hardtanh: maxVal');
    if (!(this.maxVal > this.minVal)) {
      throw rangeError('ERR_CONV1D_VALUE', `Hardtanh: maxVal must be above minVal, but got ${maxVal} and ${minVal}`);
    }
  }

  /** Applies the function; see `functional.hardtanh`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.hardtanh(input, this.minVal, this.maxVal);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Hardtanh';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `min_val=${pythonFloat(this.minVal)}, max_val=${pythonFloat(this.maxVal)}`;
  }
}
