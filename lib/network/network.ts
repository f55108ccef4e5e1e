import { rangeError, typeError } from '../check/errors.ts';
import { isPlainObject } from '../check/unknownOption.ts';
import { describe, isArray } from '../check/validate.ts';
import { runJob, type StartJob } from '../native/background.ts';
import { InFlight } from '../native/inFlight.ts';
import { allocateResult, giveBackLater, resultArrays } from '../native/resultMemory.ts';
import { getNumThreads } from '../native/runtime.ts';
import type { Module } from '../nn/module.ts';
import type { StateDict } from '../nn/stateDict.ts';
import type { Dtype, FloatArray, FloatDtype } from '../tensor/dtype.ts';
import type { Meta } from '../tensor/operation.ts';
import { formatShape, numelOf } from '../tensor/shape.ts';
import { readSizes } from '../tensor/sizes.ts';
import { Tensor, tensorOfAll, viewOf } from '../tensor/tensor.ts';
import { floatsOfView } from '../tensor/view.ts';
import { type Built, build } from './build.ts';
import { type CompileSettings, type NetworkAsyncOptions, readSignal } from './options.ts';
import { type Ready, Schedules } from './plan/schedules.ts';
import { makeProfile, type Profile, peakPerMs, shortestRuns } from './report/profile.ts';
import { makeSummary, type Summary, stepsOf } from './report/summary.ts';
import { requireRange, requireSameSizes } from './sizes.ts';
import { variablesAt } from './trace/traceGraph.ts';
import { type Form, formatForm, isSameForm, leafNames, putTogether, takeApart } from './trace/tree.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** What Network's constructor takes before anything else: nobody else has it. */
const MADE = Symbol('made');

/** Tensors by their names. */
export type NamedTensors = Readonly<Record<string, Tensor<Dtype>>>;

/**
 * A whole network as one native program, made by {@link compile}.
 *
 * @typeParam Inputs  the arguments of the module's forward
 * @typeParam Result  what it returns
 * @example
 * const network = compile(new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval(), { input: rand(1, 2, 100) });
 * network.forward(rand(4, 2, 77)).shape;   // [4, 3, 73]
 * @category Networks
 */
export class Network<Inputs extends readonly unknown[] = readonly Tensor[], Result = Tensor> {
  readonly #module: Module;
  readonly #settings: CompileSettings;
  readonly #forms: readonly Form[];
  readonly #metas: readonly Meta[];
  readonly #inFlight = new InFlight();
  #built: Built;
  #schedules: Schedules | null;

