import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import * as functional from '../functional/pooling.ts';
import { Module, requireModule } from '../module.ts';
import { pythonBool } from '../repr.ts';

/** What max pooling gives: with `returnIndices`, the places, too. */
type MaxPooled<I extends boolean, D extends FloatDtype, R extends number> = I extends true
  ? [Tensor<D, R>, Tensor<'int64', R>]
  : Tensor<D, R>;

/**
 * The largest element of each window along signals. PyTorch's `torch.nn.MaxPool1d`.
 *
 * @example
 * new nn.MaxPool1d(2).forward(tensor([[1, 5, 2, 4]])).toArray();   // [[5, 4]]
 * @category Layer
 */
export class MaxPool1d<I extends boolean = false> extends Module {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly ceilMode: boolean;
  readonly returnIndices: boolean;

  /**
   * @param kernelSize  elements of a window
   * @param options     stride `kernelSize`, padding 0, dilation 1, ceilMode false, returnIndices false by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
   */
  constructor(kernelSize: number, options?: functional.MaxPoolOptions & { readonly returnIndices?: I | undefined }) {
    super();
    const windows = functional.readWindows(kernelSize, options, 'maxPool1d');
    this.kernelSize = windows.kernelSize;
    this.stride = windows.stride;
    this.padding = windows.padding;
    this.dilation = windows.dilation;
    this.ceilMode = windows.ceilMode;
    this.returnIndices = windows.returnIndices;
  }

  /** See `functional.maxPool1d`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): MaxPooled<I, D, R> {
    requireModule(this, 'forward');
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this;
    const options = { stride, padding, dilation, ceilMode, returnIndices };
    return functional.maxPool(input, functional.readWindows(kernelSize, options, 'maxPool1d')) as MaxPooled<I, D, R>;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'MaxPool1d';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `kernel_size=${this.kernelSize}, stride=${this.stride}, padding=${this.padding}, dilation=${this.dilation}, ceil_mode=${pythonBool(this.ceilMode)}`;
  }
}

/**
 * The mean of each window along signals. PyTorch's `torch.nn.AvgPool1d`.
 *
 * @example
 * new nn.AvgPool1d(2).forward(tensor([[1, 5, 2, 4]])).toArray();   // [[3, 3]]
 * @category Layer
 */
export class AvgPool1d extends Module {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;

  /**
   * @param kernelSize  elements of a window
   * @param options     stride `kernelSize`, padding 0, ceilMode false, countIncludePad true by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
   */
  constructor(kernelSize: number, options?: functional.AvgPoolOptions) {
    super();
    const windows = functional.readWindows(kernelSize, options, 'avgPool1d');
    this.kernelSize = windows.kernelSize;
    this.stride = windows.stride;
    this.padding = windows.padding;
    this.ceilMode = windows.ceilMode;
    this.countIncludePad = windows.countIncludePad;
  }

  /** See `functional.avgPool1d`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    const { kernelSize, stride, padding, ceilMode, countIncludePad } = this;
    return functional.avgPool1d(input, kernelSize, { stride, padding, ceilMode, countIncludePad });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'AvgPool1d';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `kernel_size=(${this.kernelSize},), stride=(${this.stride},), padding=(${this.padding},)`;
  }
}

/**
 * The mean of each of as many windows as there shall be outputs; they cover the signal. PyTorch's `torch.nn.AdaptiveAvgPool1d`.
 *
 * @example
 * new nn.AdaptiveAvgPool1d(1).forward(rand(4, 2, 6)).shape;   // [4, 2, 1]
 * @category Layer
 */
export class AdaptiveAvgPool1d extends Module {
  readonly outputSize: number | null;

  /**
   * @param outputSize  0 or more; null for the length of the input
   * @throws TypeError ERR_CONV1D_TYPE    when it is no number
   * @throws RangeError ERR_CONV1D_VALUE  when it is negative or no integer
   */
  constructor(outputSize: number | readonly [number] | null) {
    super();
    this.outputSize = functional.readOutputSize(outputSize, 'AdaptiveAvgPool1d');
  }

  /** See `functional.adaptiveAvgPool1d`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return functional.adaptiveAvgPool1d(input, this.outputSize);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'AdaptiveAvgPool1d';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `output_size=${this.outputSize ?? 'None'}`;
  }
}

/**
 * The largest element of each of as many windows as there shall be outputs; they cover the signal. PyTorch's
 * `torch.nn.AdaptiveMaxPool1d`.
 *
 * @example
 * new nn.AdaptiveMaxPool1d(1).forward(tensor([[1, 5, 2, 4]])).toArray();   // [[5]]
 * @category Layer
 */
export class AdaptiveMaxPool1d<I extends boolean = false> extends Module {
  readonly outputSize: number | null;
  readonly returnIndices: boolean;

  /**
   * @param outputSize  0 or more; null for the length of the input
   * @param options     returnIndices false by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the size is negative or no integer
   */
  constructor(
    outputSize: number | readonly [number] | null,
    options?: functional.AdaptiveMaxPoolOptions & { readonly returnIndices?: I | undefined },
  ) {
    super();
    this.outputSize = functional.readOutputSize(outputSize, 'AdaptiveMaxPool1d');
    this.returnIndices = functional.readReturnIndices(options, 'AdaptiveMaxPool1d');
  }

  /** See `functional.adaptiveMaxPool1d`. */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): MaxPooled<I, D, R> {
    requireModule(this, 'forward');
    return functional.adaptiveMax(input, this.outputSize, this.returnIndices) as MaxPooled<I, D, R>;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'AdaptiveMaxPool1d';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `output_size=${this.outputSize ?? 'None'}`;
  }
}
