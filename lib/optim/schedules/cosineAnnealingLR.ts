import { numberField } from '../fields.ts';
import type { Optimizer } from '../optimizer.ts';
import { cosine } from '../rounded.ts';
import { defineSchedule, LRScheduler, readScheduleOptions, type SchedulerOptions } from './scheduler.ts';

/**
 * The options of `optim.lrScheduler.CosineAnnealingLR`.
 *
 * @category Gradients
 */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** The lowest learning rate. Default 0. */
  readonly etaMin?: number | undefined;
}

const tMaxField = numberField(
  'tMax',
  'T_max',
  (value) => Number.isSafeInteger(value) && value > 0,
  (value) => `CosineAnnealingLR: tMax must be a positive integer, but got ${value}`,
);
const etaMinField = numberField('etaMin', 'eta_min');

// In torch's steps: a rate follows from that before, so that it may be assigned to meanwhile.
const schedule = defineSchedule<{ tMax: number; etaMin: number }>({
  name: 'CosineAnnealingLR',
  fields: [tMaxField, etaMinField],
  ratesOf: ({ values: { tMax, etaMin }, groups, baseLrs, epoch, isFirst }) => {
    if (epoch === 0) return groups.map(({ lr }) => lr);
    if (isFirst && epoch > 0) {
      return baseLrs.map((base) => etaMin + ((base - etaMin) * (1 + cosine((epoch * Math.PI) / tMax))) / 2);
    }
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) {
      const step = 1 - cosine(Math.PI / tMax);
      return baseLrs.map((base, i) => groups[i]!.lr + ((base - etaMin) * step) / 2);
    }
    const ratio = (1 + cosine((Math.PI * epoch) / tMax)) / (1 + cosine((Math.PI * (epoch - 1)) / tMax));
    return groups.map(({ lr }) => ratio * (lr - etaMin) + etaMin);
  },
});

/**
 * Lowers the learning rates along half a cosine, and raises them again where it goes on (I. Loshchilov and F. Hutter, "SGDR: Stochastic
 * Gradient Descent with Warm Restarts", 2016, without the restarts): PyTorch's `torch.optim.lr_scheduler.CosineAnnealingLR`.
 *
 * @example
 * const optimizer = new optim.SGD(conv.parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, 2);
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr();   // [0.5]
 * @category Gradients
 */
export class CosineAnnealingLR extends LRScheduler {
  /**
   * @param optimizer  whose learning rates are set
   * @param tMax       after how many epochs they are lowest
   * @param options    etaMin 0, lastEpoch -1 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the number of epochs is no positive integer
   */
  constructor(optimizer: Optimizer, tMax: number, options?: CosineAnnealingLROptions) {
    const { values, lastEpoch } = readScheduleOptions(options, [etaMinField], 'CosineAnnealingLR');
    super(optimizer, schedule, { tMax: tMaxField.read(tMax), etaMin: 0, ...values }, lastEpoch);
  }
}
