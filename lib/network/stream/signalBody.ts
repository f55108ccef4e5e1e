import { rangeError } from '../../check/errors.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import { formatShape, numelOf } from '../../tensor/shape.ts';
import type { NetworkSizes } from '../plan/sizes.ts';
import type { StreamBody, StreamedInput } from './body.ts';
import { type Chunk, SpareArrays, type StreamEngine } from './engine.ts';
import { Pending } from './pending.ts';
import type { NetworkStanding } from './standing.ts';

/** What a stream of signals is made with. */
export interface SignalParts {
  readonly engine: StreamEngine;
  readonly batch: number;
  /** How many units the batch is: its items, or 1. */
  readonly units: number;
  readonly inputs: readonly StreamedInput[];
  /** The place of each of these among the network's inputs. */
  readonly places: readonly number[];
  /** The other inputs, at their places. */
  readonly fixed: readonly (FloatArray | undefined)[];
  /** Checks whole signals of so many positions, as `forward` does; throws what that throws. */
  sizesOf(positions: number): NetworkSizes;
}

/** A stream of signals without an end that is known: what is computed goes on where the chunk before ended. */
export class SignalBody implements StreamBody {
  readonly dtype: FloatDtype;
  readonly batch: number;
  readonly inputs: readonly StreamedInput[];
  readonly #parts: SignalParts;
  readonly #spare: SpareArrays;
  readonly #pending: readonly Pending[];
  #received = 0;
  #computed = 0;
  /** How many positions bring the next output. */
  #wanted: number;
  #kept: FloatArray;

  constructor(parts: SignalParts) {
    const { engine, batch, inputs, units } = parts;
    this.#parts = parts;
    this.dtype = engine.dtype;
    this.batch = batch;
    this.inputs = inputs;
    this.#spare = new SpareArrays(engine.dtype);
    this.#pending = inputs.map(({ shapeOf, dim }) => {
      const shape = shapeOf(1);
      return new Pending({ rows: numelOf(shape.slice(0, dim)), inner: numelOf(shape.slice(dim + 1)) }, this.#spare);
    });
    this.#wanted = engine.nextOutput(0);
    this.#kept = this.#spare.take(units * engine.keptAt(0)).fill(0);
  }

  get received(): number {
    return this.#received;
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

  shapesAfter(positions: number): readonly (readonly number[])[] {
    const count = this.#received - this.#computed + positions;
    return count < this.#wanted ? this.#shapes(null) : this.#shapes(this.#parts.engine.chunk(this.#computed, count));
  }

  shapesAtEnd(): readonly (readonly number[])[] {
    return this.#shapes(this.#last());
  }

  /** Null where nothing is computed. */
  #shapes(chunk: Chunk | null): readonly (readonly number[])[] {
    const { engine, units } = this.#parts;
    const { graph, signals, sizes } = engine.streamable;
    return graph.outputs.map((value, i) => {
      if (chunk !== null) return engine.shapeOf(chunk, i, units);
      return engine.shapeOfNothing(sizes.metaOf(value).shape.with(signals.get(value)!.dim, 0), i, units);
    });
  }

  push(chunks: readonly FloatArray[], positions: number, outputs: readonly FloatArray[]): void {
    const { engine } = this.#parts;
    const count = this.#received - this.#computed + positions;
    if (positions === 0) return;
    const joined = chunks.map((chunk, i) => this.#pending[i]!.joined(chunk));
    if (count < this.#wanted) {
      for (const [i, each] of joined.entries()) this.#pending[i]!.set(each);
      this.#received += positions;
      this.#giveBack(joined, chunks);
      return;
    }
    this.#run(engine.chunk(this.#computed, count), joined, outputs);
    this.#giveBack(joined, chunks);
    for (const pending of this.#pending) pending.clear();
    this.#received += positions;
    this.#computed += count;
    this.#wanted = engine.nextOutput(this.#computed);
  }

  flush(outputs: readonly FloatArray[]): void {
    const chunk = this.#last();
    if (chunk !== null && outputs.some(({ length }) => length > 0)) {
      this.#run(
        chunk,
        this.#pending.map(({ elements }) => elements),
        outputs,
      );
    }
  }

  #run(chunk: Chunk, signals: readonly FloatArray[], outputs: readonly FloatArray[]): void {
    const { engine, units, places, fixed } = this.#parts;
    const next = this.#spare.take(units * chunk.outputs.at(-1)!);
    const inputs = fixed.map((array, i) => array ?? signals[places.indexOf(i)]!);
    try {
      engine.run(chunk, units, { inputs, state: this.#kept, outputs, next });
    } catch (error) {
      this.#spare.give(next);
      throw error;
    }
    this.#spare.give(this.#kept);
    this.#kept = next;
  }

  /** The chunk behind which the signal ends; null for a signal of nothing. */
  #last(): Chunk | null {
    if (this.#received === 0) return null;
    return this.#parts.engine.last(this.#computed, this.#parts.sizesOf(this.#received));
  }

  #giveBack(joined: readonly FloatArray[], chunks: readonly FloatArray[]): void {
    for (const [i, array] of joined.entries()) if (array !== chunks[i]) this.#spare.give(array);
  }

  reset(): void {
    const { engine, units } = this.#parts;
    this.#spare.give(this.#kept);
    this.#kept = this.#spare.take(units * engine.keptAt(0)).fill(0);
    for (const pending of this.#pending) pending.clear();
    this.#received = 0;
    this.#computed = 0;
    this.#wanted = engine.nextOutput(0);
  }

  resetRows(rows: ReadonlySet<number>): void {
    const { engine, units } = this.#parts;
    if (units !== this.batch || this.#received !== this.#computed || !engine.beginsAt(this.#computed)) {
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `rows ${formatShape([...rows])} cannot begin anew by themselves: a new signal would not be in step with the others; reset() all rows, or ` +
          'give each signal a row of network.streams()',
      );
    }
    const length = this.#kept.length / units;
    for (const row of rows) this.#kept.fill(0, row * length, (row + 1) * length);
  }

  keptAt(computed: number): number {
    return this.#parts.units * this.#parts.engine.keptAt(computed);
  }

  standing(): Omit<NetworkStanding, 'ended'> {
    return {
      received: this.#received,
      computed: this.#computed,
      kept: this.#kept,
      pending: this.#pending.map(({ elements }) => elements),
    };
  }

  restore({ received, computed, kept, pending }: NetworkStanding): void {
    this.#received = received;
    this.#computed = computed;
    this.#spare.give(this.#kept);
    this.#kept = this.#spare.take(kept.length);
    this.#kept.set(kept);
    for (const [i, elements] of pending.entries()) this.#pending[i]!.set(elements);
    this.#wanted = this.#parts.engine.nextOutput(computed);
  }
}
