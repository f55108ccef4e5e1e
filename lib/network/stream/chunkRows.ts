import { rangeError } from '../../check/errors.ts';
import { getNumThreads } from '../../native/runtime.ts';
import { allocate } from '../../tensor/allocate.ts';
import { bytesPerElement, type FloatArray, type FloatDtype } from '../../tensor/dtype.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { Ready } from '../run/ready.ts';
import { blocksOf, type RowCall, type RowsBody, type StreamedInput } from './rowsBody.ts';
import type { NetworkStanding } from './standing.ts';

/** An input that is an output of the previous call. */
export interface CarriedInput {
  readonly input: number;
  readonly output: number;
  readonly shape: readonly number[];
  /** The dimension of the batch. */
  readonly batchDim: number;
}

/** The parts of rows of chunks; shapes are those of one row. */
export interface ChunkRowsParts {
  readonly dtype: FloatDtype;
  /** The number of new samples per call, and of those before them. */
  readonly chunk: number;
  readonly context: number;
  /** The signal's shape in a call, (..., context + chunk), and its place among the inputs. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly place: number;
  readonly batchDim: number;
  readonly carried: readonly CarriedInput[];
  /** The outputs that are not carried: their places and shapes. The outputs of successive calls are joined along the last dimension. */
  readonly outputs: readonly { readonly place: number; readonly shape: readonly number[] }[];
  /** Whether several rows may run as one batch. */
  readonly isBatched: boolean;
  ready(rows: number): Ready;
  /** The inputs that stay the same, at their places, for that many rows. */
  fixedFor(rows: number): readonly (FloatArray | undefined)[];
}

/** A row: the samples before its next chunk, those that have come of this chunk, and the states for its next call. */
interface Row {
  readonly window: FloatArray;
  states: readonly FloatArray[];
  /** Memory for the next states; a push exchanges the two. */
  next: readonly FloatArray[];
  received: number;
}

/** The arrays of calls on a number of rows, which later calls use again. */
interface Block {
  readonly window: FloatArray;
  readonly states: readonly FloatArray[];
  readonly outputs: readonly FloatArray[];
  readonly inputs: readonly FloatArray[];
  readonly ready: Ready;
  /** The number of threads for which it was planned. */
  readonly threads: number;
}

/** Rows that come and go, for a network that works chunk by chunk. Rows whose chunk is complete run as one batch. */
export class ChunkRows implements RowsBody {
  readonly dtype: FloatDtype;
  readonly inputs: readonly StreamedInput[];
  readonly #parts: ChunkRowsParts;
  readonly #lanes: number;
  readonly #length: number;
  readonly #rows: (Row | undefined)[] = [];
  readonly #blocks = new Map<number, Block>();
  /** The shapes of the outputs of no call, and of one call. */
  readonly #known: readonly (readonly (readonly number[])[])[];

  constructor(parts: ChunkRowsParts) {
    const { dtype, shape, chunk, context } = parts;
    this.#parts = parts;
    this.dtype = dtype;
    this.#lanes = numelOf(shape.slice(0, -1));
    this.#length = context + chunk;
    const { outputs } = parts;
    this.#known = [outputs.map(({ shape }) => shape.with(-1, 0)), outputs.map(({ shape }) => shape)];
    this.inputs = [
      {
        name: parts.name,
        shapeOf: (positions) => shape.with(-1, positions),
        dim: shape.length - 1,
        batchDim: parts.batchDim,
        times: 1,
      },
    ];
  }

  get latency(): number {
    return this.#parts.chunk;
  }

  get receptiveField(): number {
    return this.#parts.carried.length > 0 ? Number.POSITIVE_INFINITY : this.#length;
  }

  get hop(): number {
    return this.#parts.chunk / this.#parts.outputs[0]!.shape.at(-1)!;
  }

