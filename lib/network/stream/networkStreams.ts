import { rangeError, typeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe, integer, isArray } from '../../check/validate.ts';
import { checkedOut } from '../../convolution/forward.ts';
import { refuseOverlaps } from '../../convolution/overlaps.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import { formatShape, numelOf, sameShape } from '../../tensor/shape.ts';
import { type Tensor, tensorOfAll, viewOf } from '../../tensor/tensor.ts';
import { floatsOfView } from '../../tensor/view.ts';
import { putTogether } from '../trace/tree.ts';
import { type StreamTraits, usedBy } from './networkStream.ts';
import { readNetworkOut } from './options.ts';
import { type RowCall, type RowsBody, type StreamedInput, severalOf } from './rowsBody.ts';
import { MOST_RECEIVED, makeNetworkState, type NetworkStreamState, readNetworkState } from './standing.ts';

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
  /** Where the result goes, if the chunks are one tensor and the network has one output. Default: a new tensor. */
  readonly out?: Tensor | undefined;
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
  readonly #capacity: number;
  /** Which rows are open, and which of these have ended. */
  readonly #open: boolean[];
  readonly #ended: boolean[];
  /** Closed rows; `open` takes the last one. */
  readonly #free: number[];
  #busy = false;

  /** @internal Use `network.streams()`. */
  constructor(made: typeof MADE, body: RowsBody, traits: StreamTraits, capacity: number) {
    if (made !== MADE) {
      throw typeError('ERR_CONV1D_TYPE', 'NetworkStreams is not to be constructed; make them with network.streams()');
    }
    this.#body = body;
    this.#traits = traits;
    this.#capacity = capacity;
    this.#open = new Array<boolean>(capacity).fill(false);
    this.#ended = new Array<boolean>(capacity).fill(false);
    this.#free = Array.from({ length: capacity }, (_, i) => capacity - 1 - i);
  }

  /** How many rows may be open at a time. */
  get capacity(): number {
    return requireStreams(this, 'capacity').#capacity;
  }

  /** How many rows are open. */
  get size(): number {
    return requireStreams(this, 'size').#capacity - this.#free.length;
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
    const open = requireStreams(this, 'isOpen').#open;
    return typeof row === 'number' && open[row] === true;
  }

  /**
   * Opens a row for a new signal.
   *
   * @returns  the row's number, from 0 to capacity - 1: that of the row closed last, if any
   * @throws RangeError ERR_CONV1D_STREAM  when all rows are open, and from within another call
   */
  open(): number {
    requireStreams(this, 'open').#requireIdle('open');
    const row = this.#free.at(-1);
    if (row === undefined) {
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `all ${this.#capacity} rows are open; close() one, or make streams with more capacity`,
      );
    }
    this.#body.open(row);
    this.#free.pop();
    this.#open[row] = true;
    this.#ended[row] = false;
    return row;
  }

  /**
   * Closes a row, and frees what it kept. The next `open` may give its number to another signal.
   *
   * @throws RangeError ERR_CONV1D_VALUE   when the row is not open
   * @throws RangeError ERR_CONV1D_STREAM  from within another call
   */
  close(row: number): void {
    requireStreams(this, 'close').#requireIdle('close');
    this.#requireRow(row, 'close(): row');
    this.#body.close(row);
    this.#open[row] = false;
    this.#free.push(row);
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
    return requireStreams(this, 'push').#call('push', () => {
      const out = options === undefined ? undefined : readNetworkOut(options, 'push');
      const own = this.#readRows(rows);
      const { isTensor, arrays, positions } = this.#readChunks(chunks, own.length);
      for (const [i, row] of own.entries()) this.#requireCountable(row, positions[i]!);
      const shapes = own.map((row, i) => this.#body.shapesAfter(row, positions[i]!));
      if (isTensor) return this.#pushTensor(own, arrays, positions, shapes, out);
      if (out !== undefined) {
        throw typeError('ERR_CONV1D_TYPE', 'push(): out is for chunks in one tensor');
      }
      const memories = shapes.map((each) => each.map((shape) => allocateResult(this.#body.dtype, numelOf(shape))));
      this.#body.push(
        own.map((row, i) => ({ row, chunks: arrays[i]!, positions: positions[i]!, outputs: memories[i]!, index: 0 })),
      );
      return memories.map((each, i) => this.#resultOf(each, shapes[i]!));
    });
  }

  #pushTensor(
    rows: readonly number[],
    arrays: readonly (readonly FloatArray[])[],
    positions: readonly number[],
    shapes: readonly (readonly (readonly number[])[])[],
    out: unknown,
  ): Result {
    const { dtype } = this.#body;
    const [first = this.#shapesOfNothing()] = shapes;
    const other = shapes.findIndex((each) => each.some((shape, i) => !sameShape(shape, first[i]!)));
    if (other >= 0) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `push(): rows ${rows[0]} and ${rows[other]} are not in step: their outputs are ${formatShape(first[0]!)} and ${formatShape(shapes[other]![0]!)}; give an array of chunks, one for each row`,
      );
    }
    const whole = first.map((shape, i) => Object.freeze(severalOf(shape, this.#traits.batchDims[i]!, rows.length)));
    if (out !== undefined && whole.length !== 1) {
      throw typeError('ERR_CONV1D_TYPE', 'push(): out is for networks with one output');
    }
    const memories = whole.map((shape) =>
      out === undefined
        ? allocateResult(dtype, numelOf(shape))
        : checkedOut(out as Tensor, shape, { operator: 'push', dtype }),
    );
    if (out !== undefined) refuseOverlaps(usedBy(memories, [...new Set(arrays.flat())]));
    this.#body.push(
      rows.map(
        (row, i): RowCall => ({ row, chunks: arrays[i]!, positions: positions[i]!, outputs: memories, index: i }),
      ),
    );
    return out === undefined ? this.#resultOf(memories, whole) : (out as Result);
  }

  /** The shapes of outputs when there is no row: an error. */
  #shapesOfNothing(): readonly (readonly number[])[] {
    throw rangeError('ERR_CONV1D_VALUE', 'push(): there are no rows; give at least one');
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
    return requireStreams(this, 'flush').#call('flush', () => {
      this.#requireRow(row, 'flush(): row');
      this.#requireGoing(row);
      const shapes = this.#body.shapesAtEnd(row);
      const memories = shapes.map((shape) => allocateResult(this.#body.dtype, numelOf(shape)));
      this.#body.flush([{ row, chunks: [], positions: 0, outputs: memories, index: 0 }]);
      this.#ended[row] = true;
      return this.#resultOf(memories, shapes);
    });
  }

  /**
   * Begins new signals in some rows.
   *
   * @throws RangeError ERR_CONV1D_VALUE   when a row is not open, or you give it twice
   * @throws RangeError ERR_CONV1D_STREAM  from within another call
   */
  reset(rows: readonly number[]): void {
    requireStreams(this, 'reset').#call('reset', () => {
      for (const row of this.#readRows(rows, false)) {
        this.#body.open(row);
        this.#ended[row] = false;
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
    return requireStreams(this, 'getState').#call('getState', () => {
      this.#requireRow(row, 'getState(): row');
      return makeNetworkState(this.#owner(), { ...this.#body.standing(row), ended: this.#ended[row]! });
    });
  }

  /**
   * Continues a row from the state of another row, or of a stream with a batch of 1. It checks the whole state before it changes anything.
   *
   * @throws  what `setState` of a stream throws; RangeError ERR_CONV1D_VALUE when the row is not open
   */
  setState(row: number, state: NetworkStreamState): void {
    requireStreams(this, 'setState').#call('setState', () => {
      this.#requireRow(row, 'setState(): row');
      const standing = readNetworkState(this.#owner(), state);
      this.#body.restore(row, standing);
      this.#ended[row] = standing.ended;
    });
  }

  #owner() {
    const { dtype, inputs } = this.#body;
    return {
      network: this.#traits.kind,
      dtype,
      batch: 1,
      keptAt: (computed: number) => this.#body.keptAt(computed),
      inputsOf: (positions: number) => inputs.map(({ shapeOf }) => numelOf(shapeOf(positions))),
    };
  }

  #resultOf(memories: readonly FloatArray[], shapes: readonly (readonly number[])[]): Result {
    const tensors = memories.map((memory, i) => tensorOfAll(memory, this.#body.dtype, Object.freeze([...shapes[i]!])));
    return putTogether(this.#traits.outputForm, tensors.values() as never) as Result;
  }

  #readRows(rows: unknown, areToGoOn = true): number[] {
    if (!isArray(rows)) {
      throw typeError('ERR_CONV1D_TYPE', `rows must be an array of numbers, but got ${describe(rows)}`);
    }
    const count = integer(rows.length, 'the length of rows');
    if (count > this.#capacity) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `there are ${this.#capacity} rows, but got ${count} of them; give each once`,
      );
    }
    const seen = new Set<number>();
    for (let i = 0; i < count; i++) {
      const row = integer(rows[i], `rows[${i}]`);
      this.#requireRow(row, `rows[${i}]`);
      if (areToGoOn) this.#requireGoing(row);
      if (seen.has(row)) throw rangeError('ERR_CONV1D_VALUE', `row ${row} is given twice; join its chunks`);
      seen.add(row);
    }
    return [...seen];
  }

  /** For each row: the array of each input, and the number of its positions. */
  #readChunks(given: unknown, rows: number): { isTensor: boolean; arrays: FloatArray[][]; positions: number[] } {
    const { inputs } = this.#body;
    const isNamed = isPlainObject(given) && viewOf(given) === undefined;
    if (!isNamed && inputs.length > 1) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `push(): chunks come by name, for ${inputs.map(({ name }) => name).join(', ')}`,
      );
    }
    const names = inputs.map(({ name }) => name);
    const other = isNamed ? Object.keys(given).find((name) => !names.includes(name)) : undefined;
    if (other !== undefined) {
      throw typeError(
        'ERR_CONV1D_OPTION',
        `push(): no input ${describe(other)} goes on with the signal; chunks come for ${names.join(', ')}`,
      );
    }
    const read = inputs.map((input) => {
      const own = isNamed ? (given as Record<string, unknown>)[input.name] : given;
      return viewOf(own) === undefined ? this.#readList(own, input, rows) : this.#readBatch(own as Tensor, input, rows);
    });
    const [{ isTensor, positions }] = read as [(typeof read)[number]];
    for (const each of read) {
      if (each.isTensor === isTensor && each.positions.every((count, i) => count === positions[i])) continue;
      throw rangeError('ERR_CONV1D_SHAPE', 'push(): the chunks of the inputs are not of the same lengths');
    }
    const arrays = Array.from({ length: rows }, (_, i) => read.map((each) => each.arrays[i]!));
    return { isTensor, arrays, positions };
  }

  /** A tensor with a batch of all rows. */
  #readBatch(chunk: Tensor, input: StreamedInput, rows: number) {
    if (!this.#traits.canJoin) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        'push(): this network does not compute rows of one tensor one by one; give an array of chunks, one for each row',
      );
    }
    const view = viewOf(chunk)!;
    const positions = (view.shape[input.dim] ?? 0) / input.times;
    const own = Number.isInteger(positions) ? input.shapeOf(positions) : [];
    const isBatch =
      own.length > 0 && sameShape(view.shape, severalOf(own, input.batchDim, rows)) && input.dim > input.batchDim;
    if (!isBatch) throw this.#wrongShape(view.shape, input, rows);
    const arrays = new Array<FloatArray>(rows).fill(this.#elementsOf(chunk));
    return { isTensor: true, arrays, positions: new Array<number>(rows).fill(positions) };
  }

  #readList(chunks: unknown, input: StreamedInput, rows: number) {
    if (!isArray(chunks) || chunks.length !== rows) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `push(): chunks must be a Tensor with a batch of ${rows}, or an array of ${rows} tensors, but got ${describe(chunks)}`,
      );
    }
    const positions: number[] = [];
    const arrays = Array.from({ length: rows }, (_, i) => {
      const chunk: unknown = chunks[i];
      const view = viewOf(chunk);
      if (view === undefined) {
        throw typeError('ERR_CONV1D_TYPE', `push(): chunk ${i} must be a Tensor, but got ${describe(chunk)}`);
      }
      const count = (view.shape[input.dim] ?? 0) / input.times;
      if (!Number.isInteger(count) || !sameShape(view.shape, input.shapeOf(count)))
        throw this.#wrongShape(view.shape, input, 1);
      positions.push(count);
      return this.#elementsOf(chunk as Tensor);
    });
    return { isTensor: false, arrays, positions };
  }

  #elementsOf(chunk: Tensor): FloatArray {
    const view = viewOf(chunk)!;
    const { dtype } = this.#body;
    if (view.dtype !== dtype) {
      throw typeError('ERR_CONV1D_DTYPE', `push(): a chunk must be ${dtype}, but is ${view.dtype}`);
    }
    return floatsOfView(view);
  }

  #wrongShape(shape: readonly number[], input: StreamedInput, rows: number): RangeError {
    const expected = input
      .shapeOf(1)
      .map((size, dim) =>
        dim === input.dim
          ? input.times === 1
            ? 'L'
            : `${input.times} * L`
          : dim === input.batchDim
            ? size * rows
            : size,
      );
    return rangeError(
      'ERR_CONV1D_SHAPE',
      `push(): expected a chunk of the shape [${expected.join(', ')}], but got ${formatShape(shape)}`,
    );
  }

  #requireRow(row: number, what: string): void {
    if (this.#open[integer(row, what)] === true) return;
    throw rangeError('ERR_CONV1D_VALUE', `${what} must be the number of an open row, but got ${row}`);
  }

  #requireGoing(row: number): void {
    if (this.#ended[row] !== true) return;
    throw rangeError(
      'ERR_CONV1D_STREAM',
      `row ${row} has ended with flush(); reset([${row}]) begins another signal, close(${row}) gives it back`,
    );
  }

  #requireCountable(row: number, positions: number): void {
    if (this.#body.received(row) + positions <= MOST_RECEIVED) return;
    throw rangeError('ERR_CONV1D_VALUE', `row ${row} has had more than 2^48 inputs; reset() it before that`);
  }

  #requireIdle(method: string): void {
    if (!this.#busy) return;
    throw rangeError(
      'ERR_CONV1D_STREAM',
      `${method}() was called from within another call on the same streams; let that one end first`,
    );
  }

  #call<T>(method: string, run: () => T): T {
    this.#requireIdle(method);
    this.#busy = true;
    try {
      return run();
    } finally {
      this.#busy = false;
    }
  }

  /** Whether a value is some of this library; an object that only inherits from their prototype is not. */
  static areStreams(value: unknown): value is NetworkStreams<unknown> {
    return typeof value === 'object' && value !== null && #busy in value;
  }
}

/** @internal For network.streams(). */
export function makeNetworkStreams<R>(body: RowsBody, traits: StreamTraits, capacity: number): NetworkStreams<R> {
  return new NetworkStreams<R>(MADE, body, traits, capacity);
}

function requireStreams<R>(self: NetworkStreams<R>, member: string): NetworkStreams<R> {
  if (NetworkStreams.areStreams(self)) return self;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${member} must be called on streams: streams.${member}, not on ${describe(self)}`,
  );
}
