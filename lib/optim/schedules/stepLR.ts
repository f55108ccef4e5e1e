import { numberField } from '../fields.ts';
import type { Optimizer } from '../optimizer.ts';
import { defineSchedule, LRScheduler, readScheduleOptions, type SchedulerOptions } from './scheduler.ts';

/**
 * The options of `optim.lrScheduler.StepLR`, `MultiStepLR`.
 *
 * @category Gradients
 */
export interface StepLROptions extends SchedulerOptions {
  /** What the learning rates are multiplied by. Default 0.1. */
  readonly gamma?: number | undefined;
}

export const gammaField = numberField('gamma', 'gamma');

const stepSizeField = numberField(
  'stepSize',
  'step_size',
  (value) => Number.isSafeInteger(value) && value > 0,
  (value) => `StepLR: stepSize must be a positive integer, but got ${value}`,
);

const schedule = defineSchedule<{ stepSize: number; gamma: number }>({
  name: 'StepLR',
  fields: [stepSizeField, gammaField],
  ratesOf: ({ values: { stepSize, gamma }, groups, epoch }) =>
    groups.map(({ lr }) => (epoch === 0 || epoch % stepSize !== 0 ? lr : lr * gamma)),
});

/**
 * Multiplies the learning rates by gamma every `stepSize` epochs: PyTorch's `torch.optim.lr_scheduler.StepLR`.
 *
 * @example
 * const optimizer = new optim.SGD(conv.parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.StepLR(optimizer, 2);
 * for (let epoch = 0; epoch < 3; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr();   // [0.1]
 * @category Gradients
 */
export class StepLR extends LRScheduler {
  /**
   * @param optimizer  whose learning rates are set
   * @param stepSize   how many epochs each learning rate holds
   * @param options    gamma 0.1, lastEpoch -1 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the step size is no positive integer
   */
  constructor(optimizer: Optimizer, stepSize: number, options?: StepLROptions) {
    const { values, lastEpoch } = readScheduleOptions(options, [gammaField], 'StepLR');
    super(optimizer, schedule, { stepSize: stepSizeField.read(stepSize), gamma: 0.1, ...values }, lastEpoch);
  }
}
