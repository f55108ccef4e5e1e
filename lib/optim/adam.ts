import { adamStep } from '../native/optim.ts';
import { allocate } from '../tensor/allocate.ts';
import { dtypeOf, type FloatArray } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { betasField, booleanField, positiveField } from './fields.ts';
import type { ParamGroupOptions } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import { power } from './rounded.ts';
import { defineUpdateRule, type UpdateRule } from './updateRule.ts';

/**
 * The options of `optim.Adam` and `optim.AdamW`, and the numbers of their groups.
 *
 * @category Gradients
 */
export interface AdamOptions {
  /** The learning rate, from 0 on. Default 0.001. */
  readonly lr?: number | undefined;
  /** How much of the mean of gradients, and of that of their squares, goes on; below 1. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number] | undefined;
  /** What is added to the root of the mean of squares. Default 1e-8. */
  readonly eps?: number | undefined;
  /** Adam: how much of the parameter is added to its gradient, default 0. AdamW: how much of it is taken off, times lr, default 0.01. */
  readonly weightDecay?: number | undefined;
  /** Whether the largest mean of squares so far is taken. Default false. */
  readonly amsgrad?: boolean | undefined;
  /** Whether the parameters follow their gradients upwards. Default false. */
  readonly maximize?: boolean | undefined;
}

/** The numbers of a group, once they are read. */
interface Numbers {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly amsgrad: boolean;
  readonly maximize: boolean;
}

const MEAN = 'exp_avg';
const SQUARE = 'exp_avg_sq';
const LARGEST = 'max_exp_avg_sq';

interface Rests {
  readonly betas: readonly [number, number];
  readonly step: number;
  readonly rests: readonly [number, number];
}

let last: Rests = { betas: [0, 0], step: 0, rests: [0, 0] };

/** 1 - beta^step, of both. All parameters of a group mostly ask for the same. */
function restsOf(betas: readonly [number, number], step: number): readonly [number, number] {
  if (last.step !== step || last.betas[0] !== betas[0] || last.betas[1] !== betas[1]) {
    last = { betas, step, rests: [1 - power(betas[0], step), 1 - power(betas[1], step)] };
  }
  return last.rests;
}

function adamRule(
  name: string,
  isDecoupled: boolean,
  weightDecay: number,
  foreign: Readonly<Record<string, unknown>>,
): UpdateRule {
  return defineUpdateRule({
    name,
    fields: [
      positiveField('lr', 'lr', (value) => `Invalid learning rate: ${value}`),
      betasField,
      positiveField('eps', 'eps', (value) => `Invalid epsilon value: ${value}`),
      positiveField('weightDecay', 'weight_decay', (value) => `Invalid weight_decay value: ${value}`),
      booleanField('amsgrad'),
      booleanField('maximize'),
    ],
    defaults: { lr: 1e-3, betas: Object.freeze([0.9, 0.999]), eps: 1e-8, weightDecay, amsgrad: false, maximize: false },
    foreign,
    arrays: [
      { name: MEAN, isNeeded: true },
      { name: SQUARE, isNeeded: true },
      { name: LARGEST, isNeeded: false },
    ],
    counts: true,
    prepare: (values, { parameter, gradient }, state) => {
      const { lr, betas, eps, weightDecay: decay, amsgrad, maximize } = values as unknown as Numbers;
      const [beta1, beta2] = betas;
      const array = (key: string) => (state[key] ?? allocate(dtypeOf(parameter), parameter.length)) as FloatArray;
      const [mean, square, largest] = [array(MEAN), array(SQUARE), amsgrad ? array(LARGEST) : null];
      const step = ((state.step ?? 0) as number) + 1;
      const [rest1, rest2] = restsOf(betas, step);
      const numbers = {
        rate: lr / rest1,
        keep: isDecoupled ? 1 - lr * decay : 1,
        weightDecay: isDecoupled ? 0 : decay,
        beta1,
        beta2,
        correction: Math.sqrt(rest2),
        eps,
        maximize,
      };
      return () => {
        adamStep(parameter, gradient, { mean, square, largest }, numbers);
        Object.assign(state, { step, [MEAN]: mean, [SQUARE]: square }, largest === null ? {} : { [LARGEST]: largest });
      };
    },
  });
}

const adam = adamRule('Adam', false, 0, { foreach: null, capturable: false, differentiable: false, fused: false });
const adamW = adamRule('AdamW', true, 1e-2, { foreach: null, capturable: false });

/**
 * Adam (D. Kingma and J. Ba, "Adam: A Method for Stochastic Optimization", 2014): PyTorch's `torch.optim.Adam`.
 *
 * With the gradient g and the betas b1 and b2, step t is `g += weightDecay p`, `m = b1 m + (1 - b1) g`, `v = b2 v + (1 - b2) g^2`,
 * `p -= lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + eps)`. It has the roundings of PyTorch 1.13 on a CPU with a fused multiply-add: the
 * same gradients give the same parameters to the last bit.
 *
 * @example
 * const optimizer = new optim.Adam(conv.parameters(), { lr: 1e-3 });
 * conv.forward(x).square().mean().backward();
 * optimizer.step();
 * @category Gradients
 */
export class Adam extends Optimizer<AdamOptions> {
  /**
   * @param params   parameters, or groups of them with options of their own: `[{ params, lr: 0.01 }, { params: others }]`
   * @param options  lr 1e-3, betas [0.9, 0.999], eps 1e-8, weightDecay 0, amsgrad false, maximize false by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, there is no parameter, or one is no leaf or is there twice
   */
  constructor(params: readonly Tensor[] | readonly ParamGroupOptions<AdamOptions>[], options?: AdamOptions) {
    super(adam, params, options);
  }
}

/**
 * Adam with a weight decay that does not go through the means (I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization",
 * 2017): PyTorch's `torch.optim.AdamW`. A step begins with `p *= 1 - lr weightDecay`, and goes on as Adam's.
 *
 * @example
 * const optimizer = new optim.AdamW(conv.parameters(), { lr: 1e-3, weightDecay: 0.05 });
 * conv.forward(x).square().mean().backward();
 * optimizer.step();
 * @category Gradients
 */
export class AdamW extends Optimizer<AdamOptions> {
  /**
   * @param params   parameters, or groups of them with options of their own: `[{ params, weightDecay: 0 }, { params: others }]`
   * @param options  lr 1e-3, betas [0.9, 0.999], eps 1e-8, weightDecay 0.01, amsgrad false, maximize false by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, there is no parameter, or one is no leaf or is there twice
   */
  constructor(params: readonly Tensor[] | readonly ParamGroupOptions<AdamOptions>[], options?: AdamOptions) {
    super(adamW, params, options);
  }
}
