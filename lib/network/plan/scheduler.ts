import { makeSchedule, type Schedule } from '../../native/program.ts';
import { bytesPerElement } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { NativeReady, type Scheduled } from '../run/nativeReady.ts';
import { findItems, type Items } from './items.ts';
import type { Numbers } from './numbers.ts';
import { type Plan, type Planned, planNetwork } from './planner.ts';
import { NetworkSizes } from './sizes.ts';
import { planStretches, type StretchUnit } from './stretches.ts';

/**
 * How many bytes the values of a unit should take. Batch items run some at a time, so that intermediate values stay in the second cache; more items
 * at a time read the weights less often.
 */
const UNIT_BYTES = 256 * 1024;

/** Kernels compute up to 8 items together; a unit of one or two at the end of a batch would read all weights just for these. */
const STRIP_ITEMS = 8;

/** Threads share units from this many per thread on: with fewer, the others would wait for the last one. */
const UNITS_PER_THREAD = 4;

/** The inputs of a graph, with their L and N. */
interface Given {
  readonly inputs: readonly Meta[];
  readonly variables: readonly number[];
}

/** Makes native programs of a graph for inputs of some shapes. */
export class Scheduler {
  readonly #plan: Plan;
  readonly #items: Items | undefined;
  readonly #maxWorkingBytes: number;

  /** @param maxWorkingBytes  how many bytes the values of a call may take before its signals run in stretches */
  constructor(plan: Plan, numbers: Numbers, maxWorkingBytes: number) {
    this.#plan = plan;
    this.#maxWorkingBytes = maxWorkingBytes;
    this.#items = findItems(plan.graph, numbers);
  }

