import { rangeError } from '../../check/errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import { formatShape, numelOf } from '../../tensor/shape.ts';
import type { Ready } from '../run/ready.ts';
import type { StreamBody, StreamedInput } from './body.ts';
import type { NetworkStanding } from './standing.ts';

/** An input that is an output of the call before. */
export interface CarriedInput {
  readonly input: number;
  readonly output: number;
  readonly shape: readonly number[];
  /** Along which the rows of the batch lie. */
  readonly batchDim: number;
}

/** What a stream of chunks is made with. */
export interface ChunkParts {
  readonly dtype: FloatDtype;
  readonly batch: number;
  /** Of new samples in a call, and of those before them. */
  readonly chunk: number;
  readonly context: number;
  /** The signal's shape in a call, (..., context + chunk), and its place among the inputs. */
  readonly name: string | null;
  readonly shape: readonly number[];
  readonly place: number;
  readonly carried: readonly CarriedInput[];
  /** The other inputs, at their places. */
  readonly fixed: readonly (FloatArray | undefined)[];
  /** The outputs that are not carried on: their places and shapes. They follow each other along the last dimension. */
  readonly outputs: readonly { readonly place: number; readonly shape: readonly number[] }[];
  /** The network for these inputs. */
  ready(): Ready;
}

/** A stream that repeats `forward` on chunks of one length, with a state of the network's own that goes from one to the next. */
export class ChunkBody implements StreamBody {
  readonly dtype: FloatDtype;
  readonly batch: number;
  readonly inputs: readonly StreamedInput[];
  readonly #parts: ChunkParts;
  readonly #rows: number;
  /** (rows, context + chunk): the samples before, and those that have come of the chunk. */
  readonly #window: FloatArray;
  /** The states that go in, and those that come out; they change places behind each call. */
  #states: FloatArray[];
  #next: FloatArray[];
  /** One call's outputs, where a push has several. */
  readonly #single: readonly FloatArray[];
  #received = 0;

  constructor(parts: ChunkParts) {
    const { dtype, shape, chunk, carried, outputs } = parts;
    this.#parts = parts;
    this.dtype = dtype;
    this.batch = parts.batch;
    this.#rows = numelOf(shape.slice(0, -1));
    const shapeOf = (positions: number) => shape.with(-1, positions);
    this.inputs = [{ name: parts.name, shapeOf, dim: shape.length - 1, times: 1 }];
    this.#window = allocate(dtype, this.#rows * (parts.context + chunk));
    this.#states = carried.map((each) => allocate(dtype, numelOf(each.shape)));
    this.#next = carried.map((each) => allocate(dtype, numelOf(each.shape)));
    this.#single = outputs.map((each) => allocate(dtype, numelOf(each.shape)));
  }

  get received(): number {
    return this.#received;
  }

  get latency(): number {
    return this.#parts.chunk;
  }

  get receptiveField(): number {
    const { carried, context, chunk } = this.#parts;
    return carried.length > 0 ? Number.POSITIVE_INFINITY : context + chunk;
  }

  get hop(): number {
    return this.#parts.chunk / this.#parts.outputs[0]!.shape.at(-1)!;
  }

