import type { Optimizer } from '../optimizer.ts';
import { defineSchedule, LRScheduler, readScheduleOptions, type SchedulerOptions } from './scheduler.ts';
import { gammaField } from './stepLR.ts';

const schedule = defineSchedule<{ gamma: number }>({
  name: 'ExponentialLR',
  fields: [gammaField],
  ratesOf: ({ values: { gamma }, groups, epoch }) => groups.map(({ lr }) => (epoch === 0 ? lr : lr * gamma)),
});

/**
 * Multiplies the learning rates by gamma every epoch: PyTorch's `torch.optim.lr_scheduler.ExponentialLR`.
 *
 * @example
 * const optimizer = new optim.SGD(conv.parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.ExponentialLR(optimizer, 0.5);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr();   // [0.5]
 * @category Gradients
 */
export class ExponentialLR extends LRScheduler {
  /**
   * @param optimizer  whose learning rates are set
   * @param gamma      what they are multiplied by
   * @param options    lastEpoch -1 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   */
  constructor(optimizer: Optimizer, gamma: number, options?: SchedulerOptions) {
    const { lastEpoch } = readScheduleOptions(options, [], 'ExponentialLR');
    super(optimizer, schedule, { gamma: gammaField.read(gamma) }, lastEpoch);
  }
}
