import { rangeError } from '../../../check/errors.ts';
import { apply } from '../../../tensor/dispatch.ts';
import type { FloatDtype } from '../../../tensor/dtype.ts';
import { requireConstant } from '../../../tensor/history.ts';
import { runOperation } from '../../../tensor/operation.ts';
import { sub } from '../../../tensor/ops/elementwise.ts';
import { abs, NO_PARAMETERS } from '../../../tensor/ops/unary.ts';
import { type Tensor, tensorOf } from '../../../tensor/tensor.ts';
import { numberArgument } from '../../arguments.ts';
import * as ops from '../../ops/losses.ts';
import { type LossOptions, optionalView, pairArguments, readLossOptions } from './options.ts';

// Losses of pairs of elements. As in PyTorch, inputs and targets of other shapes are broadcast, which is hardly ever what a loss is to do;
// PyTorch warns of it, and here nothing does.

/** The options of `functional.smoothL1Loss`. */
export interface SmoothL1LossOptions extends LossOptions {
  /** From which distance on the loss is a line, 0 or more. Default 1. */
  readonly beta?: number | undefined;
}

/** The options of `functional.bceWithLogitsLoss`. */
export interface BceWithLogitsLossOptions extends LossOptions {
  /** A weight for each element, broadcast to the input's shape. */
  readonly weight?: Tensor | null | undefined;
  /** A weight for targets, broadcast to the input's shape: above 1, what is missed costs more. */
  readonly posWeight?: Tensor | null | undefined;
}

/**
 * The mean of the squared distances: PyTorch's `torch.nn.functional.mse_loss`.
 *
 * @param input    of floats
 * @param target   of the same shape; others are broadcast, of which PyTorch warns
 * @param options  `reduction`: 'mean', 'sum' or 'none'
 * @returns        without dimensions, or of the shape of both with 'none'
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws TypeError ERR_CONV1D_DTYPE     when both have integers or bools
 * @throws RangeError ERR_CONV1D_SHAPE    when the shapes cannot be broadcast
 * @throws RangeError ERR_CONV1D_VALUE    when the reduction is another string
 * @throws TypeError ERR_CONV1D_DETACHED  when memory of a tensor was transferred to another thread
 * @example
 * functional.mseLoss(tensor([1, 2]), tensor([1, 4]));   // tensor(2.)
 */
export function mseLoss<D extends FloatDtype>(
  input: Tensor<D>,
  target: Tensor<FloatDtype>,
  options?: LossOptions,
): Tensor<D> {
  const pair = pairArguments(input, target, 'mseLoss');
  const { reduction } = readLossOptions(options, [], 'functional.mseLoss');
  return apply(ops.mseLoss, pair, { reduction }) as Tensor<D>;
}

/**
 * The mean of the distances: PyTorch's `torch.nn.functional.l1_loss`.
 *
 * @param input    of floats
 * @param target   of the same shape; others are broadcast, of which PyTorch warns
 * @param options  `reduction`: 'mean', 'sum' or 'none'
 * @returns        without dimensions, or of the shape of both with 'none'
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws TypeError ERR_CONV1D_DTYPE     when both have integers or bools, and a mean is asked for
 * @throws RangeError ERR_CONV1D_SHAPE    when the shapes cannot be broadcast
 * @throws RangeError ERR_CONV1D_VALUE    when the reduction is another string
 * @throws TypeError ERR_CONV1D_DETACHED  when memory of a tensor was transferred to another thread
 * @example
 * functional.l1Loss(tensor([1, 2]), tensor([1, 4]));   // tensor(1.)
 */
export function l1Loss<D extends FloatDtype>(
  input: Tensor<D>,
  target: Tensor<FloatDtype>,
  options?: LossOptions,
): Tensor<D> {
  const pair = pairArguments(input, target, 'l1Loss');
  const { reduction } = readLossOptions(options, [], 'functional.l1Loss');
  const distances = runOperation(abs, [runOperation(sub, pair, {})], NO_PARAMETERS);
  return tensorOf(ops.reduced(distances, reduction)) as Tensor<D>;
}

