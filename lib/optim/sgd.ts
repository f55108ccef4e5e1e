import { rangeError } from '../check/errors.ts';
import { type SgdNumbers, sgdStep } from '../native/optim.ts';
import { allocate } from '../tensor/allocate.ts';
import { dtypeOf, type FloatArray } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { booleanField, numberField, positiveField } from './fields.ts';
import type { ParamGroupOptions } from './groups.ts';
import { Optimizer } from './optimizer.ts';
import { defineUpdateRule } from './updateRule.ts';

/**
 * The options of `optim.SGD`, and the numbers of its groups.
 *
 * @category Gradients
 */
export interface SGDOptions {
  /** The learning rate, from 0 on. It has to be given here or in each group. */
  readonly lr?: number | undefined;
  /** How much of the change before goes on. Default 0. */
  readonly momentum?: number | undefined;
  /** What is taken off a gradient that is added to the momentum. Default 0. */
  readonly dampening?: number | undefined;
  /** How much of the parameter is added to its gradient. Default 0. */
  readonly weightDecay?: number | undefined;
  /** Whether the momentum is looked at one step ahead. Default false. */
  readonly nesterov?: boolean | undefined;
  /** Whether the parameters follow their gradients upwards. Default false. */
  readonly maximize?: boolean | undefined;
}

const BUFFER = 'momentum_buffer';

const rule = defineUpdateRule({
  name: 'SGD',
  fields: [
    positiveField('lr', 'lr', (value) => `Invalid learning rate: ${value}`),
    positiveField('momentum', 'momentum', (value) => `Invalid momentum value: ${value}`),
    numberField('dampening', 'dampening'),
    positiveField('weightDecay', 'weight_decay', (value) => `Invalid weight_decay value: ${value}`),
    booleanField('nesterov'),
    booleanField('maximize'),
  ],
  defaults: { momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, maximize: false },
  foreign: { foreach: null, differentiable: false },
  arrays: [{ name: BUFFER, isNeeded: false }],
  counts: false,
  requireFit: ({ nesterov, momentum, dampening }) => {
    if (nesterov === true && !((momentum as number) > 0 && dampening === 0)) {
      throw rangeError('ERR_CONV1D_VALUE', 'Nesterov momentum requires a momentum and zero dampening');
    }
  },
  prepare: (values, { parameter, gradient }, state) => {
    const numbers = values as unknown as SgdNumbers;
    const before = (state[BUFFER] ?? null) as FloatArray | null;
    const buffer = numbers.momentum === 0 ? null : (before ?? allocate(dtypeOf(parameter), parameter.length));
    return () => {
      sgdStep(parameter, gradient, buffer, before === null, numbers);
      state[BUFFER] = buffer ?? before;
    };
  },
});

/**
 * Stochastic gradient descent, with a momentum: PyTorch's `torch.optim.SGD`.
 *
 * With the gradient g, the learning rate lr, the momentum m, the dampening d and the weight decay w, a step is
 * `g += w p`, `b = m b + (1 - d) g` (of the first step `b = g`), `p -= lr b`, and with Nesterov's momentum `p -= lr (g + m b)`. It has the
 * roundings of PyTorch 1.13 on a CPU with a fused multiply-add: the same gradients give the same parameters to the last bit.
 *
 * @example
 * const optimizer = new optim.SGD(conv.parameters(), { lr: 0.1, momentum: 0.9 });
 * for (let epoch = 0; epoch < 2; epoch++) {
 *   optimizer.zeroGrad();
 *   conv.forward(x).square().mean().backward();
 *   optimizer.step();
 * }
 * @category Gradients
 */
export class SGD extends Optimizer<SGDOptions> {
  /**
   * @param params   parameters, or groups of them with options of their own: `[{ params, lr: 0.01 }, { params: others }]`
   * @param options  `lr`, and momentum 0, dampening 0, weightDecay 0, nesterov false, maximize false by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, there is no parameter, or one is no leaf or is there twice
   */
  constructor(params: readonly Tensor[] | readonly ParamGroupOptions<SGDOptions>[], options?: SGDOptions) {
    super(rule, params, options);
  }
}
