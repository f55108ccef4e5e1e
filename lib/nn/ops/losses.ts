import { rangeError, typeError } from '../../check/errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type Dtype, type FloatDtype, isFloatDtype, promoteByRank, torchName } from '../../tensor/dtype.ts';
import { type Meta, type Operation, runOperation } from '../../tensor/operation.ts';
import { converted } from '../../tensor/ops/convert.ts';
import { add, div, mul, sub } from '../../tensor/ops/elementwise.ts';
import { mean, sum } from '../../tensor/ops/reduce.ts';
import { scalarView } from '../../tensor/ops/scalar.ts';
import { abs, clamp, NO_PARAMETERS, neg, square } from '../../tensor/ops/unary.ts';
import { broadcastShape, formatShape, numelOf, sameShape } from '../../tensor/shape.ts';
import { elementsOfView, floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';
import { softplus } from './activations.ts';

/** What becomes of the losses of all elements: their mean, their sum, or they themselves. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossAttributes {
  readonly reduction: Reduction;
}

const NO_DIMENSIONS: readonly number[] = Object.freeze([]);

/** Beyond this, log(1 + e^x) is x in float64. */
const SOFTPLUS = { a: 1, b: 40 };

/** Dtype and shape of a loss of pairs, which are broadcast and promoted. */
function inferPairs(name: string, x: Meta, target: Meta, reduction: Reduction): Meta {
  const dtype = promoteByRank(x.dtype, x.shape.length > 0, target.dtype, target.shape.length > 0);
  if (!isFloatDtype(dtype)) {
    throw typeError(
      'ERR_CONV1D_DTYPE',
      `"${name}_cpu" not implemented for '${torchName(dtype)}'; convert the input with to('float32')`,
    );
  }
  const shape = sameShape(x.shape, target.shape) ? x.shape : Object.freeze(broadcastShape(x.shape, target.shape));
  return { dtype, shape: reduction === 'none' ? shape : NO_DIMENSIONS };
}

/** The losses of all elements, reduced. */
export function reduced(losses: View, reduction: Reduction): View {
  if (reduction === 'none') return losses;
  const dims = [...losses.shape.keys()];
  return runOperation(reduction === 'mean' ? mean : sum, [losses], { dims, keepdim: false, areAll: true });
}

/** (x - target)^2. Inputs: x, the target. */
export const mseLoss: Operation<LossAttributes> = {
  name: 'mseLoss',
  infer: ([x, target], { reduction }) => inferPairs('mse', x!, target!, reduction),
  run: ([x, target], { reduction }) => {
    const distances = runOperation(sub, [x!, target!], {});
    return reduced(runOperation(square, [distances], NO_PARAMETERS), reduction);
  },
};

export interface SmoothL1Attributes extends LossAttributes {
  /** From 0 on. */
  readonly beta: number;
}

/**
 * d^2 / (2 beta) where the distance |d| is below beta, |d| - beta / 2 elsewhere: m (d - m / 2) / beta with the part m of d between -beta and beta.
 * Inputs: x, the target.
 */
export const smoothL1Loss: Operation<SmoothL1Attributes> = {
  name: 'smoothL1Loss',
  infer: ([x, target], { reduction }) => inferPairs('smooth_l1', x!, target!, reduction),
  run: ([x, target], { reduction, beta }) => {
    const distances = runOperation(sub, [x!, target!], {});
    if (beta === 0) return reduced(runOperation(abs, [distances], NO_PARAMETERS), reduction);
    const part = runOperation(clamp, [distances], { min: -beta, max: beta });
    const rest = runOperation(sub, [distances, runOperation(mul, [part], { other: 0.5 })], {});
    const losses = runOperation(mul, [runOperation(mul, [part], { other: 1 / beta }), rest], {});
    return reduced(losses, reduction);
  },
};

export interface BceAttributes extends LossAttributes {
  /** Whether there is a weight for each element, behind the target. */
  readonly hasWeight: boolean;
  /** Whether there is one of targets, the last input. */
  readonly hasPosWeight: boolean;
}

/** The inputs of the loss of logits by name. */
export function bceInputs<T>(inputs: readonly T[], { hasWeight, hasPosWeight }: BceAttributes) {
  const [x, target] = inputs as [T, T];
  return {
    x,
    target,
    weight: hasWeight ? inputs[2]! : null,
    posWeight: hasPosWeight ? inputs[hasWeight ? 3 : 2]! : null,
  };
}

/**
 * The cross entropy of a target between 0 and 1 and the sigmoid of x: p t log(1 + e^-x) + (1 - t) log(1 + e^x), in which nothing is lost
 * where the sigmoid is near 0 or 1. Inputs: x, the target, weights.
 */
export const bceWithLogitsLoss: Operation<BceAttributes> = {
  name: 'bceWithLogitsLoss',
  infer: (inputs, attributes) => {
    const { x, target, weight, posWeight } = bceInputs(inputs, attributes);
    if (!sameShape(target.shape, x.shape)) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `Target size (torch.Size(${formatShape(target.shape)})) must be the same as input size (torch.Size(${formatShape(x.shape)}))`,
      );
    }
    const dtype = [target, weight, posWeight].reduce<Dtype>((known, each) => {
      if (each === null) return known;
      if (!isFloatDtype(each.dtype)) {
        throw typeError(
          'ERR_CONV1D_DTYPE',
          `result type ${torchName(x.dtype)} can't be cast to the desired output type ${torchName(each.dtype)}; convert it with to('float32')`,
        );
      }
      return promoteByRank(known, x.shape.length > 0, each.dtype, each.shape.length > 0);
    }, x.dtype);
    for (const each of [weight, posWeight]) {
      const shape = each === null ? x.shape : broadcastShape(each.shape, x.shape);
      if (!sameShape(shape, x.shape)) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `output with shape ${formatShape(x.shape)} doesn't match the broadcast shape ${formatShape(shape)}`,
        );
      }
    }
    return { dtype, shape: attributes.reduction === 'none' ? x.shape : NO_DIMENSIONS };
  },
  run: (inputs, attributes, { dtype }) => {
    const { x, target, weight, posWeight } = bceInputs(
      inputs.map((view) => converted(view, dtype)),
      attributes,
    );
    const towardsOne = runOperation(softplus, [runOperation(neg, [x], NO_PARAMETERS)], SOFTPLUS);
    const towardsZero = runOperation(softplus, [x], SOFTPLUS);
    const share = posWeight === null ? target : runOperation(mul, [target, posWeight], {});
    const losses = runOperation(
      add,
      [
        runOperation(mul, [share, towardsOne], {}),
        runOperation(mul, [runOperation(sub, [scalarView(1, dtype), target], {}), towardsZero], {}),
      ],
      {},
    );
    return reduced(weight === null ? losses : runOperation(mul, [losses, weight], {}), attributes.reduction);
  },
};

