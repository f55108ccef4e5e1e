import { makeSchedule, type Schedule } from '../../native/program.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { Axes } from '../trace/axes.ts';
import { variablesAt } from '../trace/traceGraph.ts';
import { type Plan, type Planned, planNetwork } from './planner.ts';

/** A network that is ready to run on inputs of some shapes. */
export interface Ready {
  readonly schedule: Schedule;
  readonly planned: Planned;
}

/** Plans for this many shapes are kept; a service with more of them plans again, which takes some microseconds for each step. */
const MOST_PLANS = 16;

/** The plans of a network by the shapes of its inputs. */
export class Schedules {
  readonly #plan: Plan;
  readonly #axes: Axes;
  readonly #known = new Map<string, Ready>(); // the one used last comes last

  constructor(plan: Plan, axes: Axes) {
    this.#plan = plan;
    this.#axes = axes;
  }

  of(inputs: readonly Meta[]): Ready {
    const key = inputs.map(({ shape }) => shape.join()).join(' ');
    const known = this.#known.get(key) ?? this.#make(inputs);
    this.#known.delete(key);
    this.#known.set(key, known);
    if (this.#known.size > MOST_PLANS) this.#known.delete(this.#known.keys().next().value!);
    return known;
  }

  #make(inputs: readonly Meta[]): Ready {
    const planned = planNetwork(
      this.#plan,
      inputs,
      variablesAt(
        this.#axes,
        inputs.map(({ shape }) => shape),
      ),
    );
    const lengths = (metas: readonly Meta[]) => metas.map(({ shape }) => numelOf(shape));
    const schedule = makeSchedule(this.#plan.dtype, lengths(inputs), lengths(planned.outputs));
    schedule.add(
      planned.program,
      inputs.map(() => 0),
      planned.outputs.map(() => 0),
    );
    return { schedule, planned };
  }
}