  /** @internal Use {@link compile}. */
  constructor(
    made: typeof MADE,
    module: Module,
    settings: CompileSettings,
    forms: readonly Form[],
    metas: readonly Meta[],
  ) {
    if (made !== MADE) {
      throw typeError('ERR_CONV1D_TYPE', 'Network is not to be constructed; make one with compile(module, { input })');
    }
    this.#module = module;
    this.#settings = settings;
    this.#forms = forms;
    this.#metas = metas;
    this.#built = build(module, forms, metas, settings);
    this.#schedules = new Schedules(this.#built.plan, this.#built.axes, settings.maxWorkingBytes);
    const { outputNames } = settings;
    const outputs = this.#built.plan.graph.outputs.length;
    if (outputNames !== null && outputNames.length !== outputs) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `compile(): outputs has ${outputNames.length === 1 ? '1 name' : `${outputNames.length} names`}, but the forward returns ${outputs === 1 ? '1 tensor' : `${outputs} tensors`}`,
      );
    }
  }

  /** Whether a value is a network of this library; an object that only inherits from its prototype is not. */
  static isNetwork(value: unknown): value is Network<never, unknown> {
    return typeof value === 'object' && value !== null && #module in value;
  }

  /**
   * Computes what the module's forward computes.
   *
   * @param inputs  its arguments; or one object with tensors by the names that `compile` was given
   * @returns       what it returns; of inputs by name, the output, or where there are several, an object with each under its name
   * @throws TypeError ERR_CONV1D_TYPE      when an input is of the wrong kind, or the network was disposed of
   * @throws TypeError ERR_CONV1D_DTYPE     when it is of another dtype
   * @throws RangeError ERR_CONV1D_SHAPE    when its shape does not fit: with the sentence of the module's own layer
   * @throws RangeError ERR_CONV1D_MEMORY   when the result or what is between cannot be allocated
   * @throws TypeError ERR_CONV1D_DETACHED  when the memory of an input was transferred to another thread
   */
  forward(named: NamedTensors): Result;
  forward(...inputs: Inputs): Result;
  forward(...inputs: readonly unknown[]): Result {
    const { ready, arrays, isNamed } = requireNetwork(this, 'forward').#checked(inputs);
    const { dtype } = this.#built.plan;
    const memories = ready.outputs.map(({ shape }) => allocateResult(dtype, numelOf(shape)));
    ready.schedule.run(arrays, memories);
    return this.#result(memories, ready, isNamed);
  }

  /**
   * The same on a background thread: the event loop stays free. The same bits, too. The inputs are copied before the call returns.
   *
   * @param inputs  as of `forward`, and behind them, if any, the options
   * @returns       rejects with the errors of `forward`, or with an AbortError
   * @example
   * const y = await network.forwardAsync(x, { signal: AbortSignal.timeout(1000) });
   */
  forwardAsync(named: NamedTensors, options?: NetworkAsyncOptions): Promise<Result>;
  forwardAsync(...inputs: readonly [...Inputs, options?: NetworkAsyncOptions]): Promise<Result>;
  async forwardAsync(...inputs: readonly unknown[]): Promise<Result> {
    requireNetwork(this, 'forwardAsync');
    const { given, options } = this.#splitOptions(inputs);
    const signal = readSignal(options);
    return this.#inFlight.track(this.#run(given, signal));
  }

  async #run(inputs: readonly unknown[], signal: AbortSignal | undefined): Promise<Result> {
    const { ready, arrays, isNamed } = this.#checked(inputs);
    const start: StartJob = (done) => ready.schedule.runAsync(arrays, done);
    const memories = resultArrays(this.#built.plan.dtype, await runJob(start, signal));
    giveBackLater([...arrays, ...memories].reduce((sum, { byteLength }) => sum + byteLength, 0));
    return this.#result(memories, ready, isNamed);
  }

  /** How many calls on background threads are under way. */
  get pending(): number {
    return requireNetwork(this, 'pending').#inFlight.count;
  }

  /** Resolves when no call on background threads is under way and every `then` on their promises has run. */
  async idle(): Promise<void> {
    await requireNetwork(this, 'idle').#inFlight.idle();
  }

  /**
   * Takes new weights, by the names of the module's state dict: calls that are under way go on with the old ones. The module keeps its own.
   *
   * @throws  the errors of `loadStateDict`; the network is then as before
   */
  update(stateDict: StateDict): void {
    requireNetwork(this, 'update').#live();
    const module = this.#module;
    const before = copyOfState(module.stateDict());
    try {
      module.loadStateDict(stateDict);
      this.#built = build(module, this.#forms, this.#metas, this.#settings);
      this.#schedules = new Schedules(this.#built.plan, this.#built.axes, this.#settings.maxWorkingBytes);
    } finally {
      module.loadStateDict(before);
    }
  }

  /**
   * What the network computes in which steps, what was fused into each, and what it takes up.
   *
   * @param shapes  of the inputs; those at `compile` by default
   * @throws RangeError ERR_CONV1D_SHAPE  when the network does not take them
   * @example
   * console.log(network.summary([1, 2, 16000]));
   */
  summary(...shapes: readonly (readonly number[])[]): Summary {
    const { schedule, planned, units } = requireNetwork(this, 'summary').#readyFor(shapes);
    return makeSummary(stepsOf(planned), units, schedule.workingBytes());
  }

  /**
   * Runs the network some times and says what each step takes, as a table with bars.
   *
   * @param inputs  as of `forward`
   * @throws        the errors of `forward`
   * @example
   * console.log(network.profile(rand(1, 2, 16000)));
   */
  profile(...inputs: Inputs | readonly [NamedTensors]): Profile {
    const { ready, arrays } = requireNetwork(this, 'profile').#checked(inputs);
    const { dtype } = this.#built.plan;
    const memories = ready.outputs.map(({ shape }) => allocateResult(dtype, numelOf(shape)));
    const steps = stepsOf(ready.planned);
    const seconds = shortestRuns(() => ready.schedule.profile(arrays, memories));
    const perMs = (peakPerMs() * getNumThreads()) / (dtype === 'float64' ? 2 : 1);
    const ms = new Float64Array(steps.length);
    for (const [i, owner] of ready.planned.owners.entries()) {
      if (owner >= 0) ms[owner]! += (seconds[i] ?? 0) * 1000; // of no items none ran
    }
    return makeProfile(steps.map((step, i) => ({ ...step, ms: ms[i]!, limitMs: (ready.units * step.flops) / perMs })));
  }

  #readyFor(shapes: readonly (readonly number[])[]): Ready {
    const schedules = this.#live();
    const { dtype } = this.#built.plan;
    if (shapes.length === 0) return this.#readyOf(schedules, this.#metas);
    if (shapes.length !== this.#metas.length) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `network.summary(): expected ${this.#metas.length} shapes, but got ${shapes.length}`,
      );
    }
    return this.#readyOf(
      schedules,
      shapes.map((shape) => {
        if (!isArray(shape)) {
          throw typeError('ERR_CONV1D_TYPE', `network.summary(): a shape is an array, but got ${describe(shape)}`);
        }
        return { dtype, shape: Object.freeze(readSizes(shape, 'network.summary')) };
      }),
    );
  }

  /** Gives the memory of plans and packed weights back at once; calls that are under way end as they would. Afterwards there are no more calls. */
  dispose(): void {
    requireNetwork(this, 'dispose').#schedules = null;
  }

  [Symbol.dispose](): void {
    requireNetwork(this, 'dispose').#schedules = null;
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    requireNetwork(this, 'inspect');
    const { nodes } = this.#built.plan.graph;
    return `Network(${this.#module.constructor.name}, ${nodes.length} nodes)`;
  }

  #live(): Schedules {
    if (this.#schedules !== null) return this.#schedules;
    throw typeError('ERR_CONV1D_TYPE', 'the network was disposed of; compile() makes another one');
  }

  /** Options come behind as many inputs as the forward has, or behind an object of names. */
  #splitOptions(inputs: readonly unknown[]): { given: readonly unknown[]; options: unknown } {
    const count = this.#isNamed(inputs) ? 1 : this.#forms.length;
    if (inputs.length > count + 1) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `network.forwardAsync(): expected ${count === 1 ? '1 input' : `${count} inputs`} and options, but got ${inputs.length} arguments`,
      );
    }
    return { given: inputs.slice(0, count), options: inputs[count] };
  }

  #isNamed(inputs: readonly unknown[]): boolean {
    return (
      this.#settings.inputNames !== null &&
      inputs.length > 0 &&
      isPlainObject(inputs[0]) &&
      viewOf(inputs[0]) === undefined
    );
  }

  #checked(inputs: readonly unknown[]): { ready: Ready; arrays: FloatArray[]; isNamed: boolean } {
    const schedules = this.#live();
    const isNamed = this.#isNamed(inputs);
    const given = isNamed ? this.#byName(inputs[0] as Record<string, unknown>) : inputs;
    if (given.length !== this.#forms.length) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `network.forward(): expected ${this.#forms.length === 1 ? '1 input' : `${this.#forms.length} inputs`}, but got ${given.length}`,
      );
    }
    const leaves: Tensor<Dtype>[] = [];
    for (const [i, form] of this.#forms.entries()) {
      const value = given[i];
      if (form === 'leaf' && Tensor.isTensor(value)) {
        leaves.push(value); // by far the most
        continue;
      }
      const what = `network.forward(): ${this.#settings.inputNames?.[i] ?? `input ${i}`}`;
      if (form !== 'leaf' && isSameForm(takeApart(value, what, leaves), form)) continue;
      throw typeError('ERR_CONV1D_TYPE', this.#otherForm(what, value, form));
    }
    const { dtype } = this.#built.plan;
    const views = leaves.map((leaf) => viewOf(leaf)!);
    for (let i = 0; i < views.length; i++) {
      if (views[i]!.dtype === dtype) continue;
      throw typeError('ERR_CONV1D_DTYPE', `network.forward(): input ${i} must be ${dtype}, but is ${views[i]!.dtype}`);
    }
    const ready = schedules.recall(views) ?? this.#readyOf(schedules, views);
    return { ready, arrays: views.map(floatsOfView), isNamed };
  }

  #otherForm(what: string, value: unknown, form: Form): string {
    if (form !== 'leaf') return `${what} must be arranged as at compile(): ${formatForm(form)}`;
    const names = isPlainObject(value) && this.#settings.inputNames === null;
    return `${what} must be a Tensor, but got ${describe(value)}${names ? '; for calls by name, compile() takes inputs: { name: tensor }' : ''}`;
  }

  /** Ready to run on inputs of these shapes, if it can be. */
  #readyOf(schedules: Schedules, inputs: readonly Meta[]): Ready {
    const { axes, batchRange, lengthRange } = this.#built;
    const shapes = inputs.map(({ shape }) => shape);
    for (const [i, shape] of shapes.entries()) this.#requireShape(shape, i);
    requireSameSizes(axes, shapes);
    // Where a layer refuses them, it says so best.
    const ready = schedules.of(inputs);
    const [length, batch] = variablesAt(axes, shapes) as [number, number];
    requireRange(batch, batchRange, 'a batch');
    requireRange(length, lengthRange, 'a length');
    schedules.keep(inputs, ready);
    return ready;
  }

  #byName(given: Record<string, unknown>): unknown[] {
    const names = this.#settings.inputNames!;
    const other = Object.keys(given).find((name) => !names.includes(name));
    if (other !== undefined) {
      throw typeError(
        'ERR_CONV1D_OPTION',
        `network.forward(): there is no input ${describe(other)}; it has ${names.join(', ')}`,
      );
    }
    return names.map((name) => given[name]);
  }

  /** Sizes that cannot differ from those at compile. */
  #requireShape(shape: readonly number[], i: number): void {
    const first = this.#metas[i]!.shape;
    const { batch, length } = this.#built.axes;
    const varies = (dim: number) => batch[i]?.dim === dim || length[i]?.dim === dim;
    if (shape.length === first.length && shape.every((size, dim) => size === first[dim] || varies(dim))) return;
    const allowed = first.map((size, dim) => (batch[i]?.dim === dim ? 'N' : length[i]?.dim === dim ? 'L' : size));
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `network.forward(): input ${i} must have the shape [${allowed.join(', ')}], but got ${formatShape(shape)}; other sizes are fixed by the forward`,
    );
  }

  #result(memories: readonly FloatArray[], { outputs }: Ready, isNamed: boolean): Result {
    const { dtype } = this.#built.plan;
    const tensors = memories.map((memory, i) => tensorOfAll<FloatDtype>(memory, dtype, outputs[i]!.shape));
    if (!isNamed) return putTogether(this.#built.outputForm, tensors.values()) as Result;
    if (tensors.length === 1 && this.#settings.outputNames === null) return tensors[0] as Result;
    const names = this.#settings.outputNames ?? defaultNames(this.#built.outputForm);
    return Object.fromEntries(tensors.map((tensor, i) => [names[i]!, tensor])) as Result;
  }
}

/** A state of its own memory; a subclass may call anything its state. */
function copyOfState(state: unknown): StateDict {
  const entries = isPlainObject(state) ? Object.entries(state) : [['', state] as const];
  return Object.fromEntries(
    entries.map(([name, value]) => {
      if (Tensor.isTensor(value)) return [name, value.clone()];
      throw typeError('ERR_CONV1D_TYPE', `update(): the module's stateDict() gives ${describe(value)}, and no tensors`);
    }),
  );
}

/** Names of outputs that nobody named: those of the object that the forward returns, or numbers. */
function defaultNames(form: Form): string[] {
  const isObject = form !== 'leaf' && !Array.isArray(form);
  return isObject ? leafNames(form, '') : leafNames(form, '').map((_, i) => `output${i}`);
}

/** @internal For compile.ts. */
export function makeNetwork(
  module: Module,
  settings: CompileSettings,
  forms: readonly Form[],
  metas: readonly Meta[],
): Network<never, unknown> {
  return new Network(MADE, module, settings, forms, metas) as Network<never, unknown>;
}

function requireNetwork<I extends readonly unknown[], R>(self: Network<I, R>, member: string): Network<I, R> {
  if (Network.isNetwork(self)) return self;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a Network: network.${member}`);
}
