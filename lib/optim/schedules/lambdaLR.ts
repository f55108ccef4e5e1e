import { rangeError, typeError } from '../../check/errors.ts';
import { readList } from '../../check/list.ts';
import { describe, isArray } from '../../check/validate.ts';
import { type Field, readNumber } from '../fields.ts';
import type { Optimizer } from '../optimizer.ts';
import {
  defineSchedule,
  groupsOf,
  LRScheduler,
  optimizerArgument,
  readScheduleOptions,
  type Schedule,
  type SchedulerOptions,
} from './scheduler.ts';

/**
 * What `optim.lrScheduler.LambdaLR` multiplies the first learning rate by in an epoch.
 *
 * @category Gradients
 */
export type LrLambda = (epoch: number) => number;

/** Functions are not saved: a state dict has as many nulls. */
const lambdasField: Field = {
  name: 'saved',
  torchName: 'lr_lambdas',
  read: (value) => readList(value, 'lr_lambdas', 'nulls'),
};

function scheduleOf(lambdas: readonly LrLambda[]): Schedule<unknown> {
  return defineSchedule({
    name: 'LambdaLR',
    fields: [lambdasField],
    ratesOf: ({ baseLrs, epoch }) =>
      baseLrs.map((base, i) => base * readNumber(lambdas[i]!(epoch), 'what an lrLambda returns')),
  });
}

function readLambdas(given: unknown, count: number): LrLambda[] {
  const list = isArray(given) ? readList(given, 'LambdaLR: lrLambda', 'functions') : Array(count).fill(given);
  if (list.length !== count) {
    throw rangeError('ERR_CONV1D_VALUE', `Expected ${count} lr_lambdas, but got ${list.length}`);
  }
  for (const each of list) {
    if (typeof each !== 'function') {
      throw typeError('ERR_CONV1D_TYPE', `LambdaLR: lrLambda must be a function, but got ${describe(each)}`);
    }
  }
  return list as LrLambda[];
}

/**
 * Sets each learning rate to the first one times a function of the epoch: PyTorch's `torch.optim.lr_scheduler.LambdaLR`.
 *
 * @example
 * const optimizer = new optim.SGD(conv.parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.LambdaLR(optimizer, (epoch) => 1 / (epoch + 1));
 * optimizer.step();
 * scheduler.step();
 * scheduler.getLastLr();   // [0.5]
 * @category Gradients
 */
export class LambdaLR extends LRScheduler {
  /**
   * @param optimizer  whose learning rates are set
   * @param lrLambda   a function of the epoch, or one for each group
   * @param options    lastEpoch -1 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind, or a function returns no number
   * @throws RangeError ERR_CONV1D_VALUE  when there are not as many functions as groups
   */
  constructor(optimizer: Optimizer, lrLambda: LrLambda | readonly LrLambda[], options?: SchedulerOptions) {
    const lambdas = readLambdas(lrLambda, groupsOf(optimizerArgument(optimizer)).length);
    const { lastEpoch } = readScheduleOptions(options, [], 'LambdaLR');
    super(optimizer, scheduleOf(lambdas), { saved: lambdas.map(() => null) }, lastEpoch);
  }
}
