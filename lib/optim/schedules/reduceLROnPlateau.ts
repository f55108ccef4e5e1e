import { rangeError, typeError } from '../../check/errors.ts';
import { readList } from '../../check/list.ts';
import { describe, integer, isArray, oneOf } from '../../check/validate.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { viewOf } from '../../tensor/tensor.ts';
import { elementsOfView } from '../../tensor/view.ts';
import { type Field, numberField, readNumber } from '../fields.ts';
import type { Optimizer } from '../optimizer.ts';
import {
  groupsOf,
  optimizerArgument,
  plainDict,
  readLrs,
  readScheduleOptions,
  readTorchFields,
  type SchedulerStateDict,
} from './scheduler.ts';

/**
 * The options of `optim.lrScheduler.ReduceLROnPlateau`.
 *
 * @category Gradients
 */
export interface ReduceLROnPlateauOptions {
  /** Whether the metric is to fall or to rise. Default 'min'. */
  readonly mode?: 'min' | 'max' | undefined;
  /** What the learning rates are multiplied by, below 1. Default 0.1. */
  readonly factor?: number | undefined;
  /** How many epochs without an improvement are let pass. Default 10. */
  readonly patience?: number | undefined;
  /** By how much a metric has to be better. Default 1e-4. */
  readonly threshold?: number | undefined;
  /** Whether the threshold is a part of the best metric, or a difference. Default 'rel'. */
  readonly thresholdMode?: 'rel' | 'abs' | undefined;
  /** How many epochs are let pass after a reduction. Default 0. */
  readonly cooldown?: number | undefined;
  /** The lowest learning rate, or one for each group. Default 0. */
  readonly minLr?: number | readonly number[] | undefined;
  /** A smaller reduction is not made. Default 1e-8. */
  readonly eps?: number | undefined;
}

interface Values {
  mode: 'min' | 'max';
  factor: number;
  patience: number;
  threshold: number;
  thresholdMode: 'rel' | 'abs';
  cooldown: number;
  minLrs: readonly number[];
  eps: number;
}

const FIELDS: readonly Field[] = [
  { name: 'mode', torchName: 'mode', read: (value) => oneOf(value, ['min', 'max'], 'mode') },
  numberField(
    'factor',
    'factor',
    (value) => value < 1,
    () => 'Factor should be < 1.0.',
  ),
  numberField('patience', 'patience'),
  numberField('threshold', 'threshold'),
  {
    name: 'thresholdMode',
    torchName: 'threshold_mode',
    read: (value) => oneOf(value, ['rel', 'abs'], 'thresholdMode'),
  },
  numberField('cooldown', 'cooldown'),
  numberField('eps', 'eps'),
];

const minLrField: Field = {
  name: 'minLr',
  torchName: 'min_lr',
  read: (value) =>
    isArray(value)
      ? readList(value, 'minLr', 'numbers').map((each) => readNumber(each, 'minLr'))
      : readNumber(value, 'minLr'),
};

/**
 * Lowers the learning rates when a metric, as the loss on held-out data, has stopped getting better: PyTorch's
 * `torch.optim.lr_scheduler.ReduceLROnPlateau`.
 *
 * @example
 * const optimizer = new optim.SGD(conv.parameters(), { lr: 1 });
 * const scheduler = new optim.lrScheduler.ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 0 });
 * for (const loss of [3, 2, 2]) scheduler.step(loss);
 * scheduler.getLastLr();   // [0.5]
 * @category Gradients
 */
export class ReduceLROnPlateau {
  readonly #optimizer: Optimizer;
  #values: Values;
  #best: number;
  #badEpochs = 0;
  #cooldownLeft = 0;
  #lastEpoch = 0;
  #lastLr: readonly number[];

