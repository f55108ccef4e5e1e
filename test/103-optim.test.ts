import { describe, expect, test } from 'vitest';
import { manualSeed, optim, rand, type Tensor, tensor } from '../lib/index.ts';
import { type DtypeName, decode, elementsOf, largestDistance, type Packed, readGoldenObject } from './golden/calls.ts';

type Named = Readonly<Record<string, unknown>>;
type Plain = { readonly [name: string]: unknown };

/** From generate_optim.py. */
interface StepsCase {
  readonly optimizer: 'SGD' | 'Adam' | 'AdamW';
  readonly seed: number;
  readonly dtype: 'float32' | 'float64';
  readonly shapes: readonly (readonly number[])[];
  readonly options: Plain;
  readonly groups: readonly { readonly params: readonly number[]; readonly options: Plain }[] | null;
  readonly skipped: readonly (readonly [step: number, parameter: number])[];
  readonly assigned: readonly { readonly step: number; readonly group: number; readonly values: Plain }[];
  readonly results: Readonly<Record<string, readonly Packed[]>>;
  readonly middle: Plain;
  readonly text: string;
}

interface ScheduleCase {
  readonly schedule: string;
  readonly arguments: readonly unknown[];
  readonly options: Plain;
  readonly optimizer: 'SGD' | 'Adam' | 'AdamW';
  readonly lrs: readonly number[];
  readonly initial: readonly number[] | null;
  readonly metrics: readonly number[] | null;
  /** The learning rate and the momentum of each group, for each epoch. */
  readonly rows: readonly (readonly (readonly [lr: number, momentum: number])[])[];
  readonly middle: { readonly scheduler: Plain; readonly optimizer: Plain };
}

interface ClipCase {
  readonly seed: number;
  readonly dtype: 'float32' | 'float64';
  readonly call: 'clipGradNorm' | 'clipGradValue';
  readonly arguments: readonly unknown[];
  readonly shapes: readonly (readonly number[])[];
  readonly scale: number;
  readonly total: Packed | null;
  readonly results: readonly Packed[];
}

const golden = readGoldenObject<{
  readonly steps: readonly StepsCase[];
  readonly schedules: readonly ScheduleCase[];
  readonly clipped: readonly ClipCase[];
}>('optim.json.gz');

const STEPS = 20;
const MIDDLE = 10;

function drawn(seed: number, shape: readonly number[], dtype: DtypeName, scale = 4): Tensor {
  manualSeed(seed);
  return rand(shape, { dtype: dtype as 'float32' })
    .sub(0.5)
    .mul(scale);
}

function parametersOf({ seed, shapes, dtype }: StepsCase | ClipCase): Tensor[] {
  return shapes.map((shape, i) => {
    const parameter = drawn(seed * 100 + i, shape, dtype);
    parameter.requiresGrad = true;
    return parameter;
  });
}

function optimizerOf({ optimizer, options, groups }: StepsCase, parameters: readonly Tensor[]): optim.Optimizer {
  const given =
    groups?.map((group) => ({ params: group.params.map((i) => parameters[i]!), ...group.options })) ?? parameters;
  return new optim[optimizer](given as Tensor[], options);
}

/** Steps `from` to `to` of a case. */
function run(record: StepsCase, made: optim.Optimizer, parameters: readonly Tensor[], from: number, to: number): void {
  for (let t = from; t <= to; t++) {
    for (const [i, parameter] of parameters.entries()) {
      const isSkipped = record.skipped.some(([step, which]) => step === t && which === i);
      parameter.grad = isSkipped ? null : drawn(1000 * record.seed + 10 * t + i, record.shapes[i]!, record.dtype);
    }
    for (const { step, group, values } of record.assigned) {
      if (step === t) Object.assign(made.paramGroups[group]!, values);
    }
    made.step();
  }
}

/** Whether all sampled elements are PyTorch's to the last bit; of zeros there is one here. */
function expectSame(got: Tensor, expected: Packed): void {
  expect(got.shape).toEqual(expected.shape);
  expect(got.dtype).toBe(expected.dtype);
  expect(largestDistance(got, expected, 0)).toBe(0);
}

/** A state dict of PyTorch, with tensors of this package. */
function stateFrom(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stateFrom);
  if (typeof value !== 'object' || value === null) return value;
  if ('number' in value) return decode(value, []);
  if ('data' in value) {
    const packed = value as Packed;
    return tensor(Array.from(elementsOf(packed) as ArrayLike<number>), packed.shape, { dtype: packed.dtype });
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, stateFrom(each)]));
}

/** The same of ours, for comparisons: tensors as their elements. */
function comparable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe.each(golden.steps)('$optimizer $options of $dtype, case $seed', (record) => {
  test('makes the same parameters as PyTorch, to the last bit', () => {
    const parameters = parametersOf(record);
    const made = optimizerOf(record, parameters);
    let done = 0;
    for (const [step, expected] of Object.entries(record.results)) {
      run(record, made, parameters, done + 1, Number(step));
      done = Number(step);
      for (const [i, each] of expected.entries()) expectSame(parameters[i]!, each);
    }
    expect(done).toBe(STEPS);
  });

  test('has the state dict of PyTorch, and goes on from it', () => {
    const before = parametersOf(record);
    const made = optimizerOf(record, before);
    run(record, made, before, 1, MIDDLE);
    const torchs = stateFrom(record.middle) as optim.OptimizerStateDict;
    expect(comparable(made.stateDict())).toEqual(comparable(torchs));
    const later = before.map((parameter) => {
      const copy = parameter.clone().detach();
      copy.requiresGrad = true;
      return copy;
    });
    const other = optimizerOf(record, later);
    other.loadStateDict(torchs);
    run(record, other, later, MIDDLE + 1, STEPS);
    for (const [i, expected] of record.results[STEPS]!.entries()) expectSame(later[i]!, expected);
  });

  test('prints as PyTorch prints it', () => {
    const parameters = parametersOf(record);
    const made = optimizerOf(record, parameters);
    for (const { group, values } of record.assigned) Object.assign(made.paramGroups[group]!, values);
    expect(String(made)).toBe(record.text);
  });
});