  get bytesPerRow(): number {
    const states = this.#parts.carried.reduce((sum, { shape }) => sum + numelOf(shape), 0);
    return (this.#lanes * this.#length + 2 * states) * bytesPerElement(this.dtype);
  }

  open(row: number): void {
    const makeStates = () => this.#parts.carried.map(({ shape }) => allocate(this.dtype, numelOf(shape)));
    const window = allocate(this.dtype, this.#lanes * this.#length);
    this.#rows[row] = { window, states: makeStates(), next: makeStates(), received: 0 };
  }

  close(row: number): void {
    this.#rows[row] = undefined;
  }

  received(row: number): number {
    return this.#rows[row]!.received;
  }

  #waiting(row: number): number {
    return this.#rows[row]!.received % this.#parts.chunk;
  }

  shapesAfter(row: number, positions: number): readonly (readonly number[])[] {
    return this.#shapes(Math.floor((this.#waiting(row) + positions) / this.#parts.chunk));
  }

  shapesAtEnd(row: number): readonly (readonly number[])[] {
    return this.#shapes(this.#waiting(row) > 0 ? 1 : 0);
  }

  /** The shapes of the outputs of some calls, mostly none or one. */
  #shapes(calls: number): readonly (readonly number[])[] {
    return this.#known[calls] ?? this.#parts.outputs.map(({ shape }) => shape.with(-1, shape.at(-1)! * calls));
  }

