import { rangeError } from '../../check/errors.ts';
import { readList } from '../../check/list.ts';
import { isArray, oneOf } from '../../check/validate.ts';
import { booleanField, type Field, numberField, readNumber } from '../fields.ts';
import type { Optimizer } from '../optimizer.ts';
import { cosine } from '../rounded.ts';
import {
  type Course,
  defineSchedule,
  type GroupNumbers,
  groupsOf,
  LRScheduler,
  optimizerArgument,
  readScheduleOptions,
  type SchedulerOptions,
} from './scheduler.ts';

/**
 * The options of `optim.lrScheduler.OneCycleLR`.
 *
 * @category Gradients
 */
export interface OneCycleLROptions extends SchedulerOptions {
  /** How many steps the cycle has. Either this, or epochs and stepsPerEpoch. */
  readonly totalSteps?: number | undefined;
  readonly epochs?: number | undefined;
  readonly stepsPerEpoch?: number | undefined;
  /** Which part of the cycle the learning rate rises in. Default 0.3. */
  readonly pctStart?: number | undefined;
  /** How it changes: along half a cosine, or a line. Default 'cos'. */
  readonly annealStrategy?: 'cos' | 'linear' | undefined;
  /** Whether the momentum (SGD's, or the first beta) falls meanwhile, and rises again. Default true. */
  readonly cycleMomentum?: boolean | undefined;
  /** The lowest momentum, or one for each group. Default 0.85. */
  readonly baseMomentum?: number | readonly number[] | undefined;
  /** The highest momentum, or one for each group. Default 0.95. */
  readonly maxMomentum?: number | readonly number[] | undefined;
  /** The highest learning rate over the first. Default 25. */
  readonly divFactor?: number | undefined;
  /** The first learning rate over the last. Default 1e4. */
  readonly finalDivFactor?: number | undefined;
  /** Whether it falls to the first learning rate, and from there to the last. Default false. */
  readonly threePhase?: boolean | undefined;
}

/** What a stretch of the cycle begins and ends with: numbers of the groups, by torch's names. */
interface Phase {
  readonly end_step: number;
  readonly start_lr: LrName;
  readonly end_lr: LrName;
  readonly start_momentum: MomentumName;
  readonly end_momentum: MomentumName;
}

const NUMBER_OF = {
  initial_lr: 'initialLr',
  max_lr: 'maxLr',
  min_lr: 'minLr',
  max_momentum: 'maxMomentum',
  base_momentum: 'baseMomentum',
} as const;

type LrName = 'initial_lr' | 'max_lr' | 'min_lr';
type MomentumName = 'max_momentum' | 'base_momentum';

interface Values {
  readonly totalSteps: number;
  readonly phases: readonly Phase[];
  readonly isCosine: boolean;
  readonly cycleMomentum: boolean;
  /** Whether the momentum is the first beta; undefined where it stays as it is. */
  readonly usesBeta?: boolean;
}

const perGroup = (name: string): Field => ({
  name,
  torchName: name,
  read: (value) =>
    isArray(value) ? readList(value, name, 'numbers').map((each) => readNumber(each, name)) : readNumber(value, name),
});

const count = (name: string, torchName: string): Field =>
  numberField(
    name,
    torchName,
    (value) => Number.isSafeInteger(value) && value > 0,
    (value) => `Expected positive integer ${torchName}, but got ${value}`,
  );

const OPTIONS: readonly Field[] = [
  count('totalSteps', 'total_steps'),
  count('epochs', 'epochs'),
  count('stepsPerEpoch', 'steps_per_epoch'),
  numberField(
    'pctStart',
    'pct_start',
    (value) => value >= 0 && value <= 1,
    (value) => `Expected float between 0 and 1 pct_start, but got ${value}`,
  ),
  {
    name: 'annealStrategy',
    torchName: 'anneal_strategy',
    read: (value) => oneOf(value, ['cos', 'linear'], 'annealStrategy'),
  },
  booleanField('cycleMomentum', 'cycle_momentum'),
  perGroup('baseMomentum'),
  perGroup('maxMomentum'),
  numberField('divFactor', 'div_factor'),
  numberField('finalDivFactor', 'final_div_factor'),
  booleanField('threePhase', 'three_phase'),
];

