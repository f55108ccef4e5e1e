import { rangeError } from '../../check/errors.ts';
import { allocate } from '../../tensor/allocate.ts';
import { bytesPerElement, type FloatArray, type FloatDtype } from '../../tensor/dtype.ts';
import { numelOf } from '../../tensor/shape.ts';
import type { NetworkSizes } from '../plan/sizes.ts';
import { type Chunk, SpareArrays, type StreamEngine } from './engine.ts';
import { Pending } from './pending.ts';
import { blocksOf, partOf, type RowCall, type RowsBody, type StreamedInput } from './rowsBody.ts';
import type { NetworkStanding } from './standing.ts';

/** The parts of rows of signals; shapes are those of one row. */
export interface SignalRowsParts {
  readonly engine: StreamEngine;
  readonly inputs: readonly StreamedInput[];
  /** The place of each of these among the network's inputs. */
  readonly places: readonly number[];
  /** The inputs that stay the same, at their places, for that many rows. */
  fixedFor(rows: number): readonly (FloatArray | undefined)[];
  /** Checks whole signals of that many positions, as `forward` does; throws what that throws. */
  sizesOf(positions: number): NetworkSizes;
  /** Whether several rows may run together. */
  readonly isBatched: boolean;
}

interface Row {
  kept: FloatArray;
  readonly pending: readonly Pending[];
  received: number;
  computed: number;
  /** The chunk of the next `count` positions, if somebody has asked for it: a push first asks for shapes. */
  asked: { readonly count: number; readonly chunk: Chunk } | null;
}

/** A row for which a push computes outputs, and their inputs. */
interface Due {
  readonly call: RowCall;
  readonly count: number;
  readonly signals: readonly FloatArray[];
  next: FloatArray | null;
}

/** Rows that come and go, for a network that streams. Rows whose next chunks have the same program run as one batch. */
export class SignalRows implements RowsBody {
  readonly dtype: FloatDtype;
  readonly inputs: readonly StreamedInput[];
  readonly #parts: SignalRowsParts;
  readonly #spare: SpareArrays;
  readonly #rows: (Row | undefined)[] = [];
  readonly #fixed = new Map<number, readonly (FloatArray | undefined)[]>();

  constructor(parts: SignalRowsParts) {
    this.#parts = parts;
    this.dtype = parts.engine.dtype;
    this.inputs = parts.inputs;
    this.#spare = new SpareArrays(this.dtype);
  }

  get latency(): number {
    return this.#parts.engine.nextOutput(0);
  }

  get receptiveField(): number {
    return this.#parts.engine.timeline.receptiveField;
  }

  get hop(): number {
    const { graph, signals } = this.#parts.engine.streamable;
    const { times, over } = signals.get(graph.outputs[0]!)!.rate;
    return over / times;
  }

  get bytesPerRow(): number {
    return this.#parts.engine.mostKept * bytesPerElement(this.dtype);
  }

  open(row: number): void {
    const { engine, inputs } = this.#parts;
    this.#rows[row] = {
      kept: allocate(this.dtype, engine.keptAt(0)),
      pending: inputs.map(({ shapeOf, dim }) => {
        const shape = shapeOf(1);
        return new Pending({ rows: numelOf(shape.slice(0, dim)), inner: numelOf(shape.slice(dim + 1)) }, this.#spare);
      }),
      received: 0,
      computed: 0,
      asked: null,
    };
  }

  close(row: number): void {
    this.#rows[row] = undefined;
  }

  received(row: number): number {
    return this.#rows[row]!.received;
  }

  shapesAfter(row: number, positions: number): readonly (readonly number[])[] {
    const { received, computed } = this.#rows[row]!;
    const count = received - computed + positions;
    return this.#shapes(this.#chunkOf(this.#rows[row]!, count));
  }

  shapesAtEnd(row: number): readonly (readonly number[])[] {
    return this.#shapes(this.#last(this.#rows[row]!));
  }