/**
 * The mean of half the squared distances over beta, and beyond beta of the distances less beta / 2 (R. Girshick, "Fast R-CNN", 2015):
 * PyTorch's `torch.nn.functional.smooth_l1_loss`.
 *
 * @param input    of floats
 * @param target   of the same shape; others are broadcast, of which PyTorch warns
 * @param options  `beta`: 1 by default, 0 for `l1Loss`; `reduction`: 'mean', 'sum' or 'none'
 * @returns        without dimensions, or of the shape of both with 'none'
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws TypeError ERR_CONV1D_DTYPE     when both have integers or bools
 * @throws RangeError ERR_CONV1D_SHAPE    when the shapes cannot be broadcast
 * @throws RangeError ERR_CONV1D_VALUE    when beta is negative, or the reduction another string
 * @throws TypeError ERR_CONV1D_DETACHED  when memory of a tensor was transferred to another thread
 * @example
 * functional.smoothL1Loss(tensor([1, 2]), tensor([1, 4]));   // tensor(0.7500)
 */
export function smoothL1Loss<D extends FloatDtype>(
  input: Tensor<D>,
  target: Tensor<FloatDtype>,
  options?: SmoothL1LossOptions,
): Tensor<D> {
  const pair = pairArguments(input, target, 'smoothL1Loss');
  const { reduction, others } = readLossOptions(options, ['beta'], 'functional.smoothL1Loss');
  return apply(ops.smoothL1Loss, pair, { reduction, beta: readBeta(others.beta) }) as Tensor<D>;
}

/**
 * The mean cross entropy of targets from 0 to 1 and the sigmoids of the input: PyTorch's
 * `torch.nn.functional.binary_cross_entropy_with_logits`. With the weight p of targets, an element x with the target t has the loss
 * `p t log(1 + e^-x) + (1 - t) log(1 + e^x)`, in which nothing overflows.
 *
 * @param input    logits, of floats
 * @param target   of the same shape, of floats
 * @param options  `weight`, `posWeight`: none by default; `reduction`: 'mean', 'sum' or 'none'
 * @returns        without dimensions, or of the input's shape with 'none'
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws TypeError ERR_CONV1D_DTYPE     when a tensor has integers or bools
 * @throws RangeError ERR_CONV1D_SHAPE    when the shapes differ, or a weight cannot be broadcast to them
 * @throws RangeError ERR_CONV1D_VALUE    when the reduction is another string
 * @throws RangeError ERR_CONV1D_GRAD     when a weight requires a gradient, outside of `noGrad`
 * @throws TypeError ERR_CONV1D_DETACHED  when memory of a tensor was transferred to another thread
 * @example
 * functional.bceWithLogitsLoss(tensor([0, 2]), tensor([0, 1]));   // tensor(0.4100)
 */
export function bceWithLogitsLoss<D extends FloatDtype>(
  input: Tensor<D>,
  target: Tensor<FloatDtype>,
  options?: BceWithLogitsLossOptions,
): Tensor<D> {
  const pair = pairArguments(input, target, 'bceWithLogitsLoss');
  const { reduction, others } = readLossOptions(options, ['weight', 'posWeight'], 'functional.bceWithLogitsLoss');
  const { weight: givenWeight, posWeight: givenPosWeight } = others;
  const weight = optionalView(givenWeight, "bceWithLogitsLoss(): the option 'weight'");
  const posWeight = optionalView(givenPosWeight, "bceWithLogitsLoss(): the option 'posWeight'");
  requireConstant(weight, 'weight', 'bceWithLogitsLoss');
  requireConstant(posWeight, 'posWeight', 'bceWithLogitsLoss');
  const weights = [weight, posWeight].filter((each) => each !== null);
  return apply(ops.bceWithLogitsLoss, [...pair, ...weights], {
    reduction,
    hasWeight: weight !== null,
    hasPosWeight: posWeight !== null,
  }) as Tensor<D>;
}

/** The option beta. */
export function readBeta(value: unknown): number {
  const beta = value === undefined ? 1 : numberArgument(value, 'smoothL1Loss(): beta');
  if (beta >= 0) return beta;
  throw rangeError('ERR_CONV1D_VALUE', 'smooth_l1_loss does not support negative values for beta.');
}
