import { typeError } from '../../check/errors.ts';
import { readList } from '../../check/list.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe, integer } from '../../check/validate.ts';
import type { Field } from '../fields.ts';
import type { Optimizer } from '../optimizer.ts';
import { power } from '../rounded.ts';
import { defineSchedule, LRScheduler, readScheduleOptions } from './scheduler.ts';
import { gammaField, type StepLROptions } from './stepLR.ts';

/** How often each epoch is a milestone, as a state dict of torch has them: a Counter. */
type Milestones = Readonly<Record<string, number>>;

const milestonesField: Field = {
  name: 'milestones',
  torchName: 'milestones',
  read: (value): Milestones => {
    if (!isPlainObject(value)) {
      throw typeError('ERR_CONV1D_TYPE', `milestones must be an object of counts, but got ${describe(value)}`);
    }
    return Object.fromEntries(
      Object.entries(value).map(([epoch, count]) => [epoch, integer(count, `milestones[${epoch}]`)]),
    );
  },
};

const schedule = defineSchedule<{ milestones: Milestones; gamma: number }>({
  name: 'MultiStepLR',
  fields: [milestonesField, gammaField],
  ratesOf: ({ values: { milestones, gamma }, groups, epoch }) => {
    const count = Object.hasOwn(milestones, epoch) ? milestones[epoch]! : 0;
    return groups.map(({ lr }) => (count === 0 ? lr : lr * power(gamma, count)));
  },
});

/**
 * Multiplies the learning rates by gamma at some epochs: PyTorch's `torch.optim.lr_scheduler.MultiStepLR`.
 *
 * @example
 * const optimizer = new optim.SGD(conv.parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.MultiStepLR(optimizer, [1, 3]);
 * for (let epoch = 0; epoch < 2; epoch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr();   // [0.1]
 * @category Gradients
 */
export class MultiStepLR extends LRScheduler {
  /**
   * @param optimizer   whose learning rates are set
   * @param milestones  the epochs at which they are multiplied; one that is there twice counts twice
   * @param options     gamma 0.1, lastEpoch -1 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a milestone is no integer
   */
  constructor(optimizer: Optimizer, milestones: readonly number[], options?: StepLROptions) {
    const counts: Record<string, number> = {};
    for (const each of readList(milestones, 'MultiStepLR: milestones', 'epochs')) {
      const epoch = integer(each, 'MultiStepLR: a milestone');
      counts[epoch] = (counts[epoch] ?? 0) + 1;
    }
    const { values, lastEpoch } = readScheduleOptions(options, [gammaField], 'MultiStepLR');
    super(optimizer, schedule, { milestones: counts, gamma: 0.1, ...values }, lastEpoch);
  }
}
