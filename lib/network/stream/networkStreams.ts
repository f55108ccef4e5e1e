import { rangeError, typeError } from '../../check/errors.ts';
import { describe } from '../../check/validate.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { RowFixed } from './fixedInputs.ts';
import type { RowsParts } from './make.ts';
import { OpenRows } from './openRows.ts';
import { type NetworkPushOptions, type RowOptions, readNetworkOut, readRowOptions } from './options.ts';
import { giveResults, makeResults, type Outs, type Results, readOuts } from './results.ts';
import { type ReadChunks, readRowChunks } from './rowChunks.ts';
import { type RowCall, type RowsBody, type StreamTraits, severalOf } from './rowsBody.ts';
import {
  MOST_RECEIVED,
  makeNetworkState,
  type NetworkStreamState,
  ownerOf,
  readNetworkState,
  type StandingOwner,
} from './standing.ts';
import { Turn } from './turn.ts';

/** What NetworkStreams' constructor takes before anything else: nobody else has it. */
const MADE = Symbol('made');

/**
 * Chunks for several rows: one tensor with a batch of as many signals, of one length; or an array with a tensor for each row, of any lengths; of a
 * network with several inputs that go on, an object with either by their names.
 *
 * @category Networks
 */
export type RowChunks = Tensor | readonly Tensor[] | { readonly [input: string]: Tensor | readonly Tensor[] };

/**
 * The options of a push of many streams.
 *
 * @category Networks
 */
export interface RowsPushOptions {
  /** Where the result goes, when the chunks are one tensor: as of a stream. */
  readonly out?: NetworkPushOptions['out'];
}

/**
 * Many streams of one network that come and go, each with its own state. Make them with `network.streams({ capacity })`. Rows that have data are
 * run as one batch; the bits of each are those that it has alone.
 *
 * @typeParam Result  what a row gives: what the forward returns, with as many points as are ready
 * @example
 * const network = compile(new nn.Conv1d(2, 3, 5, { padding: 'causal' }).eval(), { input: rand(1, 2, 100) });
 * const streams = network.streams({ capacity: 1000 });
 * const [a, b] = [streams.open(), streams.open()];
 * streams.push([a, b], rand(2, 2, 160)).shape;   // [2, 3, 160]
 * streams.close(a);
 * @category Networks
 */
export class NetworkStreams<Result = Tensor> {
  readonly #body: RowsBody;
  readonly #traits: StreamTraits;
  /** How many signals a row has. */
  readonly #batch: number;
  /** What rows have of inputs that do not go on when they are opened without something of their own. */
  readonly #fixed: RowFixed;
  readonly #rows: OpenRows;
  readonly #turn = new Turn('streams');

  /** @internal Use `network.streams()`. */
  constructor(made: typeof MADE, parts: RowsParts) {
    if (made !== MADE) {
      throw typeError('ERR_CONV1D_TYPE', 'NetworkStreams is not to be constructed; make them with network.streams()');
    }
    const { body, traits, batch, fixed, capacity } = parts;
    this.#body = body;
    this.#traits = traits;
    this.#batch = batch;
    this.#fixed = fixed;
    this.#rows = new OpenRows(capacity);
  }

  /** How many rows there may be at a time. */
  get capacity(): number {
    return requireStreams(this, 'capacity').#rows.capacity;
  }

  /** How many rows are open. */
  get size(): number {
    return requireStreams(this, 'size').#rows.size;
  }

  /** The inputs of a row that must have been pushed before its first output comes. */
  get latency(): number {
    return requireStreams(this, 'latency').#body.latency;
  }

  /** How many inputs one output depends on, at most; Infinity where a state is carried on. */
  get receptiveField(): number {
    return requireStreams(this, 'receptiveField').#body.receptiveField;
  }

  /** Inputs for each point of the first output. */
  get hop(): number {
    return requireStreams(this, 'hop').#body.hop;
  }

  /** The bytes that an open row keeps between pushes, beside inputs that wait for more: it does not grow with the signal. */
  get bytesPerRow(): number {
    return requireStreams(this, 'bytesPerRow').#body.bytesPerRow;
  }

  /** Whether a row is open. */
  isOpen(row: number): boolean {
    const rows = requireStreams(this, 'isOpen').#rows;
    return typeof row === 'number' && rows.isOpen(row);
  }

