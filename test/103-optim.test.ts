import { describe, expect, test } from 'vitest';
import { functional, isGradEnabled, manualSeed, nn, noGrad, optim, rand, type Tensor, tensor } from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import { type DtypeName, decode, elementsOf, largestDistance, type Packed, readGoldenObject } from './golden/calls.ts';
import { codeOf, detach } from './helpers/refusals.ts';

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

/** A parameter with a gradient. */
function parameterOf(values: readonly number[], gradient: readonly number[] | null): Tensor {
  const parameter = tensor(values, { requiresGrad: true });
  if (gradient !== null) parameter.grad = tensor(gradient);
  return parameter;
}

describe('an optimiser', () => {
  test('learns the parameters of a module', () => {
    manualSeed(1);
    const net = new nn.Linear(3, 1);
    const [x, y] = [rand(16, 3), rand(16, 1)];
    const optimizer = new optim.AdamW(net.parameters(), { lr: 0.05 });
    const loss = () => {
      optimizer.zeroGrad();
      const value = functional.mseLoss(net.forward(x), y);
      value.backward();
      return value.item();
    };
    const first = optimizer.step(loss);
    let last = first;
    for (let step = 0; step < 50; step++) last = optimizer.step(loss);
    expect(last).toBeLessThan(first / 2);
  });

  test('records in a closure, whatever is around it, and gives what it returns', () => {
    const optimizer = new optim.SGD([parameterOf([1], [1])], { lr: 1 });
    expect(noGrad(() => optimizer.step(() => isGradEnabled()))).toBe(true);
    expect(optimizer.step()).toBe(undefined);
    expect(codeOf(() => optimizer.step(async () => 1))).toBe('ERR_CONV1D_TYPE');
  });

  test('changes nothing where memory is gone', () => {
    const [one, other] = [parameterOf([1, 2], [1, 1]), parameterOf([3], [1])];
    const optimizer = new optim.Adam([one, other]);
    detach(other.grad!.data);
    expect(codeOf(() => optimizer.step())).toBe('ERR_CONV1D_DETACHED');
    expect(one.toArray()).toEqual([1, 2]);
    expect(optimizer.stateDict().state).toEqual({});
  });

  test('changes nothing where a number of a group is wrong, and says so', () => {
    const [one, other] = [parameterOf([1], [1]), parameterOf([2], [1])];
    const optimizer = new optim.SGD([{ params: one }, { params: [other] }], { lr: 1 });
    optimizer.paramGroups[1]!.lr = -1;
    expect(() => optimizer.step()).toThrow('Invalid learning rate: -1');
    optimizer.paramGroups[1]!.lr = 'x' as never;
    expect(codeOf(() => optimizer.step())).toBe('ERR_CONV1D_TYPE');
    optimizer.paramGroups[1]!.lr = 1;
    optimizer.paramGroups[1]!.nesterov = true;
    expect(() => optimizer.step()).toThrow('Nesterov momentum requires a momentum and zero dampening');
    expect(one.toArray()).toEqual([1]);
  });

  test('has a gradient that was computed before refuse what a step has written over', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const loss = w.mul(w).sum();
    w.grad = tensor([1, 1]);
    new optim.SGD([w], { lr: 0.1 }).step();
    expect(codeOf(() => loss.backward())).toBe('ERR_CONV1D_GRAD');
  });

  test('writes into views with gaps, and refuses what lies at one place', () => {
    const whole = tensor([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    const view = whole.transpose(0, 1).detach();
    view.requiresGrad = true;
    view.grad = tensor([[1, 2], [3, 4]]); // biome-ignore format: a matrix
    new optim.SGD([view], { lr: 1 }).step();
    expect(whole.toArray()).toEqual([[0, -1], [1, 0]]); // biome-ignore format: a matrix
    const same = tensor([1]).expand(3).detach();
    same.requiresGrad = true;
    expect(() => new optim.SGD([same], { lr: 1 })).toThrow('refers to a single memory location');
  });

  test('takes a gradient that is the parameter itself', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    w.grad = w.detach();
    new optim.SGD([w], { lr: 0.5 }).step();
    expect(w.toArray()).toEqual([0.5, 1]);
  });

  test('takes a gradient that is a part of its state', () => {
    const w = parameterOf([1, 2], [1, 1]);
    const optimizer = new optim.SGD([w], { lr: 1, momentum: 0.5 });
    optimizer.step();
    w.grad = optimizer.stateDict().state[0]!.momentum_buffer as Tensor;
    optimizer.step();
    expect(w.toArray()).toEqual([-1.5, -0.5]);
    expect(w.grad!.toArray()).toEqual([1.5, 1.5]);
  });

  test('changes nothing where the memory of a state is gone', () => {
    const both = [parameterOf([1], [1]), parameterOf([1], [1])];
    const optimizer = new optim.SGD(both, { lr: 1, momentum: 0.5 });
    optimizer.step();
    const { buffer } = (optimizer.stateDict().state[1]!.momentum_buffer as Tensor).data;
    structuredClone(null, { transfer: [buffer as ArrayBuffer] });
    expect(codeOf(() => optimizer.step())).toBe('ERR_CONV1D_DETACHED');
    expect(both.map((w) => w.toArray())).toEqual([[0], [0]]);
  });

  test('refuses a closure that returns a promise, by its name', () => {
    const optimizer = new optim.SGD([parameterOf([1], [1])], { lr: 1 });
    expect(() => optimizer.step(async () => 1)).toThrow('step(): the function returns a Promise');
  });

  test('makes gradients null, or zeros in their own memory', () => {
    const w = parameterOf([1, 2], [3, 4]);
    const optimizer = new optim.SGD([w], { lr: 1 });
    const { grad } = w;
    optimizer.zeroGrad({ setToNull: false });
    expect(w.grad).toBe(grad);
    expect(grad!.toArray()).toEqual([0, 0]);
    optimizer.zeroGrad();
    expect(w.grad).toBe(null);
    expect(() => optimizer.zeroGrad({ setToNone: true } as never)).toThrow("did you mean 'setToNull'?");
  });

  test('learns groups that are added later', () => {
    const [one, other] = [parameterOf([1], [1]), parameterOf([1], [1])];
    const optimizer = new optim.SGD([one], { lr: 1 });
    optimizer.addParamGroup({ params: [other], lr: 0.5 });
    optimizer.step();
    expect([one.item(), other.item()]).toEqual([0, 0.5]);
    expect(optimizer.paramGroups.map(({ params }) => params.length)).toEqual([1, 1]);
    expect(codeOf(() => optimizer.addParamGroup({ params: [other] }))).toBe('ERR_CONV1D_VALUE');
  });

  const w = () => [parameterOf([1], [1])];
  test.each<[sentence: string, call: () => unknown]>([
    ["parameter group didn't specify a value of required optimization parameter lr", () => new optim.SGD(w())],
    ['optimizer got an empty parameter list', () => new optim.SGD([], { lr: 1 })],
    ['params argument given to the optimizer should be an iterable', () => new optim.SGD(w()[0] as never, { lr: 1 })],
    ['optimizer can only optimize Tensors, but one of the params is 1', () => new optim.SGD([1] as never, { lr: 1 })],
    ["can't optimize a non-leaf Tensor", () => new optim.SGD([w()[0]!.mul(2)], { lr: 1 })],
    ['of floating point dtype', () => new optim.SGD([tensor([1], { dtype: 'int64' })] as never, { lr: 1 })],
    ['Invalid learning rate: -1', () => new optim.SGD(w(), { lr: -1 })],
    ['Invalid momentum value: -1', () => new optim.SGD(w(), { lr: 1, momentum: -1 })],
    ['Invalid weight_decay value: -1', () => new optim.AdamW(w(), { weightDecay: -1 })],
    ['Invalid epsilon value: -1', () => new optim.Adam(w(), { eps: -1 })],
    ['Invalid beta parameter at index 0: 1', () => new optim.Adam(w(), { betas: [1, 0.9] })],
    ['Invalid beta parameter at index 1: -0.1', () => new optim.Adam(w(), { betas: [0.9, -0.1] })],
    ['Nesterov momentum requires a momentum', () => new optim.SGD(w(), { lr: 1, nesterov: true })],
    [
      'some parameters appear in more than one',
      () => {
        const p = w();
        return new optim.SGD([{ params: p }, { params: p }], { lr: 1 });
      },
    ],
    [
      "unknown option 'weightdecay' of SGD; did you mean 'weightDecay'?",
      () => new optim.SGD(w(), { lr: 1, weightdecay: 0 } as never),
    ],
    ['unknown option', () => new optim.SGD([{ params: w(), learningRate: 1 }] as never, { lr: 1 })],
    ['3 is not an Optimizer', () => new optim.lrScheduler.StepLR(3 as never, 1)],
    ['You must define either totalSteps OR', () => new optim.lrScheduler.OneCycleLR(new optim.Adam(w()), 1, {})],
    [
      'Expected positive integer total_steps, but got -3',
      () => new optim.lrScheduler.OneCycleLR(new optim.Adam(w()), 1, { totalSteps: -3 }),
    ],
    [
      'expected 1 values for max_lr, got 2',
      () => new optim.lrScheduler.OneCycleLR(new optim.Adam(w()), [1, 2], { totalSteps: 3 }),
    ],
    [
      'a phase without steps',
      () => new optim.lrScheduler.OneCycleLR(new optim.Adam(w()), 1, { totalSteps: 10, pctStart: 0.1 }),
    ],
    ['Expected 1 lr_lambdas, but got 0', () => new optim.lrScheduler.LambdaLR(new optim.Adam(w()), [])],
    ['Factor should be < 1.0.', () => new optim.lrScheduler.ReduceLROnPlateau(new optim.Adam(w()), { factor: 1 })],
    [
      'expected 1 min_lrs, got 2',
      () => new optim.lrScheduler.ReduceLROnPlateau(new optim.Adam(w()), { minLr: [1, 2] }),
    ],
    [
      "param 'initialLr' is not specified in paramGroups[0]",
      () => new optim.lrScheduler.StepLR(new optim.Adam(w()), 3, { lastEpoch: 3 }),
    ],
    [
      'loaded state dict has a different number of parameter groups',
      () => new optim.Adam(w()).loadStateDict({ state: {}, param_groups: [] }),
    ],
    [
      "a parameter group that doesn't match the size",
      () => new optim.Adam(w()).loadStateDict({ state: {}, param_groups: [{ params: [1, 2] }] }),
    ],
    ["has no 'betas'", () => new optim.Adam(w()).loadStateDict(new optim.SGD(w(), { lr: 1 }).stateDict())],
  ])('says: %s', (sentence, call) => {
    expect(call).toThrow(sentence);
    expect(codeOf(call)).toMatch(/^ERR_CONV1D_/);
  });

  test('says how often a cycle may step', () => {
    const scheduler = new optim.lrScheduler.OneCycleLR(new optim.Adam(w()), 1, { totalSteps: 2, pctStart: 0.9 });
    scheduler.step();
    scheduler.step();
    expect(() => scheduler.step()).toThrow('Tried to step 4 times. The specified number of total steps is 2');
    expect(scheduler.lastEpoch).toBe(2);
  });

  test('changes nothing by a state dict that does not fit', () => {
    const made = new optim.Adam([parameterOf([1, 2], [1, 1]), parameterOf([3], [1])]);
    made.step();
    const before = comparable(made.stateDict());
    const dict = made.stateDict();
    dict.state[1]!.exp_avg_sq = tensor([1, 2]);
    dict.param_groups[0]!.lr = 5;
    expect(codeOf(() => made.loadStateDict(dict))).toBe('ERR_CONV1D_STATE_DICT');
    expect(comparable(made.stateDict())).toEqual(before);
  });

  test('keeps a state of its own when it has loaded one', () => {
    const made = new optim.Adam([parameterOf([1, 2], [1, 1])]);
    made.step();
    const dict = made.stateDict();
    const other = new optim.Adam([parameterOf([1, 2], [1, 1])]);
    other.loadStateDict(dict);
    dict.state[0]!.exp_avg = null;
    (made.stateDict().state[0]!.exp_avg_sq as Tensor).data.fill(7);
    expect((other.stateDict().state[0]!.exp_avg_sq as Tensor).toArray()).not.toEqual([7, 7]);
  });

  test('takes the counter of an older torch, a number', () => {
    const made = new optim.Adam([parameterOf([1], [1])]);
    made.step();
    const dict = made.stateDict();
    dict.state[0]!.step = 7;
    made.loadStateDict(dict);
    expect((made.stateDict().state[0]!.step as Tensor).item()).toBe(7);
  });
});