  /** @param variables  L and N of the network's inputs */
  make(inputs: readonly Meta[], variables: readonly number[], threads: number): NativeReady {
    const batch = this.#batchOf(inputs, variables);
    const whole = { inputs, variables };
    const single = this.#some(whole, 1);
    const one = this.#planned(batch === undefined ? whole : single);
    if (batch === 0) return this.#nothing(inputs, one);
    // A batch may have 2^40 items without elements.
    const isEmpty = inputs.some(({ shape }) => shape.includes(0));
    if (isEmpty || (batch !== undefined && batch > 1 && !this.#areOutputsApart(one))) {
      return this.#whole(inputs, this.#planned(whole));
    }
    const bytes = bytesPerElement(this.#plan.dtype);
    const itemBytes = one.program.arenaLength() * bytes;
    if (itemBytes > this.#maxWorkingBytes && batch !== undefined) {
      const units = planStretches(
        this.#plan,
        this.#sizesOf(single),
        Math.floor(this.#maxWorkingBytes / bytes),
        one.program.arenaLength(),
      );
      if (units !== undefined) return this.#stretches(inputs, batch, units, one);
    }
    if (batch === undefined || batch <= 1) return this.#whole(inputs, one);
    const atOnce = itemsAtOnce(batch, Math.floor(UNIT_BYTES / Math.max(itemBytes, 1)), threads);
    if (atOnce >= batch) return this.#whole(inputs, this.#planned(whole));
    return this.#units(whole, batch, atOnce, threads, one);
  }

  /** The number of batch items, if each is computed by itself and its elements lie together; otherwise undefined. */
  #batchOf(inputs: readonly Meta[], [, batch]: readonly number[]): number | undefined {
    if (this.#items === undefined) return undefined;
    const sizes = inputs.flatMap(({ shape }, i) => {
      const dim = this.#items!.inputs[i];
      if (dim === undefined || dim === null) return [];
      return [numelOf(shape.slice(0, dim)) === 1 ? shape[dim]! : undefined];
    });
    if (sizes.length === 0) return 1; // no batch
    return sizes.every((size) => size === batch) ? batch : undefined;
  }

  /** Whether each item of an output lies in one piece, right after the item before. */
  #areOutputsApart({ outputs }: Planned): boolean {
    return outputs.every(({ shape }, i) => numelOf(shape.slice(0, this.#items!.outputs[i] ?? 0)) === 1);
  }

  /** A batch without items. */
  #nothing(inputs: readonly Meta[], planned: Planned): NativeReady {
    const outputs = this.#outputsOf(planned, 0);
    return this.#ready(this.#schedule(inputs, outputs), planned, { steps: planned.steps, times: 0, outputs });
  }

  #whole(inputs: readonly Meta[], planned: Planned): NativeReady {
    const schedule = this.#schedule(inputs, planned.outputs);
    schedule.add(
      planned.program,
      inputs.map(() => 0),
      planned.outputs.map(() => 0),
    );
    return this.#ready(schedule, planned, { steps: planned.steps, times: 1, outputs: planned.outputs });
  }

  /** The units for computing item by item, each in stretches of its signals, so that memory does not grow with their length. */
  #stretches(inputs: readonly Meta[], batch: number, stretches: readonly StretchUnit[], one: Planned): NativeReady {
    const [{ planned }] = stretches as [StretchUnit];
    const outputs = this.#outputsOf(planned, batch);
    const schedule = this.#schedule(inputs, outputs);
    const [ofInputs, ofOutputs] = this.#strides(inputs, outputs);
    for (let item = 0; item < batch; item++) {
      for (const unit of stretches) {
        schedule.add(
          unit.planned.program,
          ofInputs.map((stride, i) => item * stride + unit.inputs[i]!),
          ofOutputs.map((stride, i) => item * stride + unit.outputs[i]!),
        );
      }
    }
    return this.#ready(schedule, planned, { steps: one.steps, times: batch, outputs });
  }

  /** Repeats the units of one item for the whole batch. */
  #outputsOf({ outputs }: Planned, batch: number): Meta[] {
    return outputs.map(({ dtype, shape }, i) => ({
      dtype,
      shape: ofBatch(shape, this.#items!.outputs[i]!, batch),
    }));
  }

  /** The distance from one batch item to the next, in each input and output. */
  #strides(inputs: readonly Meta[], outputs: readonly Meta[]): [inputs: number[], outputs: number[]] {
    const strides = (metas: readonly Meta[], dims: readonly (number | null)[]) =>
      metas.map(({ shape }, i) => (dims[i] === null || dims[i] === undefined ? 0 : numelOf(shape.slice(dims[i] + 1))));
    return [strides(inputs, this.#items!.inputs), strides(outputs, this.#items!.outputs)];
  }

  /** The units for computing some items at a time, the last ones with a program of their own. */
  #units(whole: Given, batch: number, atOnce: number, threads: number, one: Planned): NativeReady {
    const { inputs } = whole;
    const of = (count: number) => this.#planned(this.#some(whole, count));
    const first = atOnce === 1 ? one : of(atOnce);
    const rest = batch % atOnce;
    const last = rest === 0 ? first : rest === 1 ? one : of(rest);
    const outputs = this.#outputsOf(first, batch);
    const schedule = this.#schedule(inputs, outputs);
    const [ofInputs, ofOutputs] = this.#strides(inputs, outputs);
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
    return this.#ready(schedule, first, { steps: first.steps, times: batch / atOnce, outputs });
  }

  #ready(schedule: Schedule, planned: Planned, rest: Pick<Scheduled, 'steps' | 'times' | 'outputs'>): NativeReady {
    return new NativeReady({ dtype: this.#plan.dtype, schedule, planned, ...rest });
  }

  /** The inputs of some of the items. */
  #some({ inputs, variables }: Given, count: number): Given {
    const dims = this.#items?.inputs ?? [];
    if (dims.every((dim) => dim === null)) return { inputs, variables };
    const [length] = variables as [number];
    return {
      inputs: inputs.map(({ dtype, shape }, i) => ({ dtype, shape: ofBatch(shape, dims[i]!, count) })),
      variables: [length, count],
    };
  }

  #planned(given: Given): Planned {
    return planNetwork(this.#plan, this.#sizesOf(given));
  }

  #sizesOf({ inputs, variables }: Given): NetworkSizes {
    return new NetworkSizes(this.#plan.graph, inputs, variables);
  }

  #schedule(inputs: readonly Meta[], outputs: readonly Meta[]): Schedule {
    const lengths = (metas: readonly Meta[]) => metas.map(({ shape }) => numelOf(shape));
    return makeSchedule(this.#plan.dtype, lengths(inputs), lengths(outputs));
  }
}

/**
 * How many items a unit gets, of `most` that fit. Units have nearly equal sizes, each thread gets equally many, and they are whole strips if that makes no
 * more units.
 */
function itemsAtOnce(batch: number, most: number, threads: number): number {
  const shared = Math.ceil(batch / threads);
  if (shared <= most || most < STRIP_ITEMS) return Math.max(1, Math.min(shared, most));
  const units = Math.ceil(batch / (most - (most % STRIP_ITEMS)) / threads) * threads;
  const items = Math.ceil(batch / units);
  const strips = Math.ceil(items / STRIP_ITEMS) * STRIP_ITEMS;
  return Math.ceil(batch / strips) === units ? strips : items;
}

/** A shape with that many batch items, if it has a batch. */
function ofBatch(shape: readonly number[], dim: number | null, count: number): readonly number[] {
  return dim === null ? shape : Object.freeze(shape.with(dim, count));
}