  /**
   * Opens a row: a new signal.
   *
   * @param options  `fixed`: inputs that do not go on with the signal, of this row, as a speaker's embedding with a batch of 1; they stay the same
   *                 until it is closed. Those that are left out are those of `network.streams({ fixed })`
   * @returns        its number, from 0 to capacity - 1: the one that was closed last, if any
   * @throws TypeError ERR_CONV1D_TYPE      when an input that does not go on is given neither here nor there, or is no tensor
   * @throws TypeError ERR_CONV1D_OPTION    when the name of an option or an input is unknown
   * @throws RangeError ERR_CONV1D_SHAPE    when an input has another shape or dtype
   * @throws RangeError ERR_CONV1D_STREAM   when all rows are open, and from within another call
   */
  open(options?: RowOptions): number {
    return requireStreams(this, 'open').#turn.run('open', () => {
      const row = this.#rows.next;
      const [own] = this.#body.fixed.read(readRowOptions(options), 1, 'open()') as readonly [RowFixed];
      this.#body.open(row, this.#body.fixed.complete(this.#fixed, own, 'open()', ', here or to network.streams()'));
      this.#rows.open();
      return row;
    });
  }

  /**
   * Closes a row; what it kept is gone, and its number may be another's next.
   *
   * @throws RangeError ERR_CONV1D_STREAM  when it is not open
   */
  close(row: number): void {
    requireStreams(this, 'close').#turn.run('close', () => {
      this.#rows.require(row, 'close(): row');
      this.#body.close(row);
      this.#rows.close(row);
    });
  }

  /**
   * Takes the next chunks of some rows, and gives the outputs that they complete. A push that throws has consumed nothing.
   *
   * @param rows    numbers of open rows, each once
   * @param chunks  one tensor with a batch of as many signals, in the order of the rows; or a tensor for each row, with a batch of 1 and a length
   *                of its own
   * @returns       one result with the batch of the rows for one tensor; an array with a result for each row otherwise
   * @throws TypeError ERR_CONV1D_TYPE      when rows or chunks are of the wrong kind
   * @throws TypeError ERR_CONV1D_DTYPE     when a chunk is of another dtype than the network
   * @throws RangeError ERR_CONV1D_VALUE    when a row is not open, or given twice
   * @throws RangeError ERR_CONV1D_SHAPE    when a chunk has another shape; or when the rows of one tensor are not in step, so that their outputs differ
   *                                        in length: give an array then
   * @throws RangeError ERR_CONV1D_STREAM   when a row has ended, and from within another call
   * @throws RangeError ERR_CONV1D_MEMORY   when there is no memory
   */
  push(rows: readonly number[], chunks: Tensor, options?: RowsPushOptions): Result;
  push(rows: readonly number[], chunks: readonly Tensor[]): Result[];
  push(rows: readonly number[], chunks: RowChunks, options?: RowsPushOptions): Result | Result[];
  push(rows: readonly number[], chunks: RowChunks, options?: RowsPushOptions): Result | Result[] {
    return requireStreams(this, 'push').#turn.run('push', () => {
      const outs = readOuts(readNetworkOut(options, 'push'), this.#traits);
      const own = this.#rows.read(rows);
      for (const row of own) this.#rows.requireGoing(row);
      const read = readRowChunks(this.#body, chunks, own.length, this.#traits.canJoin);
      for (const [i, row] of own.entries()) this.#requireCountable(row, read.positions[i]!);
      if (read.isTensor) return this.#pushTensor(own, read, outs);
      if (outs !== null) throw typeError('ERR_CONV1D_TYPE', 'push(): out is for chunks in one tensor');
      const { dtype } = this.#body;
      const results = own.map((row, i) =>
        makeResults(this.#body.shapesAfter(row, read.positions[i]!), null, [], { dtype, operator: 'push' }),
      );
      this.#body.push(
        own.map((row, i) => ({
          row,
          chunks: read.arrays[i]!,
          positions: read.positions[i]!,
          outputs: results[i]!.memories,
          index: 0,
        })),
      );
      return results.map((each) => this.#resultOf(each));
    });
  }

  #pushTensor(rows: readonly number[], { arrays, positions }: ReadChunks, outs: Outs): Result {
    const { dtype } = this.#body;
    const shapes = rows.map((row, i) => this.#body.shapesAfter(row, positions[i]!));
    const [first] = shapes;
    if (first === undefined) throw rangeError('ERR_CONV1D_VALUE', 'push(): there are no rows; give at least one');
    const other = shapes.findIndex((each) => each.some((shape, i) => !sameShape(shape, first[i]!)));
    if (other >= 0) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `push(): rows ${rows[0]} and ${rows[other]} are not in step: their outputs are ${formatShape(first[0]!)} and ${formatShape(shapes[other]![0]!)}; give an array of chunks, one for each row`,
      );
    }
    const whole = first.map((shape, i) => severalOf(shape, this.#traits.batchDims[i]!, rows.length));
    const results = makeResults(whole, outs, arrays[0]!, { dtype, operator: 'push' });
    this.#body.push(
      rows.map(
        (row, i): RowCall => ({
          row,
          chunks: arrays[i]!,
          positions: positions[i]!,
          outputs: results.memories,
          index: i,
        }),
      ),
    );
    return this.#resultOf(results);
  }

  /**
   * Ends the signal of a row, and gives the outputs that the end completes. Afterwards the row is to be closed, or begun anew by {@link reset}.
   *
   * @throws                               what `network.forward` throws for such a signal
   * @throws RangeError ERR_CONV1D_VALUE   when the row is not open
   * @throws RangeError ERR_CONV1D_STREAM  when it has ended, and from within another call
   */
  flush(row: number): Result {
    return requireStreams(this, 'flush').#turn.run('flush', () => {
      this.#rows.require(row, 'flush(): row');
      this.#rows.requireGoing(row);
      const { dtype } = this.#body;
      const results = makeResults(this.#body.shapesAtEnd(row), null, [], { dtype, operator: 'flush' });
      this.#body.flush([{ row, chunks: [], positions: 0, outputs: results.memories, index: 0 }]);
      this.#rows.setEnded(row, true);
      return this.#resultOf(results);
    });
  }

  /**
   * Begins new signals in some rows, with the fixed inputs that they were opened with.
   *
   * @throws RangeError ERR_CONV1D_VALUE  when a row is not open, or given twice
   */
  reset(rows: readonly number[]): void {
    requireStreams(this, 'reset').#turn.run('reset', () => {
      for (const row of this.#rows.read(rows)) {
        this.#body.begin(row);
        this.#rows.setEnded(row, false);
      }
    });
  }

  /** Where a row stands: as of a stream with a batch of 1, which takes it as well. */
  getState(row: number): NetworkStreamState {
    return requireStreams(this, 'getState').#turn.run('getState', () => {
      this.#rows.require(row, 'getState(): row');
      return makeNetworkState(this.#owner(), { ...this.#body.standing(row), ended: this.#rows.hasEnded(row) });
    });
  }

  /**
   * Has a row go on where another one stood, or a stream with a batch of 1. It checks the whole state before anything changes.
   *
   * @throws  as `setState` of a stream
   */
  setState(row: number, state: NetworkStreamState): void {
    requireStreams(this, 'setState').#turn.run('setState', () => {
      this.#rows.require(row, 'setState(): row');
      const standing = readNetworkState(this.#owner(), state);
      this.#body.restore(row, standing);
      this.#rows.setEnded(row, standing.ended);
    });
  }

  #owner(): StandingOwner {
    return ownerOf(this.#body, { network: this.#traits.kind, batch: this.#batch, rows: 1 });
  }

  #resultOf(results: Results): Result {
    return giveResults(results, this.#traits, { dtype: this.#body.dtype, isNamed: false }) as Result;
  }

  #requireCountable(row: number, positions: number): void {
    if (this.#body.received(row) + positions <= MOST_RECEIVED) return;
    throw rangeError('ERR_CONV1D_VALUE', `row ${row} has had more than 2^48 inputs; reset() it before that`);
  }

  /** Whether a value is some of this library; an object that only inherits from their prototype is not. */
  static areStreams(value: unknown): value is NetworkStreams<unknown> {
    return typeof value === 'object' && value !== null && #turn in value;
  }
}

/** @internal For network.streams(). */
export function makeNetworkStreams<R>(parts: RowsParts): NetworkStreams<R> {
  return new NetworkStreams<R>(MADE, parts);
}

function requireStreams<R>(self: NetworkStreams<R>, member: string): NetworkStreams<R> {
  if (NetworkStreams.areStreams(self)) return self;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${member} must be called on streams: streams.${member}, not on ${describe(self)}`,
  );
}
