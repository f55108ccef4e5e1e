import { rangeError, typeError } from '../../../check/errors.ts';
import { integer } from '../../../check/validate.ts';
import { apply } from '../../../tensor/dispatch.ts';
import { type FloatDtype, isFloatDtype, torchName } from '../../../tensor/dtype.ts';
import { requireConstant } from '../../../tensor/history.ts';
import { runOperation } from '../../../tensor/operation.ts';
import { ne } from '../../../tensor/ops/compare.ts';
import { add, div, mul } from '../../../tensor/ops/elementwise.ts';
import { sum } from '../../../tensor/ops/reduce.ts';
import { reshape } from '../../../tensor/ops/reshape.ts';
import { scalarView } from '../../../tensor/ops/scalar.ts';
import { logSoftmax } from '../../../tensor/ops/softmax.ts';
import { NO_PARAMETERS, neg } from '../../../tensor/ops/unary.ts';
import { where } from '../../../tensor/ops/where.ts';
import { sameShape } from '../../../tensor/shape.ts';
import { type Tensor, tensorOf } from '../../../tensor/tensor.ts';
import { floatsOfView, type View } from '../../../tensor/view.ts';
import { numberArgument } from '../../arguments.ts';
import * as ops from '../../ops/losses.ts';
import { type LossOptions, optionalView, pairArguments, readLossOptions } from './options.ts';

// Losses of classes.

/** The options of `functional.nllLoss`. */
export interface NllLossOptions extends LossOptions {
  /** A weight for each class, (C), of the input's dtype. */
  readonly weight?: Tensor | null | undefined;
  /** The target that has no loss. Default -100. */
  readonly ignoreIndex?: number | undefined;
}

/** The options of `functional.crossEntropyLoss`. */
export interface CrossEntropyLossOptions extends NllLossOptions {
  /** Which part of each target is spread over all classes, from 0 to 1. Default 0. */
  readonly labelSmoothing?: number | undefined;
}

/**
 * The mean of the negative logarithm of the probability of each target's class: PyTorch's `torch.nn.functional.nll_loss`. Weights of classes
 * count in the mean: it is that of the weighted losses over the sum of their weights.
 *
 * @param input    logarithms of probabilities: (N, C), (N, C, L) and so on, or (C)
 * @param target   classes: (N), (N, L), or without dimensions; int64 or int32
 * @param options  `weight`: none; `ignoreIndex`: -100; `reduction`: 'mean', 'sum' or 'none'
 * @returns        without dimensions, or of the target's shape with 'none'; the mean of no targets is NaN
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws TypeError ERR_CONV1D_DTYPE     when the input has no floats, the target no integers, or the weight another dtype than the input
 * @throws RangeError ERR_CONV1D_SHAPE    when the shapes do not fit
 * @throws RangeError ERR_CONV1D_VALUE    when a target is no class, or the reduction another string
 * @throws RangeError ERR_CONV1D_GRAD     when the weight requires a gradient, outside of `noGrad`
 * @throws TypeError ERR_CONV1D_DETACHED  when memory of a tensor was transferred to another thread
 * @example
 * const logs = functional.logSoftmax(tensor([[0, 0], [2, 0]]), 1);
 * functional.nllLoss(logs, tensor([0, 1], { dtype: 'int64' }));   // tensor(1.4100)
 */
export function nllLoss<D extends FloatDtype>(
  input: Tensor<D>,
  target: Tensor<'int64' | 'int32'>,
  options?: NllLossOptions,
): Tensor<D> {
  const [x, classes] = pairArguments(input, target, 'nllLoss');
  const { reduction, others } = readLossOptions(options, ['weight', 'ignoreIndex'], 'functional.nllLoss');
  const { weight, ignoreIndex } = others;
  const view = optionalView(weight, "nllLoss(): the option 'weight'");
  requireConstant(view, 'weight', 'nllLoss');
  const attributes = { reduction, ignoreIndex: readIgnoreIndex(ignoreIndex) };
  return apply(ops.nllLoss, view === null ? [x, classes] : [x, classes, view], attributes) as Tensor<D>;
}

/**
 * The mean cross entropy of targets and the softmax of the input: PyTorch's `torch.nn.functional.cross_entropy`, `logSoftmax` and `nllLoss`
 * in one.
 *
 * @param input    logits: (N, C), (N, C, L) and so on, or (C)
 * @param target   classes: (N), (N, L), or without dimensions, int64 or int32; or probabilities of the input's shape, of floats
 * @param options  `weight`: none; `ignoreIndex`: -100; `labelSmoothing`: 0; `reduction`: 'mean', 'sum' or 'none'
 * @returns        without dimensions, or one for each target with 'none'
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws TypeError ERR_CONV1D_DTYPE     when the input has no floats, the target is of another kind, or the weight has another dtype than
 *                                        the input
 * @throws RangeError ERR_CONV1D_SHAPE    when the shapes do not fit
 * @throws RangeError ERR_CONV1D_VALUE    when a target is no class, the smoothing is not from 0 to 1, probabilities are to be ignored, or the
 *                                        reduction is another string
 * @throws RangeError ERR_CONV1D_GRAD     when the weight requires a gradient and targets are classes, outside of `noGrad`
 * @throws TypeError ERR_CONV1D_DETACHED  when memory of a tensor was transferred to another thread
 * @example
 * const x = tensor([[0, 0], [2, 0]]);
 * functional.crossEntropyLoss(x, tensor([0, 1], { dtype: 'int64' }));   // tensor(1.4100)
 * functional.crossEntropyLoss(x, tensor([[0.5, 0.5], [1, 0]]));         // tensor(0.4100)
 */