  /** Changes what rows keep, after all have been computed. */
  push(calls: readonly RowCall[]): void {
    const { chunk, isBatched } = this.#parts;
    const countOf = (call: RowCall) => Math.floor((this.#waiting(call.row) + call.positions) / chunk);
    for (let round = 0, whole = calls; ; round++) {
      whole = whole.filter((call) => round < countOf(call));
      if (whole.length === 0) break;
      for (const block of blocksOf(whole, isBatched)) this.#compute(block, round);
    }
    for (const call of calls) this.#keep(call, countOf(call));
  }

  /** Keeps what is still needed behind `count` chunks: the samples before the next one, and those that have come of it. */
  #keep({ row, chunks, index, positions }: RowCall, count: number): void {
    const own = this.#rows[row]!;
    const [given] = chunks as [FloatArray];
    const { chunk, context } = this.#parts;
    const there = context + this.#waiting(row);
    const passed = count * chunk;
    const left = Math.max(0, there - passed);
    for (let lane = 0; lane < this.#lanes; lane++) {
      const at = lane * this.#length;
      own.window.copyWithin(at, at + Math.min(passed, there), at + there);
      const source = (index * this.#lanes + lane) * positions + Math.max(0, passed - there);
      const end = (index * this.#lanes + lane + 1) * positions;
      for (let i = source; i < end; i++) own.window[at + left + i - source] = given[i]!;
    }
    if (count > 0) [own.states, own.next] = [own.next, own.states];
    own.received += positions;
  }

  /** One call of the network on some rows: on their chunks with this number, from 0 on. */
  #compute(calls: readonly RowCall[], round: number): void {
    const block = this.#blockOf(calls.length);
    const { carried, outputs, chunk } = this.#parts;
    for (const [i, call] of calls.entries()) {
      this.#fill(block.window, i, call, round * chunk);
      const { states, next } = this.#rows[call.row]!;
      for (const [k, state] of (round === 0 ? states : next).entries()) {
        put(state, block.states[k]!, i, calls.length, carried[k]!);
      }
    }
    block.ready.runInto(block.inputs, block.outputs);
    for (const [i, call] of calls.entries()) {
      const { next } = this.#rows[call.row]!;
      for (const [k, { output }] of carried.entries()) {
        take(block.outputs[output]!, next[k]!, i, calls.length, carried[k]!);
      }
      const rounds = Math.max(1, Math.floor((this.#waiting(call.row) + call.positions) / chunk));
      for (const [k, { place, shape }] of outputs.entries()) {
        const width = shape.at(-1)!;
        const lanes = numelOf(shape) / width;
        const [from, to] = [block.outputs[place]!, call.outputs[k]!];
        for (let lane = 0; lane < lanes; lane++) {
          const source = (i * lanes + lane) * width;
          const target = ((call.index * lanes + lane) * rounds + round) * width;
          for (let j = 0; j < width; j++) to[target + j] = from[source + j]!;
        }
      }
    }
  }

  /** Row i of a block: what the row has kept and what has come behind it, without the first `passed` of both; zeros where nothing comes any more. */
  #fill(all: FloatArray, i: number, { row, chunks: [given], index, positions }: RowCall, passed: number): void {
    const { window } = this.#rows[row]!;
    const there = this.#parts.context + this.#waiting(row);
    const kept = Math.max(0, there - passed);
    for (let lane = 0; lane < this.#lanes; lane++) {
      const source = lane * this.#length + passed;
      const target = (i * this.#lanes + lane) * this.#length;
      for (let k = 0; k < kept; k++) all[target + k] = window[source + k]!;
      const begin = (index * this.#lanes + lane) * positions + Math.max(0, passed - there);
      if (given === undefined) all.fill(0, target + kept, target + this.#length);
      else all.set(given.subarray(begin, begin + this.#length - kept), target + kept);
    }
  }

  #blockOf(rows: number): Block {
    const { carried, place } = this.#parts;
    const threads = getNumThreads();
    const known = this.#blocks.get(rows);
    if (known?.threads === threads) return known;
    const ready = this.#parts.ready(rows);
    const window = allocate(this.dtype, rows * this.#lanes * this.#length);
    const states = carried.map(({ shape }) => allocate(this.dtype, rows * numelOf(shape)));
    const inputs = this.#parts
      .fixedFor(rows)
      .map((array, i) => (i === place ? window : (array ?? states[carried.findIndex(({ input }) => input === i)]!)));
    const outputs = ready.outputs.map(({ shape }) => allocate(this.dtype, numelOf(shape)));
    const block = { window, states, outputs, inputs, ready, threads };
    this.#blocks.set(rows, block);
    return block;
  }

  flush(calls: readonly RowCall[]): void {
    const { chunk, isBatched } = this.#parts;
    const last = calls
      .filter(({ row }) => this.#waiting(row) > 0)
      .map((call) => ({ ...call, chunks: [], positions: chunk - this.#waiting(call.row) }));
    for (const block of blocksOf(last, isBatched)) this.#compute(block, 0);
  }

  beginAmid(row: number): boolean {
    if (this.#waiting(row) > 0) return false;
    const { received } = this.#rows[row]!;
    this.open(row);
    this.#rows[row]!.received = received;
    return true;
  }

  keptAt(): number {
    const { context, carried } = this.#parts;
    return this.#lanes * context + carried.reduce((sum, { shape }) => sum + numelOf(shape), 0);
  }

  standing(row: number): Omit<NetworkStanding, 'ended'> {
    const { context } = this.#parts;
    const { window, states, received } = this.#rows[row]!;
    const waiting = this.#waiting(row);
    const kept = allocate(this.dtype, this.keptAt());
    const pending = allocate(this.dtype, this.#lanes * waiting);
    for (let lane = 0; lane < this.#lanes; lane++) {
      const at = lane * this.#length;
      kept.set(window.subarray(at, at + context), lane * context);
      pending.set(window.subarray(at + context, at + context + waiting), lane * waiting);
    }
    let to = this.#lanes * context;
    for (const state of states) {
      kept.set(state, to);
      to += state.length;
    }
    return { received, computed: received - waiting, kept, pending: [pending] };
  }

  restore(row: number, { received, computed, kept, pending }: NetworkStanding): void {
    const { chunk, context } = this.#parts;
    const waiting = received - computed;
    if (waiting >= chunk || computed % chunk !== 0) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `setState(): computed must be a multiple of the chunk, ${chunk}, and less than one before received`,
      );
    }
    this.open(row);
    const own = this.#rows[row]!;
    for (let lane = 0; lane < this.#lanes; lane++) {
      own.window.set(kept.subarray(lane * context, (lane + 1) * context), lane * this.#length);
      own.window.set(pending[0]!.subarray(lane * waiting, (lane + 1) * waiting), lane * this.#length + context);
    }
    let from = this.#lanes * context;
    for (const state of own.states) {
      state.set(kept.subarray(from, from + state.length));
      from += state.length;
    }
    own.received = received;
  }
}

/** Puts a row's state where it lies in that of several rows. */
function put(state: FloatArray, all: FloatArray, row: number, rows: number, { shape, batchDim }: Placed): void {
  const inner = numelOf(shape.slice(batchDim + 1));
  if (inner === state.length) {
    all.set(state, row * inner);
    return;
  }
  for (let outer = 0; outer * inner < state.length; outer++) {
    for (let i = 0; i < inner; i++) all[(outer * rows + row) * inner + i] = state[outer * inner + i]!;
  }
}

/** The other way round. */
function take(all: FloatArray, state: FloatArray, row: number, rows: number, { shape, batchDim }: Placed): void {
  const inner = numelOf(shape.slice(batchDim + 1));
  for (let outer = 0; outer * inner < state.length; outer++) {
    for (let i = 0; i < inner; i++) state[outer * inner + i] = all[(outer * rows + row) * inner + i]!;
  }
}

interface Placed {
  readonly shape: readonly number[];
  readonly batchDim: number;
}