export interface NllAttributes extends LossAttributes {
  /** The target that has no loss. */
  readonly ignoreIndex: number;
}

/** How x of a loss by classes is laid out: (batch, classes, inner). */
export interface ClassSizes {
  readonly batch: number;
  readonly classes: number;
  readonly inner: number;
}

export function classSizes(shape: readonly number[]): ClassSizes {
  if (shape.length === 1) return { batch: 1, classes: shape[0]!, inner: 1 };
  return { batch: shape[0]!, classes: shape[1]!, inner: numelOf(shape.slice(2)) };
}

/** The shape of one loss for each target. */
export function targetShape(shape: readonly number[]): readonly number[] {
  return shape.filter((_, dim) => dim !== (shape.length === 1 ? 0 : 1));
}

/** The logarithm of the probability of the target's class, negative and weighted. Inputs: logarithms of probabilities, targets, class weights. */
export const nllLoss: Operation<NllAttributes> = {
  name: 'nllLoss',
  infer: ([x, target, weight], { reduction }) => {
    requireClasses(x!.shape, target!.shape);
    if (!isFloatDtype(x!.dtype)) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `"nll_loss_out_frame" not implemented for '${torchName(x!.dtype)}'; convert it with to('float32')`,
      );
    }
    if (target!.dtype !== 'int64' && target!.dtype !== 'int32') {
      throw typeError('ERR_CONV1D_DTYPE', `expected scalar type Long but found ${torchName(target!.dtype)}`);
    }
    requireClassWeight(weight, x!);
    return { dtype: x!.dtype, shape: reduction === 'none' ? target!.shape : NO_DIMENSIONS };
  },
  run: ([x, target, weight], { reduction, ignoreIndex }) => {
    const logs = floatsOfView(x!);
    const own = allocate(x!.dtype as FloatDtype, target!.numel);
    forEachTarget(target!, classSizes(x!.shape), ignoreIndex, (i, at) => {
      own[i] = logs[at]!;
    });
    const weights = weightsOfTargets(target!, x!, weight, ignoreIndex);
    const surprises = runOperation(neg, [viewOfAll(own, x!.dtype, target!.shape)], NO_PARAMETERS);
    const losses = runOperation(mul, [surprises, weights], {});
    if (reduction !== 'mean') return reduced(losses, reduction);
    return runOperation(div, [reduced(losses, 'sum'), reduced(weights, 'sum')], {});
  },
};

