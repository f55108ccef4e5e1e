import { rangeError, typeError } from '../../check/errors.ts';
import { readList } from '../../check/list.ts';
import { isPlainObject, refuseUnknownOptions } from '../../check/unknownOption.ts';
import { describe, integer } from '../../check/validate.ts';
import { type Field, readFields, readNumber } from '../fields.ts';
import { Optimizer } from '../optimizer.ts';

/** The numbers of a group of whatever optimiser, as a schedule reads and writes them. */
export type GroupNumbers = Record<string, unknown> & { lr: number; initialLr?: number };

/** Where a schedule stands. */
export interface Course<V> {
  readonly values: V;
  readonly groups: readonly GroupNumbers[];
  readonly baseLrs: readonly number[];
  /** How often `step` was called, beginning with 0. */
  readonly epoch: number;
  /** Whether this is the call of the constructor. */
  readonly isFirst: boolean;
}

/** A learning-rate schedule: one record for each. */
export interface Schedule<V> {
  /** The class's name. */
  readonly name: string;
  /** What its state dict has besides what all have. */
  readonly fields: readonly Field[];
  /** The learning rates of the groups. */
  ratesOf(course: Course<V>): readonly number[];
  /** Sets other numbers of the groups than the learning rates. */
  setOthers?(course: Course<V>): void;
}

const schedules = new WeakSet<object>();

/** A schedule, which the constructor of schedulers then takes for one: JavaScript sees that constructor, too. */
export function defineSchedule<V>(schedule: Schedule<V>): Schedule<V> {
  schedules.add(schedule);
  return schedule;
}

/**
 * The option that all schedules have.
 *
 * @category Gradients
 */
export interface SchedulerOptions {
  /** The epoch to go on from, with groups that have an `initialLr`. Default -1: from the beginning. */
  readonly lastEpoch?: number | undefined;
}

/**
 * The state of a schedule by PyTorch's names: plain numbers, which JSON can hold.
 *
 * @category Gradients
 */
export type SchedulerStateDict = Record<string, unknown>;

/**
 * What all learning-rate schedules have: PyTorch's `torch.optim.lr_scheduler._LRScheduler`. The learning rates are PyTorch's to the last bit.
 *
 * Call `step()` behind the optimiser's, once for each epoch, or for each batch where the schedule counts batches.
 *
 * @category Gradients
 */
export abstract class LRScheduler {
  readonly #optimizer: Optimizer;
  readonly #schedule: Schedule<unknown>;
  #values: Record<string, unknown>;
  #baseLrs: readonly number[];
  #lastEpoch: number;
  #stepCount = 0;
  #lastLr: readonly number[] = [];

