import { runJob } from '../../native/background.ts';
import type { Schedule } from '../../native/program.ts';
import { allocateResult, giveBackLater, resultArrays } from '../../native/resultMemory.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, type View } from '../../tensor/view.ts';
import type { NodeCall, Planned } from '../plan/planner.ts';
import type { Profiler, Ready, Report } from './ready.ts';

/** A schedule, and the parts of which it was made. */
export interface Scheduled {
  readonly dtype: FloatDtype;
  readonly schedule: Schedule;
  /** The program of the first unit; all units have its steps. */
  readonly planned: Planned;
  /** The nodes at the sizes of whole signals. */
  readonly steps: readonly NodeCall[];
  /** How many times a call computes them. */
  readonly times: number;
  /** The shapes of the outputs, for the whole batch. */
  readonly outputs: readonly Meta[];
}

/** Native programs, ready to run. */
export class NativeReady implements Ready {
  readonly outputs: readonly Meta[];
  readonly reports: readonly [Report];
  readonly #scheduled: Scheduled;

  constructor(scheduled: Scheduled) {
    this.#scheduled = scheduled;
    this.outputs = scheduled.outputs;
    this.reports = [{ steps: scheduled.steps, times: scheduled.times, isHost: false }];
  }

  run(inputs: readonly View[]): FloatArray[] {
    const arrays = inputs.map(floatsOfView);
    const memories = this.#memories();
    this.#scheduled.schedule.run(arrays, memories);
    return memories;
  }

  runInto(inputs: readonly FloatArray[], outputs: readonly FloatArray[]): void {
    this.#scheduled.schedule.run(inputs, outputs);
  }

  async runAsync(inputs: readonly View[], signal: AbortSignal | undefined): Promise<FloatArray[]> {
    const { dtype, schedule } = this.#scheduled;
    const arrays = inputs.map(floatsOfView);
    const memories = resultArrays(dtype, await runJob((done) => schedule.runAsync(arrays, done), signal));
    giveBackLater([...arrays, ...memories].reduce((sum, { byteLength }) => sum + byteLength, 0));
    return memories;
  }

  profiler(inputs: readonly View[]): Profiler {
    const { schedule, planned, steps } = this.#scheduled;
    const arrays = inputs.map(floatsOfView);
    const memories = this.#memories();
    const owners = planned.owners.map((owner) => steps.findIndex(({ node }) => node === planned.steps[owner]?.node));
    return { run: () => schedule.profile(arrays, memories), owners };
  }

  workingBytes(): number {
    return this.#scheduled.schedule.workingBytes();
  }

  #memories(): FloatArray[] {
    return this.outputs.map(({ shape }) => allocateResult(this.#scheduled.dtype, numelOf(shape)));
  }
}