/** Calls visit(which target, where its class lies in x, its class) for the targets that have a loss. */
export function forEachTarget(
  target: View,
  { classes, inner }: ClassSizes,
  ignoreIndex: number,
  visit: (i: number, at: number, index: number) => void,
): void {
  // As numbers: reading a bigint would make one.
  const indices = elementsOfView(converted(target, 'float64')) as Float64Array;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (index === ignoreIndex) continue;
    if (!(index >= 0 && index < classes)) throw rangeError('ERR_CONV1D_VALUE', `Target ${index} is out of bounds.`);
    const item = Math.floor(i / inner);
    visit(i, (item * classes + index) * inner + (i - item * inner), index);
  }
}

/** The weight of each target: that of its class, 1 without weights, 0 for one that has no loss. */
export function weightsOfTargets(target: View, x: Meta, weight: View | null | undefined, ignoreIndex: number): View {
  const ofClasses = weight ? floatsOfView(weight) : null;
  const weights = allocate(x.dtype as FloatDtype, target.numel);
  forEachTarget(target, classSizes(x.shape), ignoreIndex, (i, _, index) => {
    weights[i] = ofClasses === null ? 1 : ofClasses[index]!;
  });
  return viewOfAll(weights, x.dtype, target.shape);
}

/** Refuses an input of a loss by classes that has no dimension of them. */
export function requireDimensions(x: readonly number[]): void {
  if (x.length === 0) throw rangeError('ERR_CONV1D_SHAPE', 'Expected 1 or more dimensions (got 0)');
}

function requireClasses(x: readonly number[], target: readonly number[]): void {
  requireDimensions(x);
  if (x.length === 1) {
    if (target.length === 0) return;
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `size mismatch (got input: ${formatShape(x)}, target: ${formatShape(target)}); a vector of classes has a target without dimensions`,
    );
  }
  if (target.length === 0 || x[0] !== target[0]) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Expected input batch_size (${x[0]}) to match target batch_size (${target[0] ?? 'none'}).`,
    );
  }
  const expected = targetShape(x);
  if (!sameShape(expected, target)) {
    throw rangeError('ERR_CONV1D_SHAPE', `Expected target size ${formatShape(expected)}, got ${formatShape(target)}`);
  }
}

/** Refuses weights of classes that do not fit; `prefix` is what the sentence begins with. */
export function requireClassWeight(weight: Meta | undefined, { dtype, shape }: Meta, prefix = ''): void {
  if (weight === undefined) return;
  const { classes } = classSizes(shape);
  if (weight.shape.length !== 1 || weight.shape[0] !== classes) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${prefix}weight tensor should be defined either for all ${classes} classes or no classes but got weight tensor of shape: ${formatShape(weight.shape)}`,
    );
  }
  if (weight.dtype !== dtype) {
    throw typeError(
      'ERR_CONV1D_DTYPE',
      `expected scalar type ${torchName(dtype)} but found ${torchName(weight.dtype)}: the weight must have the dtype of the input`,
    );
  }
}
