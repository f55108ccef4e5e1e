import { readFew } from '../../check/list.ts';
import { integer, isArray } from '../../check/validate.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { PadMode } from '../../tensor/ops/pad.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { numberArgument } from '../arguments.ts';
import { pad } from '../functional/pad.ts';
import { Module, requireModule } from '../module.ts';

/** How many elements come before and after; one number for both. */
export type Ends = number | readonly [before: number, after: number];

/** What the padding layers share. */
abstract class PadLayer extends Module {
  readonly padding: readonly [before: number, after: number];

  constructor(padding: Ends, what: string) {
    super();
    const given = isArray(padding) ? readFew(padding, 2, `${what}: padding`) : [padding, padding];
    this.padding = Object.freeze([
      integer(given[0], `${what}: padding`),
      integer(given.length === 2 ? given[1] : given, `${what}: padding`),
    ] as const);
  }

  /** @internal */
  protected override extraRepr(): string {
    return `(${this.padding.join(', ')})`;
  }
}

function padded<D extends Dtype, R extends number>(
  layer: PadLayer,
  input: Tensor<D, R>,
  mode: PadMode,
  value = 0,
): Tensor<D, R> {
  requireModule(layer, 'forward');
  return pad(input, layer.padding, { mode, value });
}

/**
 * One value added to both ends of signals. PyTorch's `torch.nn.ConstantPad1d`.
 *
 * @example
 * new nn.ConstantPad1d([1, 0], 9).forward(tensor([1, 2]));   // tensor([9., 1., 2.])
 * @category Layer
 */
export class ConstantPad1d extends PadLayer {
  readonly value: number;

  /**
   * @param padding  how many before and after; one number for both; negative ones cut elements off
   * @param value    the value
   * @throws TypeError ERR_CONV1D_TYPE    when an argument is no number
   * @throws RangeError ERR_CONV1D_VALUE  when a number of the padding is no integer
   */
  constructor(padding: Ends, value: number) {
    super(padding, 'ConstantPad1d');
    this.value = numberArgument(value, 'ConstantPad1d: value');
  }

  /** See `functional.pad`. */
  override forward<D extends Dtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    return padded(this, input, 'constant', this.value);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'ConstantPad1d';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `padding=(${this.padding.join(', ')}), value=${this.value}`;
  }
}

/**
 * Zeros added to both ends of signals. PyTorch's `torch.nn.ZeroPad1d`.
 *
 * @example
 * new nn.ZeroPad1d(1).forward(tensor([1, 2]));   // tensor([0., 1., 2., 0.])
 * @category Layer
 */
export class ZeroPad1d extends PadLayer {
  /**
   * @param padding  how many before and after; one number for both; negative ones cut elements off
   * @throws TypeError ERR_CONV1D_TYPE    when an argument is no number
   * @throws RangeError ERR_CONV1D_VALUE  when a number of the padding is no integer
   */
  constructor(padding: Ends) {
    super(padding, 'ZeroPad1d');
  }

  /** See `functional.pad`. */
  override forward<D extends Dtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    return padded(this, input, 'constant');
  }

  /** @internal */
  protected override get typeName(): string {
    return 'ZeroPad1d';
  }
}

/**
 * The mirrored signal, without its edge, added to both ends. PyTorch's `torch.nn.ReflectionPad1d`.
 *
 * @example
 * new nn.ReflectionPad1d([2, 0]).forward(tensor([[1, 2, 3]])).toArray();   // [[3, 2, 1, 2, 3]]
 * @category Layer
 */
export class ReflectionPad1d extends PadLayer {
  /**
   * @param padding  how many before and after; one number for both; negative ones cut elements off
   * @throws TypeError ERR_CONV1D_TYPE    when an argument is no number
   * @throws RangeError ERR_CONV1D_VALUE  when a number of the padding is no integer
   */
  constructor(padding: Ends) {
    super(padding, 'ReflectionPad1d');
  }

  /** See `functional.pad`. */
  override forward<D extends Dtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    return padded(this, input, 'reflect');
  }

  /** @internal */
  protected override get typeName(): string {
    return 'ReflectionPad1d';
  }
}

/**
 * The edge of signals repeated at both ends. PyTorch's `torch.nn.ReplicationPad1d`.
 *
 * @example
 * new nn.ReplicationPad1d([2, 0]).forward(tensor([[1, 2]])).toArray();   // [[1, 1, 1, 2]]
 * @category Layer
 */
export class ReplicationPad1d extends PadLayer {
  /**
   * @param padding  how many before and after; one number for both; negative ones cut elements off
   * @throws TypeError ERR_CONV1D_TYPE    when an argument is no number
   * @throws RangeError ERR_CONV1D_VALUE  when a number of the padding is no integer
   */
  constructor(padding: Ends) {
    super(padding, 'ReplicationPad1d');
  }

  /** See `functional.pad`. */
  override forward<D extends Dtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    return padded(this, input, 'replicate');
  }

  /** @internal */
  protected override get typeName(): string {
    return 'ReplicationPad1d';
  }
}
