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

/** The first argument of NetworkStreams' constructor: only this module has it. */
const MADE = Symbol('made');

/**
 * Chunks for several rows: one tensor whose batch has a signal per row, all of one length; or an array with a tensor per row, of any lengths. If the
 * network has several inputs that go on with the signal, an object with either of these by their names.
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
  /** Where the result goes, if the chunks are one tensor: as for a stream. Default: new tensors. */
  readonly out?: NetworkPushOptions['out'];
}

/**
 * Many streams of one network that open and close at any time, each with its own state. Make them with `network.streams({ capacity })`. A push runs
 * the rows that have data as one batch; each row gets the bits that it would get alone.
 *
 * @typeParam Result  the result of a row: as of the forward, with as many points as are ready
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
  /** The inputs of `streams({ fixed })`, for rows that are opened without their own. */
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

  /** How many rows may be open at a time. */
  get capacity(): number {
    return requireStreams(this, 'capacity').#rows.capacity;
  }

  /** How many rows are open. */
  get size(): number {
    return requireStreams(this, 'size').#rows.size;
  }

  /** How many inputs of a row must come before its first output. */
  get latency(): number {
    return requireStreams(this, 'latency').#body.latency;
  }

  /** How many inputs one output depends on, at most; Infinity if the network carries a state on. */
  get receptiveField(): number {
    return requireStreams(this, 'receptiveField').#body.receptiveField;
  }

  /** Inputs per point of the first output. */
  get hop(): number {
    return requireStreams(this, 'hop').#body.hop;
  }

  /** The bytes that an open row keeps between pushes, beside inputs that wait for more. They do not grow with the signal. */
  get bytesPerRow(): number {
    return requireStreams(this, 'bytesPerRow').#body.bytesPerRow;
  }

  /** Whether a row is open. */
  isOpen(row: number): boolean {
    const rows = requireStreams(this, 'isOpen').#rows;
    return typeof row === 'number' && rows.isOpen(row);
  }

  /**
   * Opens a row for a new signal.
   *
   * @param options  `fixed`: inputs of this row that stay the same until it is closed, such as the embedding of a speaker, each with a batch of 1. For
   *                 inputs that you leave out, the row takes those of `network.streams({ fixed })`
   * @returns        the row's number, from 0 to capacity - 1: that of the row closed last, if any
   * @throws TypeError ERR_CONV1D_TYPE      when an input that stays the same is missing in both places, or is no tensor
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
   * Closes a row, and frees what it kept. The next `open` may give its number to another signal.
   *
   * @throws RangeError ERR_CONV1D_VALUE   when the row is not open
   * @throws RangeError ERR_CONV1D_STREAM  from within another call
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
   * @param rows     numbers of open rows, each once
   * @param chunks   one tensor whose batch has a signal per row, in the order of `rows`; or an array with a tensor per row, each with a batch of 1
   *                 and a length of its own
   * @param options  `out`: where the result goes
   * @returns        for one tensor, one result with the batch of the rows, or `out`; for an array, an array with a result per row
   * @throws TypeError ERR_CONV1D_TYPE      when rows, chunks or `out` are of the wrong kind
   * @throws TypeError ERR_CONV1D_DTYPE     when a chunk has another dtype than the network
   * @throws RangeError ERR_CONV1D_VALUE    when a row is not open, or you give it twice
   * @throws RangeError ERR_CONV1D_SHAPE    when a chunk has a wrong shape, or when the rows of one tensor are not in step, so that their outputs differ
   *                                        in length: give an array then
   * @throws RangeError ERR_CONV1D_STREAM   when a row has ended, and from within another call
   * @throws RangeError ERR_CONV1D_MEMORY   when there is no memory
   * @example
   * const network = compile(new nn.Conv1d(2, 3, 5, { padding: 'causal' }).eval(), { input: rand(1, 2, 100) });
   * const streams = network.streams({ capacity: 8 });
   * const rows = [streams.open(), streams.open()];
   * streams.push(rows, rand(2, 2, 160)).shape;                                          // [2, 3, 160]
   * streams.push(rows, [rand(1, 2, 5), rand(1, 2, 7)]).map((y) => y.shape[2]);          // [5, 7]
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
   * Ends the signal of a row, and gives the outputs that the end completes. Afterwards, {@link close} the row, or begin a new signal with
   * {@link reset}.
   *
   * @returns                              the result of that row
   * @throws                               what `network.forward` throws for a signal that is too short
   * @throws RangeError ERR_CONV1D_VALUE   when the row is not open
   * @throws RangeError ERR_CONV1D_STREAM  when its signal has ended already, and from within another call
   * @example
   * const network = compile(new nn.Conv1d(1, 1, 3, { padding: 'same' }).eval(), { input: rand(1, 1, 10) });
   * const streams = network.streams({ capacity: 8 });
   * const row = streams.open();
   * streams.push([row], rand(1, 1, 10)).shape;   // [1, 1, 9]
   * streams.flush(row).shape;                    // [1, 1, 1]
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
   * @throws RangeError ERR_CONV1D_VALUE   when a row is not open, or you give it twice
   * @throws RangeError ERR_CONV1D_STREAM  from within another call
   */
  reset(rows: readonly number[]): void {
    requireStreams(this, 'reset').#turn.run('reset', () => {
      for (const row of this.#rows.read(rows)) {
        this.#body.begin(row);
        this.#rows.setEnded(row, false);
      }
    });
  }

  /**
   * The state of a row, as of a stream with a batch of 1, which takes it too.
   *
   * @throws RangeError ERR_CONV1D_VALUE   when the row is not open
   * @throws RangeError ERR_CONV1D_STREAM  from within another call
   */
  getState(row: number): NetworkStreamState {
    return requireStreams(this, 'getState').#turn.run('getState', () => {
      this.#rows.require(row, 'getState(): row');
      return makeNetworkState(this.#owner(), { ...this.#body.standing(row), ended: this.#rows.hasEnded(row) });
    });
  }

  /**
   * Continues a row from the state of another row, or of a stream with a batch of 1. It checks the whole state before it changes anything.
   *
   * @throws  what `setState` of a stream throws; RangeError ERR_CONV1D_VALUE when the row is not open
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
