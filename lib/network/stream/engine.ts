import { makeSchedule, type Schedule } from '../../native/program.ts';
import { getNumThreads } from '../../native/runtime.ts';
import { allocate } from '../../tensor/allocate.ts';
import { bytesPerElement, type FloatArray, type FloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { Value } from '../graph.ts';
import type { Items } from '../plan/items.ts';
import type { Plan, Planned } from '../plan/planner.ts';
import type { NetworkSizes } from '../plan/sizes.ts';
import { requireCallBytes } from '../run/callBytes.ts';
import type { Axes } from '../trace/axes.ts';
import { type Layout, layoutAt, planChunk, programOf } from './chunk.ts';
import { MOST_RECEIVED } from './standing.ts';
import { makeStreamable, type Streamable } from './streamable.ts';
import { type Moment, Timeline } from './timeline.ts';

/** How many programs an engine keeps for later chunks; planning one for a network of a hundred nodes takes some milliseconds. */
const MOST_PROGRAMS = 64;

const MOST_PHASES = 4096;

/** The longest signal whose end is planned with its own length. */
const LONG = 2 ** 16;

/** From how many signals per thread on each thread computes signals of its own. */
const UNITS_PER_THREAD = 4;

/** A moment of a stream, with the layout of what it keeps then. */
interface Standing {
  readonly moment: Moment;
  readonly layout: Layout;
}

/** The computation of a chunk: its program, and how much it reads and writes of each signal. */
export interface Chunk {
  readonly planned: Planned;
  /** The elements of one unit: its inputs, then what was kept; its outputs, then what to keep. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** The shapes of the outputs of one unit. */
  readonly shapes: readonly (readonly number[])[];
  readonly schedules: Map<string, Schedule>;
}

/** The arrays of a chunk; those of several units lie one after the other. */
export interface ChunkArrays {
  readonly inputs: readonly FloatArray[];
  readonly state: FloatArray;
  readonly outputs: readonly FloatArray[];
  readonly next: FloatArray;
}

/** What the engine computes by itself: a signal, or a batch of them. */
export interface Unit {
  /** The inputs of one. */
  readonly metas: readonly Meta[];
  /** Where the batch items lie, of which each is a unit; undefined if there is one unit. */
  readonly items: Items | undefined;
  /** What messages begin with. */
  readonly call: string;
  /** The bytes that a chunk of one may take up. */
  readonly maxCallBytes: number;
}

/** Computes a network chunk by chunk. A unit is a signal, or the whole batch if the network does not compute its items one by one. */
export class StreamEngine {
  readonly dtype: FloatDtype;
  readonly timeline: Timeline;
  readonly streamable: Streamable;
  readonly unit: number;
  readonly #items: Items | undefined;
  readonly #maxCallBytes: number;
  readonly #programs = new Map<string, Chunk>(); // the program used last comes last
  /** Chunks by their lengths and beginnings, from where on chunks repeat. */
  readonly #steady = new Map<string, Chunk>();
  /** The results of nextOutput() by phase, likewise. */
  readonly #next = new Map<number, number>();
  #settledAt: number | undefined;
  /** A length that forward takes; it also takes those that are longer by whole steps. */
  readonly #lengthThatFits: number;
  readonly #step: number;

  constructor(plan: Plan, axes: Axes, { metas, items, call, maxCallBytes }: Unit) {
    this.#items = items;
    this.#maxCallBytes = maxCallBytes;
    this.dtype = plan.dtype;
    this.streamable = makeStreamable(plan.graph, axes, metas, call);
    this.timeline = new Timeline(this.streamable);
    this.unit = this.timeline.unit;
    this.#lengthThatFits = Math.max(axes.lengthSize, LONG);
    this.#step = this.unit * axes.lengthStep;
  }

  /** The elements that a unit keeps after that many positions. */
  keptAt(position: number): number {
    return this.#at(position).layout.length;
  }

  /** The most elements that a unit keeps, found from the phases of some units. */
  get mostKept(): number {
    const begin = this.nextOutput(0);
    let most = 0;
    for (let i = 0; i < Math.min(2 * this.unit, MOST_PHASES); i++) most = Math.max(most, this.keptAt(begin + i));
    return most;
  }

  /** How many positions after `position` bring the next output. */
  nextOutput(position: number): number {
    if (position < this.#settled) return this.timeline.nextOutput(position);
    const phase = position % this.unit;
    const known = this.#next.get(phase) ?? this.timeline.nextOutput(position);
    if (this.#next.size < MOST_PHASES) this.#next.set(phase, known);
    return known;
  }

  /** The chunk of the next `count` positions after `position`. */
  chunk(position: number, count: number): Chunk {
    const key = `${position % this.unit} ${count}`;
    const isSettled = position >= this.#settled;
    const known = isSettled ? this.#steady.get(key) : undefined;
    if (known !== undefined) return known;
    const made = this.#make(this.#at(position), this.#at(position + count), () => Number.POSITIVE_INFINITY);
    if (isSettled) {
      if (this.#steady.size >= MOST_PROGRAMS) this.#steady.clear();
      this.#steady.set(key, made);
    }
    return made;
  }

  /** The chunk from `position` to the end; `sizes` are those of the whole signals. */
  last(position: number, sizes: NetworkSizes): Chunk {
    const moment = this.timeline.end(sizes);
    const { signals } = this.streamable;
    const lengthOf = (value: Value) => sizes.metaOf(value).shape[signals.get(value)!.dim]!;
    return this.#make(this.#at(position), { moment, layout: layoutAt(this.streamable, moment) }, lengthOf);
  }

  /** Runs a chunk on as many units as its arrays have. It checks everything before it writes anything. */
  run(chunk: Chunk, units: number, { inputs, state, outputs, next }: ChunkArrays): void {
    const threads = getNumThreads();
    const key = `${units} ${threads}`;
    const schedule = chunk.schedules.get(key) ?? this.#schedule(chunk, units, threads);
    chunk.schedules.set(key, schedule);
    schedule.run([...inputs, state], [...outputs, next]);
  }

  /** Whether a new signal would be at the same moment as those that have come so far, so that one can begin beside them. */
  beginsAt(position: number): boolean {
    const { signals, rules } = this.streamable;
    const [now, beginning] = [this.timeline.at(position), this.timeline.at(0)];
    for (const [value, { rate }] of signals) {
      const passed = (position * rate.times) / rate.over;
      if (now.made.get(value) !== passed || beginning.made.get(value) !== 0) return false;
      if (now.kept.get(value) !== passed + beginning.kept.get(value)!) return false;
    }
    // An initial state that the network is given is not zero.
    return [...rules].every(([node, { states }]) => states === undefined || node.inputs.length === 1);
  }

  #at(position: number): Standing {
    const moment = this.timeline.at(position);
    return { moment, layout: layoutAt(this.streamable, moment) };
  }

  /** The position from which on chunks repeat with each unit. */
  get #settled(): number {
    this.#settledAt ??= this.#findSettled();
    return this.#settledAt;
  }

  #findSettled(): number {
    for (let position = this.unit; position <= MOST_RECEIVED; position *= 2) {
      if (this.#repeatsFrom(position)) return position;
    }
    return Number.POSITIVE_INFINITY;
  }

  #repeatsFrom(position: number): boolean {
    const one = this.timeline.at(position);
    const other = this.timeline.at(position + this.unit);
    return [...one.made].every(([value, count]) => {
      const { times, over } = this.streamable.signals.get(value)!.rate;
      const passed = (this.unit * times) / over;
      return (
        count > 0 && other.made.get(value) === count + passed && other.kept.get(value) === one.kept.get(value)! + passed
      );
    });
  }

  /** How many positions may be left out before `position`: a stream stands there as it does without them, and forward takes such a length. */
  repeatedBefore(position: number): number {
    const from = Math.max(this.#settled, this.#lengthThatFits);
    return position < from ? 0 : Math.floor((position - from) / this.#step) * this.#step;
  }

  #make(from: Standing, to: Standing, lengthOf: (value: Value) => number): Chunk {
    const plan = planChunk(this.streamable, from.moment, to.moment, [from.layout, to.layout], lengthOf);
    const known = this.#programs.get(plan.key);
    if (known !== undefined) {
      this.#programs.delete(plan.key);
      this.#programs.set(plan.key, known);
      return known;
    }
    const { graph, signals, sizes } = this.streamable;
    const shapeOf = (value: Value) => {
      const { shape } = sizes.metaOf(value);
      const signal = signals.get(value);
      const range = plan.part.carrying!.signals.get(value)?.fresh;
      return signal === undefined || range === undefined ? shape : shape.with(signal.dim, range.end - range.begin);
    };
    const shapes = graph.outputs.map((value) => Object.freeze(shapeOf(value)));
    const chunk: Chunk = {
      planned: programOf(this.streamable, plan, this.dtype),
      inputs: [...graph.inputs.map((value) => numelOf(shapeOf(value))), from.layout.length],
      outputs: [...shapes.map(numelOf), to.layout.length],
      shapes,
      schedules: new Map(),
    };
    this.#requireBytes(chunk);
    this.#programs.set(plan.key, chunk);
    if (this.#programs.size > MOST_PROGRAMS) this.#programs.delete(this.#programs.keys().next().value!);
    return chunk;
  }

  /** Refuses a chunk before anything of its size is allocated. */
  #requireBytes({ planned, outputs }: Chunk): void {
    const elements = outputs.reduce((sum, count) => sum + count, planned.program.arenaLength());
    requireCallBytes(elements * bytesPerElement(this.dtype), this.#maxCallBytes);
  }

  #schedule({ planned, inputs, outputs }: Chunk, units: number, threads: number): Schedule {
    const isShared = (input: number) => this.#items?.inputs[input] === null && input < inputs.length - 1;
    const lengths = inputs.map((count, i) => (isShared(i) ? count : count * units));
    const schedule = makeSchedule(
      this.dtype,
      lengths,
      outputs.map((count) => count * units),
    );
    for (let unit = 0; unit < units; unit++) {
      schedule.add(
        planned.program,
        inputs.map((count, i) => (isShared(i) ? 0 : unit * count)),
        outputs.map((count) => unit * count),
      );
    }
    schedule.parallel(threads > 1 && (units % threads === 0 || units >= UNITS_PER_THREAD * threads));
    return schedule;
  }
}

/** Arrays for reuse, so that a running stream allocates none. */
export class SpareArrays {
  readonly #dtype: FloatDtype;
  readonly #spare: FloatArray[] = [];
  readonly #nothing: FloatArray;

  constructor(dtype: FloatDtype) {
    this.#dtype = dtype;
    this.#nothing = allocate(dtype, 0);
  }

  /** An array of this length, with anything in it. */
  take(length: number): FloatArray {
    if (length === 0) return this.#nothing;
    const i = this.#spare.findIndex((each) => each.length === length);
    return i < 0 ? allocate(this.#dtype, length) : this.#spare.splice(i, 1)[0]!;
  }

  give(array: FloatArray): void {
    if (array.length === 0) return;
    this.#spare.push(array);
    if (this.#spare.length > MOST_SPARE) this.#spare.shift();
  }
}

const MOST_SPARE = 4;
