import { rangeError } from '../check/errors.ts';
import type { Meta } from '../tensor/operation.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Built } from './build.ts';
import type { CompileSettings } from './options.ts';
import { numbersOf } from './plan/numbers.ts';
import { Scheduler } from './plan/scheduler.ts';
import { NetworkSizes } from './plan/sizes.ts';
import { withinCallBytes } from './run/callBytes.ts';
import type { Ready } from './run/ready.ts';
import { RecentPlans } from './run/recent.ts';
import { MixedScheduler } from './segments/mixedScheduler.ts';
import { requireRange, requireSameSizes } from './sizes.ts';
import { type Origin, requireCourse } from './trace/requireCourse.ts';
import { variablesAt } from './trace/traceGraph.ts';

/** A network remembers this many shapes, for each of which it has followed the forward once. */
const MOST_FOLLOWED = 4096;

/** How much the calls of a network may take up. */
export type Limits = Pick<CompileSettings, 'maxWorkingBytes' | 'maxCallBytes'>;

/** A built network, with plans for the shapes of its calls. */
export class Running {
  readonly built: Built;
  readonly #plans: RecentPlans;
  /** The shapes of inputs for which it has followed the forward. */
  readonly #followed = new Set<string>();

  constructor(built: Built, { maxWorkingBytes, maxCallBytes }: Limits) {
    this.built = built;
    const { plan, mixed, axes } = built;
    const numbers = numbersOf((plan?.graph ?? mixed!).inputs, axes);
    const scheduler =
      plan === null
        ? new MixedScheduler(mixed!, numbers, maxWorkingBytes)
        : new Scheduler(plan, numbers, maxWorkingBytes);
    this.#plans = new RecentPlans((inputs, variables, threads) =>
      withinCallBytes(scheduler.make(inputs, variables, threads), maxCallBytes),
    );
  }

  /**
   * Makes the network ready to run on inputs of these shapes.
   *
   * @throws RangeError ERR_CONV1D_SHAPE  when the network does not take them
   */
  readyOf(inputs: readonly Meta[]): Ready {
    return this.#plans.recall(inputs) ?? this.#checked(inputs);
  }

  /** The same for inputs that {@link require} has accepted. */
  planOf(inputs: readonly Meta[]): Ready {
    return this.#plans.of(inputs, this.#variablesOf(inputs));
  }

  /** Refuses inputs that the network does not take, if possible without a plan for them. */
  require(inputs: readonly Meta[]): void {
    const { plan } = this.built;
    this.#require(inputs, () =>
      plan === null ? this.planOf(inputs) : new NetworkSizes(plan.graph, inputs, this.#variablesOf(inputs)),
    );
  }

  #checked(inputs: readonly Meta[]): Ready {
    const ready = this.#require(inputs, () => this.planOf(inputs));
    this.#plans.keep(inputs, ready);
    return ready;
  }

  /** @param plan  throws the operations' own errors about the inputs, which are the clearest */
  #require<R>(inputs: readonly Meta[], plan: () => R): R {
    const { axes, batchRange, lengthRange, origin } = this.built;
    const shapes = inputs.map(({ shape }) => shape);
    for (const [i, shape] of shapes.entries()) this.#requireShape(shape, i);
    requireSameSizes(axes, shapes);
    const planned = plan();
    const [length, batch] = variablesAt(axes, shapes) as [number, number];
    requireRange(batch, batchRange, 'a batch');
    requireRange(length, lengthRange, 'a length');
    if (origin !== undefined) this.#follow(origin, inputs);
    return planned;
  }

  #variablesOf(inputs: readonly Meta[]): number[] {
    return variablesAt(
      this.built.axes,
      inputs.map(({ shape }) => shape),
    );
  }

  /** Follows the forward once per shape. */
  #follow(origin: Origin, inputs: readonly Meta[]): void {
    const key = inputs.map(({ shape }) => shape.join()).join(' ');
    if (this.#followed.has(key)) return;
    requireCourse(origin, inputs);
    if (this.#followed.size >= MOST_FOLLOWED) this.#followed.clear();
    this.#followed.add(key);
  }

  /** Sizes that cannot differ from those at compile. */
  #requireShape(shape: readonly number[], i: number): void {
    const { metas, axes } = this.built;
    const first = metas[i]!.shape;
    const { batch, length } = axes;
    const varies = (dim: number) => batch[i]?.dim === dim || length[i]?.dim === dim;
    if (shape.length === first.length && shape.every((size, dim) => size === first[dim] || varies(dim))) return;
    const allowed = first.map((size, dim) => (batch[i]?.dim === dim ? 'N' : length[i]?.dim === dim ? 'L' : size));
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `network.forward(): input ${i} must have the shape [${allowed.join(', ')}], but got ${formatShape(shape)}; other sizes are fixed by the forward`,
    );
  }
}
