import { integer } from '../../check/validate.ts';
import type { Dtype, FloatDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { tensorArgument } from '../arguments.ts';
import * as functional from '../functional/channels.ts';
import { Module, requireModule } from '../module.ts';

// Layers that work along a dimension, or only say where things are.

/**
 * e^x over its sum along a dimension. PyTorch's `torch.nn.Softmax`.
 *
 * @example
 * new nn.Softmax(0).forward(tensor([0, 0]));   // tensor([0.5000, 0.5000])
 * @category Layer
 */
export class Softmax extends Module {
  readonly dim: number;

  /**
   * @param dim  the dimension
   * @throws TypeError ERR_CONV1D_TYPE    when it is no number
   * @throws RangeError ERR_CONV1D_VALUE  when it is no integer
   */
  constructor(dim: number) {
    super();
    this.dim = integer(dim, 'Softmax: dim');
  }

  /** Applies the function; see `functional.softmax`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.softmax(input, this.dim);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Softmax';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * The logarithm of softmax. PyTorch's `torch.nn.LogSoftmax`.
 *
 * @example
 * new nn.LogSoftmax(0).forward(tensor([0, 0]));   // tensor([-0.6931, -0.6931])
 * @category Layer
 */
export class LogSoftmax extends Module {
  readonly dim: number;

  /**
   * @param dim  the dimension
   * @throws TypeError ERR_CONV1D_TYPE    when it is no number
   * @throws RangeError ERR_CONV1D_VALUE  when it is no integer
   */
  constructor(dim: number) {
    super();
    this.dim = integer(dim, 'LogSoftmax: dim');
  }

  /** Applies the function; see `functional.logSoftmax`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.logSoftmax(input, this.dim);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'LogSoftmax';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * The first half of a dimension times the sigmoid of the second. PyTorch's `torch.nn.GLU`.
 *
 * @example
 * new nn.GLU(1).forward(rand(4, 6, 10)).shape;   // [4, 3, 10]
 * @category Layer
 */
export class GLU extends Module {
  readonly dim: number;

  /**
   * @param dim  the dimension, -1 by default
   * @throws TypeError ERR_CONV1D_TYPE    when it is no number
   * @throws RangeError ERR_CONV1D_VALUE  when it is no integer
   */
  constructor(dim = -1) {
    super();
    this.dim = integer(dim, 'GLU: dim');
  }

  /** Applies the function; see `functional.glu`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.glu(input, this.dim);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'GLU';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}

/**
 * Neighbouring dimensions as one. PyTorch's `torch.nn.Flatten`.
 *
 * @example
 * new nn.Flatten().forward(rand(4, 2, 6)).shape;   // [4, 12]
 * @category Layer
 */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;

  /**
   * @param startDim  the first of them, 1 by default
   * @param endDim    the last of them, -1 by default
   * @throws TypeError ERR_CONV1D_TYPE    when one is no number
   * @throws RangeError ERR_CONV1D_VALUE  when one is no integer
   */
  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = integer(startDim, 'Flatten: startDim');
    this.endDim = integer(endDim, 'Flatten: endDim');
  }

  /** See `Tensor.flatten`. */
  override forward<D extends Dtype>(input: Tensor<D>): Tensor<D> {
    requireModule(this, 'forward');
    return tensorArgument(input, 'Flatten').flatten(this.startDim, this.endDim) as Tensor<D>;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Flatten';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/**
 * Gives back what it gets. PyTorch's `torch.nn.Identity`.
 *
 * @example
 * new nn.Identity().forward(tensor([1]));   // tensor([1.])
 * @category Layer
 */
export class Identity extends Module {
  /** @returns the input */
  override forward<T>(input: T): T {
    requireModule(this, 'forward');
    return input;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Identity';
  }
}