describe('gradients are clipped', () => {
  test('to nothing where one is not finite, unless that is an error', () => {
    const w = parameterOf([1, 2], [Number.POSITIVE_INFINITY, 1]);
    expect(() => optim.clipGradNorm(w, 1, { errorIfNonfinite: true })).toThrow(
      'is non-finite, so it cannot be clipped',
    );
    expect(w.grad!.toArray()).toEqual([Number.POSITIVE_INFINITY, 1]);
    expect(optim.clipGradNorm(w, 1).item()).toBe(Number.POSITIVE_INFINITY);
    expect(w.grad!.toArray()).toEqual([Number.NaN, 0]);
  });

  test('of none, the norm is 0', () => {
    expect(optim.clipGradNorm([parameterOf([1], null)], 1).item()).toBe(0);
  });

  test('where several elements lie at one place, in memory of their own', () => {
    const w = parameterOf([1, 2], null);
    const one = tensor([4]);
    w.grad = one.expand(2);
    optim.clipGradValue([w], 3);
    expect(w.grad!.toArray()).toEqual([3, 3]);
    expect(one.toArray()).toEqual([4]);
  });
});

describe('the native steps refuse', () => {
  const four = () => new Float32Array(4);
  const numbers = [0.1, 0, 0, 0, false, false] as const;
  const adamNumbers = [0.1, 1, 0, 0.9, 0.999, 1, 1e-8, false] as const;
  const shared = four();
  test.each<[name: string, code: string, call: () => void]>([
    ['another length', 'ERR_CONV1D_SHAPE', () => addon.sgdStep(four(), new Float32Array(3), null, true, ...numbers)],
    ['another kind', 'ERR_CONV1D_TYPE', () => addon.sgdStep(four(), new Float64Array(4), null, true, ...numbers)],
    ['integers', 'ERR_CONV1D_TYPE', () => addon.sgdStep(new Int32Array(4) as never, four(), null, true, ...numbers)],
    ['shared memory', 'ERR_CONV1D_OVERLAP', () => addon.sgdStep(shared, shared, null, true, ...numbers)],
    ['a shared buffer', 'ERR_CONV1D_OVERLAP', () => addon.sgdStep(four(), shared, shared, true, ...numbers)],
    ['no flag', 'ERR_CONV1D_TYPE', () => addon.sgdStep(four(), four(), null, 1 as never, ...numbers)],
    [
      'no number',
      'ERR_CONV1D_TYPE',
      () => addon.sgdStep(four(), four(), null, true, '1' as never, 0, 0, 0, false, false),
    ],
    [
      'a state of another length',
      'ERR_CONV1D_SHAPE',
      () => addon.adamStep(four(), four(), four(), new Float32Array(5), null, ...adamNumbers),
    ],
    [
      'a shared state',
      'ERR_CONV1D_OVERLAP',
      () => addon.adamStep(four(), four(), shared, four(), shared, ...adamNumbers),
    ],
    ['no state', 'ERR_CONV1D_TYPE', () => addon.adamStep(four(), four(), null as never, four(), null, ...adamNumbers)],
  ])('%s', (_, code, call) => {
    expect(codeOf(call)).toBe(code);
  });
});
