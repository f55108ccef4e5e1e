import { typeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { describe } from '../../check/validate.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type CrossEntropyLossOptions,
  crossEntropyLoss,
  type NllLossOptions,
  nllLoss,
  readIgnoreIndex,
  readLabelSmoothing,
} from '../functional/losses/classes.ts';
import { type LossOptions, readReduction } from '../functional/losses/options.ts';
import {
  type BceWithLogitsLossOptions,
  bceWithLogitsLoss,
  l1Loss,
  mseLoss,
  readBeta,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from '../functional/losses/pairs.ts';
import { Module, requireModule } from '../module.ts';
import { makeFieldsReadOnly } from '../readOnlyFields.ts';

// Losses as modules: each is called with an input and a target, and throws the errors of its function.

/** What all losses have. */
abstract class Loss extends Module {
  readonly reduction: 'mean' | 'sum' | 'none';

  constructor(reduction: unknown) {
    super();
    this.reduction = readReduction(reduction ?? 'mean');
  }
}

/** The options of a loss, each read once. */
function readOptions(options: unknown, names: readonly string[], what: string): Readonly<Record<string, unknown>> {
  if (options === undefined) return {};
  refuseUnknownOptions(options as object, ['reduction', ...names], what);
  return { ...options };
}

/** A weight among the options, which becomes a buffer of the module; null for none. */
function weightBuffer(module: Module, value: unknown, name: string): Tensor | null {
  if (value === undefined || value === null) return null;
  if (Tensor.isTensor(value)) return module.registerBuffer(name, value as Tensor);
  throw typeError('ERR_CONV1D_TYPE', `${name} must be a Tensor, but got ${describe(value)}`);
}

/**
 * The mean of the squared distances: `functional.mseLoss`. PyTorch's `torch.nn.MSELoss`.
 *
 * @example
 * new nn.MSELoss().forward(tensor([1, 2]), tensor([1, 4]));   // tensor(2.)
 * @category Layer
 */
export class MSELoss extends Loss {
  /**
   * @param options  `reduction`: 'mean' by default, 'sum' or 'none'
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the reduction is another string
   */
  constructor(options?: LossOptions) {
    super(readOptions(options, [], 'MSELoss').reduction);
    makeFieldsReadOnly(this);
  }

  /** See `functional.mseLoss`. */
  override forward<D extends FloatDtype>(input: Tensor<D>, target: Tensor<FloatDtype>): Tensor<D> {
    requireModule(this, 'forward');
    return mseLoss(input, target, { reduction: this.reduction });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'MSELoss';
  }
}

/**
 * The mean of the distances: `functional.l1Loss`. PyTorch's `torch.nn.L1Loss`.
 *
 * @example
 * new nn.L1Loss().forward(tensor([1, 2]), tensor([1, 4]));   // tensor(1.)
 * @category Layer
 */
export class L1Loss extends Loss {
  /**
   * @param options  `reduction`: 'mean' by default, 'sum' or 'none'
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the reduction is another string
   */
  constructor(options?: LossOptions) {
    super(readOptions(options, [], 'L1Loss').reduction);
    makeFieldsReadOnly(this);
  }

  /** See `functional.l1Loss`. */
  override forward<D extends FloatDtype>(input: Tensor<D>, target: Tensor<FloatDtype>): Tensor<D> {
    requireModule(this, 'forward');
    return l1Loss(input, target, { reduction: this.reduction });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'L1Loss';
  }
}

/**
 * Squared distances below beta, plain ones beyond: `functional.smoothL1Loss`. PyTorch's `torch.nn.SmoothL1Loss`.
 *
 * @example
 * new nn.SmoothL1Loss({ beta: 0.5 }).forward(tensor([1, 2]), tensor([1, 4]));   // tensor(0.8750)
 * @category Layer
 */
export class SmoothL1Loss extends Loss {
  readonly beta: number;

  /**
   * @param options  `beta`: 1 by default; `reduction`: 'mean' by default, 'sum' or 'none'
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when beta is negative, or the reduction another string
   */
  constructor(options?: SmoothL1LossOptions) {
    const { reduction, beta } = readOptions(options, ['beta'], 'SmoothL1Loss');
    super(reduction);
    this.beta = readBeta(beta);
    makeFieldsReadOnly(this);
  }

  /** See `functional.smoothL1Loss`. */
  override forward<D extends FloatDtype>(input: Tensor<D>, target: Tensor<FloatDtype>): Tensor<D> {
    requireModule(this, 'forward');
    return smoothL1Loss(input, target, { reduction: this.reduction, beta: this.beta });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'SmoothL1Loss';
  }
}

/**
 * The cross entropy of targets and the softmax of the input: `functional.crossEntropyLoss`. PyTorch's `torch.nn.CrossEntropyLoss`.
 *
 * @example
 * const loss = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
 * loss.forward(tensor([[0, 2]]), tensor([1], { dtype: 'int64' }));   // tensor(0.2269)
 * @category Layer
 */
export class CrossEntropyLoss extends Loss {
  /** A weight for each class, a buffer of the module; null without. */
  readonly weight: Tensor | null;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;

  /**
   * @param options  `weight`: none, `ignoreIndex`: -100, `labelSmoothing`: 0, `reduction`: 'mean' by default, 'sum' or 'none'
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the smoothing is not from 0 to 1, or the reduction another string
   */
  constructor(options?: CrossEntropyLossOptions) {
    const { reduction, weight, ignoreIndex, labelSmoothing } = readOptions(
      options,
      ['weight', 'ignoreIndex', 'labelSmoothing'],
      'CrossEntropyLoss',
    );
    super(reduction);
    this.weight = weightBuffer(this, weight, 'weight');
    this.ignoreIndex = readIgnoreIndex(ignoreIndex);
    this.labelSmoothing = readLabelSmoothing(labelSmoothing);
    makeFieldsReadOnly(this);
  }

  /** See `functional.crossEntropyLoss`. */
  override forward<D extends FloatDtype>(input: Tensor<D>, target: Tensor<FloatDtype | 'int64' | 'int32'>): Tensor<D> {
    requireModule(this, 'forward');
    const { weight, ignoreIndex, reduction, labelSmoothing } = this;
    return crossEntropyLoss(input, target, { weight, ignoreIndex, reduction, labelSmoothing });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'CrossEntropyLoss';
  }
}

/**
 * The negative logarithm of the probability of each target's class: `functional.nllLoss`. PyTorch's `torch.nn.NLLLoss`.
 *
 * @example
 * new nn.NLLLoss().forward(tensor([[-1, -2]]), tensor([1], { dtype: 'int64' }));   // tensor(2.)
 * @category Layer
 */
export class NLLLoss extends Loss {
  /** A weight for each class, a buffer of the module; null without. */
  readonly weight: Tensor | null;
  readonly ignoreIndex: number;

  /**
   * @param options  `weight`: none, `ignoreIndex`: -100, `reduction`: 'mean' by default, 'sum' or 'none'
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the reduction is another string
   */
  constructor(options?: NllLossOptions) {
    const { reduction, weight, ignoreIndex } = readOptions(options, ['weight', 'ignoreIndex'], 'NLLLoss');
    super(reduction);
    this.weight = weightBuffer(this, weight, 'weight');
    this.ignoreIndex = readIgnoreIndex(ignoreIndex);
    makeFieldsReadOnly(this);
  }

  /** See `functional.nllLoss`. */
  override forward<D extends FloatDtype>(input: Tensor<D>, target: Tensor<'int64' | 'int32'>): Tensor<D> {
    requireModule(this, 'forward');
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'NLLLoss';
  }
}

/**
 * The cross entropy of targets from 0 to 1 and the sigmoids of the input: `functional.bceWithLogitsLoss`. PyTorch's
 * `torch.nn.BCEWithLogitsLoss`.
 *
 * @example
 * new nn.BCEWithLogitsLoss().forward(tensor([0, 2]), tensor([0, 1]));   // tensor(0.4100)
 * @category Layer
 */
export class BCEWithLogitsLoss extends Loss {
  /** A weight for each element, a buffer of the module; null without. */
  readonly weight: Tensor | null;
  /** A weight of targets, a buffer of the module, `pos_weight` in its state dict; null without. */
  readonly posWeight: Tensor | null;

  /**
   * @param options  `weight` and `posWeight`: none, `reduction`: 'mean' by default, 'sum' or 'none'
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an option is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the reduction is another string
   */
  constructor(options?: BceWithLogitsLossOptions) {
    const { reduction, weight, posWeight } = readOptions(options, ['weight', 'posWeight'], 'BCEWithLogitsLoss');
    super(reduction);
    this.weight = weightBuffer(this, weight, 'weight');
    this.posWeight = weightBuffer(this, posWeight, 'pos_weight');
    makeFieldsReadOnly(this);
  }

  /** See `functional.bceWithLogitsLoss`. */
  override forward<D extends FloatDtype>(input: Tensor<D>, target: Tensor<FloatDtype>): Tensor<D> {
    requireModule(this, 'forward');
    const { weight, posWeight, reduction } = this;
    return bceWithLogitsLoss(input, target, { weight, posWeight, reduction });
  }

  /** @internal */
  protected override get typeName(): string {
    return 'BCEWithLogitsLoss';
  }
}
