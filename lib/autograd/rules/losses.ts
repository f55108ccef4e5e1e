import { softplus } from '../../nn/ops/activations.ts';
import {
  bceInputs,
  bceWithLogitsLoss,
  classSizes,
  forEachTarget,
  mseLoss,
  nllLoss,
  type Reduction,
  reduced,
  smoothL1Loss,
  weightsOfTargets,
} from '../../nn/ops/losses.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { type Meta, runOperation } from '../../tensor/operation.ts';
import { converted } from '../../tensor/ops/convert.ts';
import { scalarView } from '../../tensor/ops/scalar.ts';
import { clamp, NO_PARAMETERS, sigmoid, sign } from '../../tensor/ops/unary.ts';
import { broadcastShape, numelOf } from '../../tensor/shape.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';
import { minus, negative, over, times } from '../algebra.ts';
import { equal } from '../masks.ts';
import { defineRule } from '../rule.ts';
import { sumTo } from '../shapes.ts';

/** The gradient of the loss of each element, times a number: the same for all but with 'none'. */
function ofEach(gradient: View, reduction: Reduction, numel: number, factor: number): View {
  const share = reduction === 'mean' ? factor / numel : factor;
  return share === 1 ? gradient : times(gradient, share);
}

/** The gradients of the two sides of a difference, of which this is the gradient. */
function ofDifference(gradient: View, [x, target]: readonly (Meta | undefined)[], needs: readonly boolean[]) {
  return [needs[0] ? sumTo(gradient, x!) : null, needs[1] ? sumTo(negative(gradient), target!) : null];
}

function pairCount([x, target]: readonly (Meta | undefined)[]): number {
  return numelOf(broadcastShape(x!.shape, target!.shape));
}

defineRule(mseLoss, {
  name: 'MseLossBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes: { reduction }, inputs, saved: [x, target], needs }, gradient) => {
    const each = ofEach(gradient, reduction, pairCount(inputs), 2);
    return ofDifference(times(minus(x!, target!), each), inputs, needs);
  },
});

defineRule(smoothL1Loss, {
  name: 'SmoothL1LossBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes: { reduction, beta }, inputs, saved: [x, target], needs }, gradient) => {
    const distances = minus(x!, target!);
    if (beta === 0) {
      const each = ofEach(gradient, reduction, pairCount(inputs), 1);
      return [distances, negative(distances)].map((distance, i) =>
        needs[i] ? sumTo(times(signBelow(distance), each), inputs[i]!) : null,
      );
    }
    const each = ofEach(gradient, reduction, pairCount(inputs), 1 / beta);
    return ofDifference(times(runOperation(clamp, [distances], { min: -beta, max: beta }), each), inputs, needs);
  },
});

/** The sign; -1 of 0, which torch has for either side where beta is 0. */
function signBelow(distances: View): View {
  const zeros = equal(distances, 0);
  return minus(runOperation(sign, [distances], NO_PARAMETERS), converted(zeros, distances.dtype));
}

defineRule(bceWithLogitsLoss, {
  name: 'BinaryCrossEntropyWithLogitsBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes, inputs, results: [result], saved, needs }, gradient) => {
    const { dtype } = result!;
    const given = bceInputs(
      saved.map((view) => converted(view!, dtype)),
      attributes,
    );
    const each = ofEach(gradient, attributes.reduction, numelOf(inputs[0]!.shape), 1);
    const weighted = given.weight === null ? each : times(each, given.weight);
    const gradients = [
      needs[0] ? sumTo(times(ofLogits(given), weighted), inputs[0]!) : null,
      needs[1] ? sumTo(times(ofTargets(given), weighted), inputs[1]!) : null,
    ];
    return inputs.map((_, i) => gradients[i] ?? null);
  },
});

type BceViews = ReturnType<typeof bceInputs<View>>;

/** (1 - t) sigmoid(x) - p t sigmoid(-x), in which nothing is lost where the sigmoid is near 1. */
function ofLogits({ x, target, posWeight }: BceViews): View {
  const rest = minus(scalarView(1, x.dtype), target);
  const share = posWeight === null ? target : times(target, posWeight);
  const up = times(rest, runOperation(sigmoid, [x], NO_PARAMETERS));
  const down = times(share, runOperation(sigmoid, [negative(x)], NO_PARAMETERS));
  return minus(up, down);
}

/** p log(1 + e^-x) - log(1 + e^x), which is -x where p is 1. */
function ofTargets({ x, posWeight }: BceViews): View {
  if (posWeight === null) return negative(x);
  const parameters = { a: 1, b: 40 };
  const towardsOne = runOperation(softplus, [negative(x)], parameters);
  return minus(times(posWeight, towardsOne), runOperation(softplus, [x], parameters));
}

defineRule(nllLoss, {
  name: ({ reduction }, [x]) => {
    const { length } = x!.shape;
    if (length <= 2) return 'NllLossBackward0';
    return reduction === 'none' && length !== 4 ? 'ViewBackward0' : 'NllLoss2DBackward0';
  },
  saves: ({ inputs: [, target, weight] }) => [target, weight],
  backward: ({ attributes: { reduction, ignoreIndex }, inputs, saved: [target, weight] }, gradient) => {
    const [x] = inputs;
    const weights = weightsOfTargets(target!, x!, weight, ignoreIndex);
    const divided = reduction === 'mean' ? over(gradient, reduced(weights, 'sum')) : gradient;
    const shares = floatsOfView(negative(times(weights, divided)));
    const out = allocate(x!.dtype as FloatDtype, numelOf(x!.shape));
    forEachTarget(target!, classSizes(x!.shape), ignoreIndex, (i, at) => {
      out[at] = shares[i]!;
    });
    return inputs.map((_, i) => (i === 0 ? viewOfAll(out, x!.dtype, x!.shape) : null));
  },
});