export function crossEntropyLoss<D extends FloatDtype>(
  input: Tensor<D>,
  target: Tensor<FloatDtype | 'int64' | 'int32'>,
  options?: CrossEntropyLossOptions,
): Tensor<D> {
  const [x, goal] = pairArguments(input, target, 'crossEntropyLoss');
  const names = ['weight', 'ignoreIndex', 'labelSmoothing'];
  const { reduction, others } = readLossOptions(options, names, 'functional.crossEntropyLoss');
  const { weight: givenWeight, ignoreIndex: givenIndex, labelSmoothing } = others;
  const weight = optionalView(givenWeight, "crossEntropyLoss(): the option 'weight'");
  const ignoreIndex = readIgnoreIndex(givenIndex);
  const smoothing = readLabelSmoothing(labelSmoothing);
  const wants = { weight, reduction, smoothing };
  if (sameShape(x.shape, goal.shape)) {
    if (!isFloatDtype(goal.dtype)) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `Expected floating point type for target with class probabilities, got ${torchName(goal.dtype)}`,
      );
    }
    if (ignoreIndex >= 0) {
      throw rangeError('ERR_CONV1D_VALUE', 'ignore_index is not supported for floating point target');
    }
    return tensorOf(withProbabilities(x, goal, wants)) as Tensor<D>;
  }
  requireConstant(weight, 'weight', 'crossEntropyLoss');
  return tensorOf(withClasses(x, goal, ignoreIndex, wants)) as Tensor<D>;
}

interface Wants {
  readonly weight: View | null;
  readonly reduction: ops.Reduction;
  readonly smoothing: number;
}

/** In torch's steps, so that gradients have its names. */
function withProbabilities(x: View, target: View, { weight, reduction, smoothing }: Wants): View {
  const dim = classDimension(x);
  ops.requireDimensions(x.shape);
  ops.requireClassWeight(weight ?? undefined, x, 'cross_entropy: ');
  const { batch, classes, inner } = ops.classSizes(x.shape);
  const logs = runOperation(logSoftmax, [x], { dim });
  const goal =
    smoothing === 0
      ? target
      : runOperation(add, [runOperation(mul, [target], { other: 1 - smoothing })], { other: smoothing / classes });
  const products = runOperation(mul, [logs, goal], {});
  const weighted = weight === null ? products : runOperation(mul, [products, alongClasses(weight, x)], {});
  const dims = reduction === 'none' ? [dim] : [...x.shape.keys()];
  const total = runOperation(neg, [runOperation(sum, [weighted], { dims, keepdim: false })], NO_PARAMETERS);
  return reduction === 'mean' ? runOperation(div, [total], { other: batch * inner }) : total;
}

function withClasses(x: View, target: View, ignoreIndex: number, { weight, reduction, smoothing }: Wants): View {
  const logs = runOperation(logSoftmax, [x], { dim: classDimension(x) });
  const inputs = weight === null ? [logs, target] : [logs, target, weight];
  const loss = runOperation(ops.nllLoss, inputs, { reduction, ignoreIndex });
  if (smoothing === 0) return loss;
  const { classes } = ops.classSizes(x.shape);
  const spread = spreadLoss(logs, target, weight, ignoreIndex, reduction);
  return runOperation(
    add,
    [runOperation(mul, [loss], { other: 1 - smoothing }), runOperation(mul, [spread], { other: smoothing / classes })],
    {},
  );
}

/** The loss of what is spread over all classes: as if each target were every class. */
function spreadLoss(
  logs: View,
  target: View,
  weight: View | null,
  ignoreIndex: number,
  reduction: ops.Reduction,
): View {
  const dim = classDimension(logs);
  const weighted = weight === null ? logs : runOperation(mul, [logs, alongClasses(weight, logs)], {});
  const all = runOperation(neg, [runOperation(sum, [weighted], { dims: [dim], keepdim: false })], NO_PARAMETERS);
  const counts = runOperation(ne, [target], { other: ignoreIndex });
  const losses = runOperation(where, [counts, all, scalarView(0, all.dtype)], undefined);
  if (reduction === 'none') return losses;
  const total = ops.reduced(losses, 'sum');
  if (reduction === 'sum') return total;
  const weights = ops.weightsOfTargets(target, logs, weight, ignoreIndex);
  return runOperation(div, [total], { other: floatsOfView(ops.reduced(weights, 'sum'))[0]! });
}

/** Weights of classes in the shape in which they are broadcast to x. */
function alongClasses(weight: View, x: View): View {
  const dim = classDimension(x);
  return runOperation(reshape, [weight], { sizes: x.shape.map((size, each) => (each === dim ? size : 1)) });
}

function classDimension({ shape }: View): number {
  return shape.length <= 1 ? 0 : 1;
}

/** The option ignoreIndex. */
export function readIgnoreIndex(value: unknown): number {
  return value === undefined ? -100 : integer(value, 'the option ignoreIndex');
}

/** The option labelSmoothing. */
export function readLabelSmoothing(value: unknown): number {
  const smoothing = value === undefined ? 0 : numberArgument(value, 'the option labelSmoothing');
  if (smoothing >= 0 && smoothing <= 1) return smoothing;
  throw rangeError('ERR_CONV1D_VALUE', `label_smoothing must be between 0.0 and 1.0. Got: ${smoothing}`);
}
