import { makeSchedule, type Schedule } from '../../native/program.ts';
import { getNumThreads } from '../../native/runtime.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf, sameShape } from '../../tensor/shape.ts';
import type { Axes } from '../trace/axes.ts';
import { variablesAt } from '../trace/traceGraph.ts';
import { findItems, type Items } from './items.ts';
import { type Plan, type Planned, planNetwork } from './planner.ts';

/** A network that is ready to run on inputs of some shapes. */
export interface Ready {
  readonly schedule: Schedule;
  /** The program of the first unit: all have its steps. */
  readonly planned: Planned;
  /** How many units have it: all but the last one. */
  readonly units: number;
  /** Of the whole batch. */
  readonly outputs: readonly Meta[];
}

/** Plans for this many shapes are kept; a service with more of them plans again, which takes some microseconds for each step. */
const MOST_PLANS = 16;

/**
 * What the values of a unit should take up: batch items run some at a time, so that what is between stays in the second cache. More items
 * at a time read weights less often.
 */
const UNIT_BYTES = 256 * 1024;

/** From how many units for each thread on they are shared out: with fewer, the last one keeps the others waiting. */
const UNITS_PER_THREAD = 4;

/** The plans of a network by the shapes of its inputs. */
export class Schedules {
  readonly #plan: Plan;
  readonly #axes: Axes;
  readonly #items: Items | undefined;
  readonly #known = new Map<string, Ready>(); // the one used last comes last
  /** The one used last, found without a key. */
  #last:
    | { readonly threads: number; readonly shapes: readonly (readonly number[])[]; readonly ready: Ready }
    | undefined;

  constructor(plan: Plan, axes: Axes) {
    this.#plan = plan;
    this.#axes = axes;
    this.#items = findItems(plan.graph, axes);
  }

  of(inputs: readonly Meta[]): Ready {
    const threads = getNumThreads();
    const last = this.#last;
    if (last !== undefined && last.threads === threads && areAlike(last.shapes, inputs)) return last.ready;
    const ready = this.#find(inputs, threads);
    this.#last = { threads, shapes: inputs.map(({ shape }) => shape), ready };
    return ready;
  }

  #find(inputs: readonly Meta[], threads: number): Ready {
    const key = `${threads} ${inputs.map(({ shape }) => shape.join()).join(' ')}`;
    const known = this.#known.get(key) ?? this.#make(inputs, threads);
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > MOST_PLANS) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }

  #make(inputs: readonly Meta[], threads: number): Ready {
    const batch = this.#batchOf(inputs);
    if (batch <= 1) return this.#whole(inputs);
    const one = this.#program(inputs, 1);
    const itemBytes = one.program.arenaLength() * bytesPerElement(this.#plan.dtype);
    const atOnce = Math.max(1, Math.min(Math.floor(UNIT_BYTES / Math.max(itemBytes, 1)), Math.ceil(batch / threads)));
    if (atOnce >= batch) return this.#whole(inputs);
    return this.#units(inputs, batch, atOnce, threads, one);
  }

  /** The number of batch items that are computed each by itself; 1 where they are not, or their elements do not lie together. */
  #batchOf(inputs: readonly Meta[]): number {
    if (this.#items === undefined) return 1;
    const sizes = inputs.flatMap(({ shape }, i) => {
      const dim = this.#items!.inputs[i];
      if (dim === undefined || dim === null) return [];
      return [numelOf(shape.slice(0, dim)) === 1 ? shape[dim]! : 1];
    });
    return sizes.every((size) => size === sizes[0]) ? (sizes[0] ?? 1) : 1;
  }

  #whole(inputs: readonly Meta[]): Ready {
    const planned = this.#planned(inputs);
    const schedule = this.#schedule(inputs, planned.outputs);
    schedule.add(
      planned.program,
      inputs.map(() => 0),
      planned.outputs.map(() => 0),
    );
    return { schedule, planned, units: 1, outputs: planned.outputs };
  }

  /** Some items at a time, the last ones by a program of their own. */
  #units(inputs: readonly Meta[], batch: number, atOnce: number, threads: number, one: Planned): Ready {
    const items = this.#items!;
    const first = atOnce === 1 ? one : this.#program(inputs, atOnce);
    const rest = batch % atOnce;
    const last = rest === 0 ? first : rest === 1 ? one : this.#program(inputs, rest);
    const outputs = first.outputs.map(({ dtype, shape }, i) => ({
      dtype,
      shape: Object.freeze(shape.with(items.outputs[i]!, batch)),
    }));
    if (outputs.some(({ shape }, i) => numelOf(shape.slice(0, items.outputs[i])) !== 1)) return this.#whole(inputs);
    const schedule = this.#schedule(inputs, outputs);
    const strides = (metas: readonly Meta[], dims: readonly (number | null)[]) =>
      metas.map(({ shape }, i) => (dims[i] === null || dims[i] === undefined ? 0 : numelOf(shape.slice(dims[i] + 1))));
    const [ofInputs, ofOutputs] = [strides(inputs, items.inputs), strides(outputs, items.outputs)];
    for (let item = 0; item < batch; item += atOnce) {
      const { program } = item + atOnce <= batch ? first : last;
      schedule.add(
        program,
        ofInputs.map((stride) => item * stride),
        ofOutputs.map((stride) => item * stride),
      );
    }
    const units = Math.ceil(batch / atOnce);
    schedule.parallel(threads > 1 && (units % threads === 0 || units >= UNITS_PER_THREAD * threads));
    return { schedule, planned: first, units: batch / atOnce, outputs };
  }

  /** The network for some of the items. */
  #program(inputs: readonly Meta[], count: number): Planned {
    return this.#planned(
      inputs.map(({ dtype, shape }, i) => {
        const dim = this.#items!.inputs[i];
        return { dtype, shape: dim === null || dim === undefined ? shape : shape.with(dim, count) };
      }),
    );
  }

  #planned(inputs: readonly Meta[]): Planned {
    return planNetwork(
      this.#plan,
      inputs,
      variablesAt(
        this.#axes,
        inputs.map(({ shape }) => shape),
      ),
    );
  }

  #schedule(inputs: readonly Meta[], outputs: readonly Meta[]): Schedule {
    const lengths = (metas: readonly Meta[]) => metas.map(({ shape }) => numelOf(shape));
    return makeSchedule(this.#plan.dtype, lengths(inputs), lengths(outputs));
  }
}

function areAlike(shapes: readonly (readonly number[])[], inputs: readonly Meta[]): boolean {
  for (let i = 0; i < shapes.length; i++) {
    if (shapes[i] !== inputs[i]!.shape && !sameShape(shapes[i]!, inputs[i]!.shape)) return false;
  }
  return true;
}