/** What a state dict has. The phases follow from the options, which have to be the same. */
const SAVED: readonly Field[] = [
  count('totalSteps', 'total_steps'),
  { name: 'phases', torchName: '_schedule_phases', read: readPhases },
  booleanField('cycleMomentum', 'cycle_momentum'),
  booleanField('usesBeta', 'use_beta1'),
];

function readPhases(value: unknown): Phase[] {
  return readList(value, '_schedule_phases of the state dict', 'phases').map((each) => {
    const phase = each as Readonly<Record<string, unknown>>;
    const nameOf = <Name extends string>(key: string, names: readonly Name[]) =>
      oneOf(phase?.[key], names, `${key} of a phase of the state dict`);
    const rates = ['initial_lr', 'max_lr', 'min_lr'] as const;
    const momenta = ['max_momentum', 'base_momentum'] as const;
    return {
      end_step: readNumber(phase?.end_step, 'end_step of a phase of the state dict'),
      start_lr: nameOf('start_lr', rates),
      end_lr: nameOf('end_lr', rates),
      start_momentum: nameOf('start_momentum', momenta),
      end_momentum: nameOf('end_momentum', momenta),
    };
  });
}

const schedule = defineSchedule<Values>({
  name: 'OneCycleLR',
  fields: SAVED,
  ratesOf: (course) => {
    const { epoch, values, groups } = course;
    if (epoch > values.totalSteps) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `Tried to step ${epoch + 1} times. The specified number of total steps is ${values.totalSteps}`,
      );
    }
    const { phase, part } = phaseAt(course);
    return groups.map((group) => annealed(values, group, phase.start_lr, phase.end_lr, part));
  },
  setOthers: (course) => {
    const { values, groups } = course;
    if (!values.cycleMomentum) return;
    const { phase, part } = phaseAt(course);
    for (const group of groups) {
      setMomentum(group, values.usesBeta, annealed(values, group, phase.start_momentum, phase.end_momentum, part));
    }
  },
});

/** Where an epoch lies: in which phase, and which part of it has passed. */
function phaseAt({ values: { phases }, epoch }: Course<Values>): { phase: Phase; part: number } {
  let start = 0;
  for (const phase of phases) {
    if (epoch <= phase.end_step || phase === phases.at(-1)) {
      if (phase.end_step === start) {
        throw rangeError(
          'ERR_CONV1D_VALUE',
          'OneCycleLR: a phase without steps; choose another pctStart or totalSteps',
        );
      }
      return { phase, part: (epoch - start) / (phase.end_step - start) };
    }
    start = phase.end_step;
  }
  throw rangeError('ERR_CONV1D_STATE_DICT', 'OneCycleLR: the state dict has no phases');
}

function annealed(
  { isCosine }: Values,
  group: GroupNumbers,
  from: LrName | MomentumName,
  to: LrName | MomentumName,
  part: number,
): number {
  const start = readNumber(group[NUMBER_OF[from]], `${NUMBER_OF[from]} of a parameter group`);
  const end = readNumber(group[NUMBER_OF[to]], `${NUMBER_OF[to]} of a parameter group`);
  return isCosine ? end + ((start - end) / 2) * (cosine(Math.PI * part) + 1) : (end - start) * part + start;
}

function setMomentum(group: GroupNumbers, usesBeta: boolean | undefined, momentum: number): void {
  if (usesBeta) group.betas = Object.freeze([momentum, (group.betas as readonly number[])[1]]);
  else group.momentum = momentum;
}

function stepsOf({ totalSteps, epochs, stepsPerEpoch }: Readonly<Record<string, unknown>>): number {
  if (totalSteps !== undefined) return totalSteps as number;
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw rangeError('ERR_CONV1D_VALUE', 'You must define either totalSteps OR (epochs AND stepsPerEpoch)');
  }
  return (epochs as number) * (stepsPerEpoch as number);
}