  /** @internal */
  constructor(optimizer: unknown, schedule: Schedule<never>, values: Record<string, unknown>, lastEpoch: unknown) {
    if (typeof schedule !== 'object' || schedule === null || !schedules.has(schedule)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'LRScheduler is not to be constructed; make an optim.lrScheduler.StepLR or another of them',
      );
    }
    const known = optimizerArgument(optimizer);
    const epoch = lastEpoch === undefined ? -1 : integer(lastEpoch, 'lastEpoch');
    const groups = groupsOf(known);
    for (const [i, group] of groups.entries()) {
      if (epoch === -1) group.initialLr ??= group.lr;
      else if (group.initialLr === undefined) {
        throw rangeError(
          'ERR_CONV1D_VALUE',
          `param 'initialLr' is not specified in paramGroups[${i}] when resuming an optimizer`,
        );
      }
    }
    this.#optimizer = known;
    this.#schedule = schedule as Schedule<unknown>;
    this.#values = values;
    this.#baseLrs = groups.map(({ initialLr }) => readNumber(initialLr, 'initialLr'));
    this.#lastEpoch = epoch;
    this.#advance();
  }

  /** Whether a value is a schedule of this library. */
  static isLRScheduler(value: unknown): value is LRScheduler {
    return typeof value === 'object' && value !== null && #schedule in value;
  }

  /** How often `step()` was called. */
  get lastEpoch(): number {
    return LRScheduler.#own(this, 'lastEpoch').#lastEpoch;
  }

  /**
   * Sets the learning rates of the next epoch.
   *
   * @throws RangeError ERR_CONV1D_VALUE  when the schedule has ended
   */
  step(): void {
    LRScheduler.#own(this, 'step').#advance();
  }

  /** The learning rates that were set last, one for each group. */
  getLastLr(): number[] {
    return [...LRScheduler.#own(this, 'getLastLr').#lastLr];
  }

  /**
   * What the schedule needs to go on, by PyTorch's names. The learning rates are in that of the optimiser.
   *
   * @example
   * const scheduler = new optim.lrScheduler.StepLR(new optim.SGD(conv.parameters(), { lr: 0.1 }), 30);
   * JSON.stringify(scheduler.stateDict());
   */
  stateDict(): SchedulerStateDict {
    const self = LRScheduler.#own(this, 'stateDict');
    const own = self.#schedule.fields.flatMap(({ name, torchName }) =>
      self.#values[name] === undefined ? [] : [[torchName, self.#values[name]] as const],
    );
    return {
      ...structuredClone(Object.fromEntries(own)),
      base_lrs: [...self.#baseLrs],
      last_epoch: self.#lastEpoch,
      verbose: false,
      _step_count: self.#stepCount,
      _get_lr_called_within_step: false,
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
    const self = LRScheduler.#own(this, 'loadStateDict');
    const given = plainDict(dict);
    const values = readTorchFields(self.#schedule.fields, given, self.#values);
    const baseLrs = readLrs(given.base_lrs, 'base_lrs', self.#baseLrs.length);
    const lastEpoch = integer(given.last_epoch, 'last_epoch of the state dict');
    const stepCount = integer(given._step_count, '_step_count of the state dict');
    const lastLr = readLrs(given._last_lr, '_last_lr', self.#baseLrs.length);
    self.#values = { ...self.#values, ...values };
    self.#baseLrs = baseLrs;
    self.#lastEpoch = lastEpoch;
    self.#stepCount = stepCount;
    self.#lastLr = lastLr;
  }

  #advance(): void {
    const groups = groupsOf(this.#optimizer);
    const course = {
      values: this.#values,
      groups,
      baseLrs: this.#baseLrs,
      epoch: this.#lastEpoch + 1,
      isFirst: this.#stepCount === 0,
    };
    const rates = this.#schedule.ratesOf(course);
    this.#schedule.setOthers?.(course);
    this.#lastEpoch = course.epoch;
    this.#stepCount++;
    // A group that was added later has no rate here.
    for (const [i, rate] of rates.entries()) groups[i]!.lr = rate;
    this.#lastLr = groups.map(({ lr }) => lr);
  }

  static #own(self: unknown, member: string): LRScheduler {
    if (LRScheduler.isLRScheduler(self)) return self;
    throw typeError(
      'ERR_CONV1D_TYPE',
      `${member} must be called on a schedule: scheduler.${member}, not on ${describe(self)}`,
    );
  }
}

/** The first argument of every schedule. */
export function optimizerArgument(value: unknown): Optimizer {
  if (Optimizer.isOptimizer(value)) return value;
  throw typeError('ERR_CONV1D_TYPE', `${describe(value)} is not an Optimizer`);
}

/** The groups of an optimiser, for schedules: with a learning rate that is a number. */
export function groupsOf(optimizer: Optimizer): GroupNumbers[] {
  const groups = optimizer.paramGroups as unknown as GroupNumbers[];
  for (const { lr } of groups) readNumber(lr, 'lr');
  return groups;
}

/** The options of a schedule, each read once; unknown names are refused. */
export function readScheduleOptions(
  options: unknown,
  fields: readonly Field[],
  what: string,
): { values: Record<string, unknown>; lastEpoch: unknown } {
  if (options === undefined) return { values: {}, lastEpoch: undefined };
  refuseUnknownOptions(options as object, [...fields.map(({ name }) => name), 'lastEpoch'], what);
  const given = options as Readonly<Record<string, unknown>>;
  return { values: readFields(fields, given), lastEpoch: given.lastEpoch };
}

/** A state dict as a plain object. */
export function plainDict(dict: unknown): Readonly<Record<string, unknown>> {
  if (isPlainObject(dict)) return dict;
  throw typeError('ERR_CONV1D_TYPE', `the state dict of a schedule must be a plain object, but got ${describe(dict)}`);
}

/** The fields that a state dict has, of those that a schedule has. */
export function readTorchFields(
  fields: readonly Field[],
  dict: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, torchName, read } of fields) {
    if (now[name] === undefined) continue;
    const value = Object.hasOwn(dict, torchName) ? dict[torchName] : undefined;
    if (value === undefined) {
      throw rangeError('ERR_CONV1D_STATE_DICT', `the state dict has no '${torchName}': it is that of another schedule`);
    }
    values[name] = read(value);
  }
  return values;
}

/** As many numbers of a state dict as there are groups. */
export function readLrs(value: unknown, what: string, count: number): number[] {
  const list = readList(value, `${what} of the state dict`, 'numbers');
  if (list.length !== count) {
    throw rangeError(
      'ERR_CONV1D_STATE_DICT',
      `${what} of the state dict has ${list.length} numbers, and there are ${count} parameter groups`,
    );
  }
  return list.map((each) => readNumber(each, what));
}