  /** The chunk of the next `count` positions; null if they bring no output. */
  #chunkOf(row: Row, count: number): Chunk | null {
    if (row.asked?.count === count) return row.asked.chunk;
    const { engine } = this.#parts;
    if (count < engine.nextOutput(row.computed)) return null;
    const chunk = engine.chunk(row.computed, count);
    row.asked = { count, chunk };
    return chunk;
  }

  #shapes(chunk: Chunk | null): readonly (readonly number[])[] {
    const { graph, signals, sizes } = this.#parts.engine.streamable;
    return chunk?.shapes ?? graph.outputs.map((value) => sizes.metaOf(value).shape.with(signals.get(value)!.dim, 0));
  }

  push(calls: readonly RowCall[]): void {
    const due = new Map<Chunk, Due[]>();
    const waiting: { row: Row; signals: readonly FloatArray[] }[] = [];
    for (const call of calls) {
      const row = this.#rows[call.row]!;
      if (call.positions === 0) continue;
      const count = row.received - row.computed + call.positions;
      const signals = call.chunks.map((chunk, i) => {
        const length = numelOf(this.inputs[i]!.shapeOf(call.positions));
        return row.pending[i]!.joined(partOf(chunk, call.index, length));
      });
      const chunk = this.#chunkOf(row, count);
      if (chunk === null) {
        waiting.push({ row, signals });
        continue;
      }
      const known = due.get(chunk);
      const own: Due = { call, count, signals, next: null };
      if (known === undefined) due.set(chunk, [own]);
      else known.push(own);
    }
    this.#computeAll(due);
    // Nothing can fail any more.
    for (const { row, signals } of waiting) {
      for (const [i, each] of signals.entries()) row.pending[i]!.set(each);
    }
    for (const list of due.values()) {
      for (const { call, count, next } of list) {
        const row = this.#rows[call.row]!;
        this.#spare.give(row.kept);
        row.kept = next!;
        row.computed += count;
        row.asked = null;
        for (const pending of row.pending) pending.clear();
      }
    }
    for (const { row, positions } of calls) this.#rows[row]!.received += positions;
  }

  #computeAll(due: ReadonlyMap<Chunk, readonly Due[]>): void {
    for (const [chunk, list] of due) {
      for (const block of blocksOf(list, this.#parts.isBatched)) this.#compute(chunk, block);
    }
  }

  /** Computes rows whose next chunk is the same. */
  #compute(chunk: Chunk, block: readonly Due[]): void {
    const { engine, places } = this.#parts;
    const units = block.length;
    const fixed = this.#fixedFor(units);
    const gather = (length: number, of: (due: Due) => FloatArray): FloatArray => {
      if (units === 1) return of(block[0]!);
      const all = this.#spare.take(units * length);
      for (const [i, due] of block.entries()) all.set(of(due), i * length);
      return all;
    };
    const inputs = fixed.map(
      (array, i) => array ?? gather(chunk.inputs[i]!, ({ signals }) => signals[places.indexOf(i)]!),
    );
    const state = gather(chunk.inputs.at(-1)!, ({ call }) => this.#rows[call.row]!.kept);
    const counts = chunk.outputs.slice(0, -1);
    const outputs = counts.map((count, i) =>
      units === 1 ? partOf(block[0]!.call.outputs[i]!, block[0]!.call.index, count) : this.#spare.take(units * count),
    );
    const kept = chunk.outputs.at(-1)!;
    const next = this.#spare.take(units * kept);
    engine.run(chunk, units, { inputs, state, outputs, next });
    for (const [i, due] of block.entries()) {
      if (units === 1) {
        due.next = next;
        continue;
      }
      due.next = this.#spare.take(kept);
      due.next.set(next.subarray(i * kept, (i + 1) * kept));
      for (const [k, count] of counts.entries()) {
        due.call.outputs[k]!.set(outputs[k]!.subarray(i * count, (i + 1) * count), due.call.index * count);
      }
    }
    if (units === 1) return;
    for (const array of [...inputs.filter((_, i) => fixed[i] === undefined), state, ...outputs])
      this.#spare.give(array);
  }

  flush(calls: readonly RowCall[]): void {
    const due = new Map<Chunk, Due[]>();
    for (const call of calls) {
      const row = this.#rows[call.row]!;
      const chunk = this.#last(row);
      if (chunk === null || call.outputs.every(({ length }) => length === 0)) continue;
      const signals = row.pending.map(({ elements }) => elements);
      const own: Due = { call, count: 0, signals, next: null };
      const known = due.get(chunk);
      if (known === undefined) due.set(chunk, [own]);
      else known.push(own);
    }
    this.#computeAll(due);
  }

  beginAmid(row: number): boolean {
    const { received, computed, kept } = this.#rows[row]!;
    if (received !== computed || !this.#parts.engine.beginsAt(computed)) return false;
    kept.fill(0);
    return true;
  }

  /** The inputs that stay the same, copied once per number of rows. */
  #fixedFor(rows: number): readonly (FloatArray | undefined)[] {
    const known = this.#fixed.get(rows) ?? this.#parts.fixedFor(rows);
    this.#fixed.set(rows, known);
    return known;
  }

  #last({ received, computed }: Row): Chunk | null {
    if (received === 0) return null;
    // A signal of many days is longer than any tensor; it ends in the same way as a short one.
    const { engine } = this.#parts;
    const repeated = engine.repeatedBefore(computed);
    return engine.last(computed - repeated, this.#parts.sizesOf(received - repeated));
  }

  keptAt(computed: number): number {
    return this.#parts.engine.keptAt(computed);
  }

  standing(row: number): Omit<NetworkStanding, 'ended'> {
    const { received, computed, kept, pending } = this.#rows[row]!;
    return { received, computed, kept, pending: pending.map(({ elements }) => elements) };
  }

  restore(row: number, { received, computed, kept, pending }: NetworkStanding): void {
    if (received > computed && received - computed >= this.#parts.engine.nextOutput(computed)) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `setState(): ${received - computed} inputs cannot wait behind ${computed}: they complete outputs`,
      );
    }
    this.open(row);
    const own = this.#rows[row]!;
    own.received = received;
    own.computed = computed;
    own.kept = kept.slice();
    for (const [i, elements] of pending.entries()) own.pending[i]!.set(elements);
  }
}