function phasesOf(totalSteps: number, pctStart: number, threePhase: boolean): Phase[] {
  const rise: Phase = {
    end_step: pctStart * totalSteps - 1,
    start_lr: 'initial_lr',
    end_lr: 'max_lr',
    start_momentum: 'max_momentum',
    end_momentum: 'base_momentum',
  };
  const fall: Phase = {
    end_step: threePhase ? 2 * pctStart * totalSteps - 2 : totalSteps - 1,
    start_lr: 'max_lr',
    end_lr: threePhase ? 'initial_lr' : 'min_lr',
    start_momentum: 'base_momentum',
    end_momentum: 'max_momentum',
  };
  const rest: Phase = {
    end_step: totalSteps - 1,
    start_lr: 'initial_lr',
    end_lr: 'min_lr',
    start_momentum: 'max_momentum',
    end_momentum: 'max_momentum',
  };
  return threePhase ? [rise, fall, rest] : [rise, fall];
}

/** A number for each group, of one for all or one for each. */
function forGroups(given: unknown, groups: readonly GroupNumbers[], torchName: string): readonly number[] {
  if (!isArray(given)) return groups.map(() => given as number);
  if (given.length === groups.length) return given as readonly number[];
  throw rangeError('ERR_CONV1D_VALUE', `expected ${groups.length} values for ${torchName}, got ${given.length}`);
}

/**
 * One cycle of the learning rates for a whole training: up to `maxLr`, and far down again (L. Smith and N. Topin, "Super-Convergence", 2017):
 * PyTorch's `torch.optim.lr_scheduler.OneCycleLR`. Call `step()` behind each batch.
 *
 * @example
 * const optimizer = new optim.AdamW(conv.parameters());
 * const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, 0.01, { totalSteps: 100 });
 * scheduler.getLastLr()[0]!.toFixed(4);          // '0.0004'
 * for (let batch = 0; batch < 29; batch++) {
 *   optimizer.step();
 *   scheduler.step();
 * }
 * scheduler.getLastLr();                         // [0.01]
 * @category Gradients
 */
export class OneCycleLR extends LRScheduler {
  /**
   * @param optimizer  whose learning rates and momentum are set
   * @param maxLr      the highest learning rate, or one for each group
   * @param options    totalSteps, or epochs and stepsPerEpoch, are needed; pctStart 0.3, annealStrategy 'cos', cycleMomentum true,
   *                   baseMomentum 0.85, maxMomentum 0.95, divFactor 25, finalDivFactor 1e4, threePhase false, lastEpoch -1 by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when the steps are not given or a number is out of range, or the optimiser has no momentum to cycle
   */
  constructor(optimizer: Optimizer, maxLr: number | readonly number[], options: OneCycleLROptions) {
    const known = optimizerArgument(optimizer);
    const { values: given, lastEpoch } = readScheduleOptions(options, OPTIONS, 'OneCycleLR');
    const { pctStart = 0.3, annealStrategy = 'cos', cycleMomentum = true, threePhase = false } = given;
    const { baseMomentum = 0.85, maxMomentum = 0.95, divFactor = 25, finalDivFactor = 1e4 } = given;
    const totalSteps = stepsOf(given);
    const groups = groupsOf(known);
    const maxLrs = forGroups(perGroup('maxLr').read(maxLr), groups, 'max_lr');
    const usesBeta = Object.hasOwn(known.defaults, 'betas');
    if (cycleMomentum === true && !usesBeta && !Object.hasOwn(known.defaults, 'momentum')) {
      throw rangeError('ERR_CONV1D_VALUE', 'optimizer must support momentum with `cycleMomentum` option enabled');
    }
    const highest = forGroups(maxMomentum, groups, 'max_momentum');
    const lowest = forGroups(baseMomentum, groups, 'base_momentum');
    if (lastEpoch === undefined || lastEpoch === -1) {
      for (const [i, group] of groups.entries()) {
        const initialLr = maxLrs[i]! / (divFactor as number);
        Object.assign(group, { initialLr, maxLr: maxLrs[i], minLr: initialLr / (finalDivFactor as number) });
        if (cycleMomentum !== true) continue;
        setMomentum(group, usesBeta, highest[i]!);
        Object.assign(group, { maxMomentum: highest[i], baseMomentum: lowest[i] });
      }
    }
    const phases = phasesOf(totalSteps, pctStart as number, threePhase as boolean);
    const cycle = { cycleMomentum, ...(cycleMomentum === true ? { usesBeta } : {}) };
    const values = { totalSteps, phases, ...cycle, isCosine: annealStrategy === 'cos' };
    super(known, schedule, values, lastEpoch);
  }
}