  /**
   * @param optimizer  whose learning rates are set
   * @param options    mode 'min', factor 0.1, patience 10, threshold 1e-4, thresholdMode 'rel', cooldown 0, minLr 0, eps 1e-8 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the factor is not below 1, a mode is another string, or there are not as many lowest rates as
   *                                      groups
   */
  constructor(optimizer: Optimizer, options?: ReduceLROnPlateauOptions) {
    this.#optimizer = optimizerArgument(optimizer);
    const groups = groupsOf(this.#optimizer);
    const { values } = readScheduleOptions(options, [...FIELDS, minLrField], 'ReduceLROnPlateau');
    const { minLr = 0, ...others } = values;
    const minLrs = isArray(minLr) ? (minLr as readonly number[]) : groups.map(() => minLr as number);
    if (minLrs.length !== groups.length) {
      throw rangeError('ERR_CONV1D_VALUE', `expected ${groups.length} min_lrs, got ${minLrs.length}`);
    }
    const defaults = { mode: 'min', factor: 0.1, patience: 10, threshold: 1e-4, thresholdMode: 'rel', cooldown: 0 };
    this.#values = { ...defaults, eps: 1e-8, ...others, minLrs } as Values;
    this.#best = worst(this.#values);
    this.#lastLr = groups.map(({ lr }) => lr);
  }

  /** How often `step()` was called. */
  get lastEpoch(): number {
    return ReduceLROnPlateau.#own(this, 'lastEpoch').#lastEpoch;
  }

  /**
   * Takes note of the metric of an epoch, and lowers the learning rates where it has been no better for long enough.
   *
   * @param metric  a number, or a tensor with one element
   * @throws TypeError ERR_CONV1D_TYPE  for anything else
   */
  step(metric: number | Tensor<Dtype>): void {
    const self = ReduceLROnPlateau.#own(this, 'step');
    const current = readMetric(metric);
    const groups = groupsOf(self.#optimizer);
    const { patience, cooldown } = self.#values;
    self.#lastEpoch++;
    if (isBetter(current, self.#best, self.#values)) {
      self.#best = current;
      self.#badEpochs = 0;
    } else {
      self.#badEpochs++;
    }
    if (self.#cooldownLeft > 0) {
      self.#cooldownLeft--;
      self.#badEpochs = 0;
    }
    if (self.#badEpochs > patience) {
      const { factor, minLrs, eps } = self.#values;
      for (const [i, least] of minLrs.entries()) {
        const lr = Math.max(groups[i]!.lr * factor, least);
        if (groups[i]!.lr - lr > eps) groups[i]!.lr = lr;
      }
      self.#cooldownLeft = cooldown;
      self.#badEpochs = 0;
    }
    self.#lastLr = groups.map(({ lr }) => lr);
  }

  /** The learning rates after the last step, one for each group. */
  getLastLr(): number[] {
    return [...ReduceLROnPlateau.#own(this, 'getLastLr').#lastLr];
  }

  /** What it needs to go on, by PyTorch's names. The learning rates are in that of the optimiser. */
  stateDict(): SchedulerStateDict {
    const self = ReduceLROnPlateau.#own(this, 'stateDict');
    const values = self.#values as unknown as Readonly<Record<string, unknown>>;
    return {
      ...Object.fromEntries(FIELDS.map(({ name, torchName }) => [torchName, values[name]])),
      min_lrs: [...self.#values.minLrs],
      verbose: false,
      cooldown_counter: self.#cooldownLeft,
      best: self.#best,
      num_bad_epochs: self.#badEpochs,
      mode_worse: worst(self.#values),
      last_epoch: self.#lastEpoch,
      _last_lr: [...self.#lastLr],
    };
  }

  /**
   * Goes on with a state dict of this library or of PyTorch. Nothing is changed unless everything fits.
   *
   * @throws TypeError ERR_CONV1D_TYPE         when it is no plain object, or something in it is of the wrong kind
   * @throws RangeError ERR_CONV1D_STATE_DICT  when it has not the numbers of this schedule, or those of other groups
   */
  loadStateDict(dict: SchedulerStateDict): void {
    const self = ReduceLROnPlateau.#own(this, 'loadStateDict');
    const given = plainDict(dict);
    const values = readTorchFields(FIELDS, given, self.#values as unknown as Readonly<Record<string, unknown>>);
    const count = self.#values.minLrs.length;
    const minLrs = readLrs(given.min_lrs, 'min_lrs', count);
    const best = readNumber(given.best, 'best of the state dict');
    const badEpochs = integer(given.num_bad_epochs, 'num_bad_epochs of the state dict');
    const cooldownLeft = integer(given.cooldown_counter, 'cooldown_counter of the state dict');
    const lastEpoch = integer(given.last_epoch, 'last_epoch of the state dict');
    // torch has none before the first step.
    const rates = given._last_lr;
    const lastLr = rates === undefined ? self.#lastLr : readLrs(rates, '_last_lr', count);
    self.#values = { ...values, minLrs } as unknown as Values;
    self.#best = best;
    self.#badEpochs = badEpochs;
    self.#cooldownLeft = cooldownLeft;
    self.#lastEpoch = lastEpoch;
    self.#lastLr = lastLr;
  }

  static #own(self: unknown, member: string): ReduceLROnPlateau {
    if (typeof self === 'object' && self !== null && #badEpochs in self) return self;
    throw typeError(
      'ERR_CONV1D_TYPE',
      `${member} must be called on a schedule: scheduler.${member}, not on ${describe(self)}`,
    );
  }
}

function worst({ mode }: Values): number {
  return mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

function isBetter(metric: number, best: number, { mode, threshold, thresholdMode }: Values): boolean {
  if (mode === 'min') return metric < (thresholdMode === 'rel' ? best * (1 - threshold) : best - threshold);
  return metric > (thresholdMode === 'rel' ? best * (threshold + 1) : best + threshold);
}

function readMetric(value: unknown): number {
  const view = viewOf(value);
  if (view?.numel === 1) return Number(elementsOfView(view)[0]!);
  if (view !== undefined) {
    throw rangeError('ERR_CONV1D_SHAPE', `a metric must have one element, but the tensor has ${view.numel}`);
  }
  return readNumber(value, 'the metric');
}