  /** What has come of the chunk. */
  get #waiting(): number {
    return this.#received % this.#parts.chunk;
  }

  shapesAfter(positions: number): readonly (readonly number[])[] {
    return this.#shapes(Math.floor((this.#waiting + positions) / this.#parts.chunk));
  }

  shapesAtEnd(): readonly (readonly number[])[] {
    return this.#shapes(this.#waiting > 0 ? 1 : 0);
  }

  #shapes(calls: number): readonly (readonly number[])[] {
    return this.#parts.outputs.map(({ shape }) => shape.with(-1, shape.at(-1)! * calls));
  }

  push([given]: readonly FloatArray[], positions: number, outputs: readonly FloatArray[]): void {
    const { chunk } = this.#parts;
    const before = this.#waiting;
    const calls = Math.floor((before + positions) / chunk);
    if (calls === 0) {
      this.#take(given!, positions, 0, before, positions);
      this.#received += positions;
      return;
    }
    // Nothing that is kept changes before the last call has succeeded.
    const saved =
      calls === 1 ? null : { window: this.#window.slice(), states: this.#states.map((each) => each.slice()) };
    try {
      for (let call = 0, from = 0; call < calls; call++) {
        const at = call === 0 ? before : 0;
        this.#take(given!, positions, from, at, chunk - at);
        from += chunk - at;
        this.#run(outputs, call, calls);
        this.#moveOn();
        if (call === calls - 1) this.#take(given!, positions, from, 0, positions - from);
      }
    } catch (error) {
      if (saved !== null) {
        this.#window.set(saved.window);
        this.#states = saved.states;
      }
      throw error;
    }
    this.#received += positions;
  }

  /** What has come of the last chunk, and zeros behind it. */
  flush(outputs: readonly FloatArray[]): void {
    const { chunk, context } = this.#parts;
    const waiting = this.#waiting;
    if (waiting === 0) return;
    const length = context + chunk;
    for (let row = 0; row < this.#rows; row++) {
      this.#window.fill(0, row * length + context + waiting, (row + 1) * length);
    }
    this.#run(outputs, 0, 1);
  }

  /** Puts `count` of the given positions into the chunk, from its position `at` on. */
  #take(given: FloatArray, positions: number, from: number, at: number, count: number): void {
    const { chunk, context } = this.#parts;
    const length = context + chunk;
    for (let row = 0; row < this.#rows; row++) {
      const [source, target] = [row * positions + from, row * length + context + at];
      for (let i = 0; i < count; i++) this.#window[target + i] = given[source + i]!;
    }
  }

  #run(outputs: readonly FloatArray[], call: number, calls: number): void {
    const { fixed, place, carried, outputs: ofOutputs } = this.#parts;
    const ready = this.#parts.ready();
    const inputs = fixed.map((array, i) => {
      if (i === place) return this.#window;
      return array ?? this.#states[carried.findIndex(({ input }) => input === i)]!;
    });
    const into = calls === 1 ? outputs : this.#single;
    const written = ready.outputs.map((_, i) => {
      const own = ofOutputs.findIndex((each) => each.place === i);
      return own >= 0 ? into[own]! : this.#next[carried.findIndex(({ output }) => output === i)]!;
    });
    ready.runInto(inputs, written);
    [this.#states, this.#next] = [this.#next, this.#states];
    if (calls === 1) return;
    for (const [i, { shape }] of ofOutputs.entries()) {
      const width = shape.at(-1)!;
      const rows = numelOf(shape) / width;
      const [from, to] = [this.#single[i]!, outputs[i]!];
      for (let row = 0; row < rows; row++) {
        for (let k = 0; k < width; k++) to[(row * calls + call) * width + k] = from[row * width + k]!;
      }
    }
  }

  /** The end of the chunk is what lies before the next one. */
  #moveOn(): void {
    const { chunk, context } = this.#parts;
    const length = context + chunk;
    for (let row = 0; row < this.#rows; row++) {
      this.#window.copyWithin(row * length, row * length + chunk, row * length + length);
    }
  }

  reset(): void {
    this.#window.fill(0);
    for (const state of this.#states) state.fill(0);
    this.#received = 0;
  }

  resetRows(rows: ReadonlySet<number>): void {
    if (this.#waiting > 0) {
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `rows ${formatShape([...rows])} cannot begin anew by themselves: ${this.#waiting} of the ${this.#parts.chunk} samples of a chunk have come; ` +
          'reset rows between chunks',
      );
    }
    const length = this.#window.length / this.batch;
    for (const row of rows) {
      this.#window.fill(0, row * length, (row + 1) * length);
      for (const [i, { shape, batchDim }] of this.#parts.carried.entries()) {
        fillRow(this.#states[i]!, shape, batchDim, row);
      }
    }
  }

  keptAt(): number {
    const { context, carried } = this.#parts;
    return this.#rows * context + carried.reduce((sum, { shape }) => sum + numelOf(shape), 0);
  }

  standing(): Omit<NetworkStanding, 'ended'> {
    const { chunk, context, dtype } = this.#parts;
    const [length, waiting] = [context + chunk, this.#waiting];
    const kept = allocate(dtype, this.keptAt());
    const pending = allocate(dtype, this.#rows * waiting);
    for (let row = 0; row < this.#rows; row++) {
      const at = row * length;
      kept.set(this.#window.subarray(at, at + context), row * context);
      pending.set(this.#window.subarray(at + context, at + context + waiting), row * waiting);
    }
    let to = this.#rows * context;
    for (const state of this.#states) {
      kept.set(state, to);
      to += state.length;
    }
    return { received: this.#received, computed: this.#received - waiting, kept, pending: [pending] };
  }

  restore({ received, computed, kept, pending }: NetworkStanding): void {
    const { chunk, context } = this.#parts;
    const [length, waiting] = [context + chunk, received - computed];
    if (waiting >= chunk || computed % chunk !== 0) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `setState(): computed must be a multiple of the chunk, ${chunk}, and less than one before received`,
      );
    }
    for (let row = 0; row < this.#rows; row++) {
      this.#window.set(kept.subarray(row * context, (row + 1) * context), row * length);
      this.#window.set(pending[0]!.subarray(row * waiting, (row + 1) * waiting), row * length + context);
    }
    let from = this.#rows * context;
    for (const state of this.#states) {
      state.set(kept.subarray(from, from + state.length));
      from += state.length;
    }
    this.#received = received;
  }
}

/** Zeros where the row of a batch lies. */
function fillRow(state: FloatArray, shape: readonly number[], dim: number, row: number): void {
  const inner = numelOf(shape.slice(dim + 1));
  const step = inner * shape[dim]!;
  for (let at = row * inner; at < state.length; at += step) state.fill(0, at, at + inner);
}