const LAMBDAS: Readonly<Record<string, (epoch: number) => number>> = {
  inverse: (epoch) => 1 / (epoch + 1),
  half: (epoch) => 0.5 ** Math.floor(epoch / 10),
  line: (epoch) => 1 - epoch / 200,
};

type Scheduler = optim.lrScheduler.StepLR | optim.lrScheduler.ReduceLROnPlateau;

function scheduleOf(record: ScheduleCase): { optimizer: optim.Optimizer; scheduler: Scheduler } {
  const groups = record.lrs.map((lr, i) => ({
    params: [tensor([0], { requiresGrad: true })],
    lr,
    ...(record.initial === null ? {} : { initialLr: record.initial[i]! }),
  }));
  const optimizer = new optim[record.optimizer](groups, record.optimizer === 'SGD' ? { lr: 1, momentum: 0.9 } : {});
  const Kind = (optim.lrScheduler as Named)[record.schedule] as new (...args: readonly unknown[]) => Scheduler;
  const given = record.arguments.map((each) => (typeof each === 'string' ? LAMBDAS[each] : each));
  return { optimizer, scheduler: new Kind(optimizer, ...given, record.options) };
}

/**
 * That the numbers of an epoch are PyTorch's to the last bit; with a cosine to 2^-50, since that of the C library is not the nearest number
 * in one case of 500.
 */
function expectRow(optimizer: optim.Optimizer, { schedule, options, rows }: ScheduleCase, epoch: number): void {
  const hasCosine = schedule === 'CosineAnnealingLR' || (schedule === 'OneCycleLR' && !('annealStrategy' in options));
  const got = optimizer.paramGroups.flatMap((group) => {
    const { lr, betas, momentum } = group as unknown as { lr: number; betas?: readonly number[]; momentum: number };
    return [lr, betas?.[0] ?? momentum];
  });
  const expected = rows[epoch]!.flat();
  if (!hasCosine) expect(got).toEqual(expected);
  for (const [i, each] of expected.entries()) {
    expect(Math.abs(got[i]! - each), `epoch ${epoch}: ${got[i]} and ${each}`).toBeLessThanOrEqual(
      2 ** -50 * Math.abs(each),
    );
  }
}

describe.each(golden.schedules)('$schedule $arguments $options', (record) => {
  const middle = Math.floor((record.rows.length - 1) / 2);
  const advance = (scheduler: Scheduler, epoch: number) =>
    (scheduler as { step(metric?: number): void }).step(record.metrics?.[epoch]);

  test('sets the learning rates of PyTorch', () => {
    const { optimizer, scheduler } = scheduleOf(record);
    expectRow(optimizer, record, 0);
    for (let epoch = 1; epoch < record.rows.length; epoch++) {
      advance(scheduler, epoch - 1);
      expectRow(optimizer, record, epoch);
    }
    expect(scheduler.getLastLr()).toEqual(
      optimizer.paramGroups.map((group) => (group as unknown as { lr: number }).lr),
    );
  });

  test('has the state dict of PyTorch, and goes on from it', () => {
    const { optimizer, scheduler } = scheduleOf(record);
    for (let epoch = 0; epoch < middle; epoch++) advance(scheduler, epoch);
    const torchs = stateFrom(record.middle) as ScheduleCase['middle'];
    expect(scheduler.stateDict()).toEqual(torchs.scheduler);
    expect(comparable(optimizer.stateDict())).toEqual(comparable(torchs.optimizer));
    const other = scheduleOf(record);
    other.optimizer.loadStateDict(torchs.optimizer as unknown as optim.OptimizerStateDict);
    other.scheduler.loadStateDict(torchs.scheduler);
    expectRow(other.optimizer, record, middle);
    for (let epoch = middle; epoch < record.rows.length - 1; epoch++) {
      advance(other.scheduler, epoch);
      expectRow(other.optimizer, record, epoch + 1);
    }
  });
});

// A norm is a root of a sum: PyTorch sums in another order.
describe.each(golden.clipped)('$call $arguments of $dtype, case $seed', (record) => {
  test('clips as PyTorch', () => {
    const parameters = parametersOf(record);
    for (const [i, parameter] of parameters.slice(0, -1).entries()) {
      parameter.grad = drawn(record.seed * 100 + 50 + i, record.shapes[i]!, record.dtype, record.scale);
    }
    const grads = parameters.map(({ grad }) => grad);
    const [limit, options] = record.arguments.map((each) => decode(each, [])) as [number, object?];
    const call = optim[record.call] as (...args: readonly unknown[]) => Tensor | undefined;
    const total = options === undefined ? call(parameters, limit) : call(parameters, limit, options);
    const most = record.call === 'clipGradValue' ? 0 : 4;
    if (record.total !== null) expect(largestDistance(total!, record.total, 0)).toBeLessThanOrEqual(most);
    for (const [i, expected] of record.results.entries()) {
      expect(parameters[i]!.grad).toBe(grads[i]);
      expect(largestDistance(parameters[i]!.grad!, expected, 0)).toBeLessThanOrEqual(most);
    }
    expect(parameters.at(-1)!.grad).toBe(null);
  });
});
