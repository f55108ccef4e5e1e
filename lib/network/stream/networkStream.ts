/// <reference types="node" preserve="true" />
import type { Transform } from 'node:stream';
import type { TransformStream } from 'node:stream/web';
import { rangeError, typeError } from '../../check/errors.ts';
import { describe, integer } from '../../check/validate.ts';
import { type Chunk, iterate, nodeTransform, webTransform } from '../../streaming/adapters.ts';
import { readRows } from '../../streaming/options.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import { formatShape, sameShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { NamedTensors } from '../named.ts';
import { arraysOf, lookAt, readGiven } from './chunkArguments.ts';
import type { StreamParts } from './make.ts';
import { type NetworkPushOptions, readNetworkOut } from './options.ts';
import { giveResults, makeResults, readOuts } from './results.ts';
import { partOf, type RowCall, type RowsBody, type StreamTraits, severalOf } from './rowsBody.ts';
import { type Single, singleOf } from './single.ts';
import {
  MOST_RECEIVED,
  makeNetworkState,
  type NetworkStreamState,
  ownerOf,
  readNetworkState,
  type StandingOwner,
} from './standing.ts';
import { Turn } from './turn.ts';

/** The first argument of NetworkStream's constructor: only this module has it. */
const MADE = Symbol('made');

/**
 * A network fed in chunks. Make one with `network.stream()`.
 *
 * The outputs of all pushes and of the flush, joined along the signal, equal those of `network.forward` on all chunks, joined: bit for bit, however
 * you cut the signal, for any number of threads and on every machine.
 *
 * @typeParam Result  the result of a push: as of the forward, with as many points as are ready
 * @typeParam Named   the result of a push by name
 * @example
 * const net = new nn.Sequential(new nn.Conv1d(2, 8, 5, { padding: 'causal' }), new nn.ReLU(), new nn.Conv1d(8, 3, 3, { padding: 1 }));
 * const stream = compile(net.eval(), { input: rand(1, 2, 100) }).stream();
 * stream.push(rand(1, 2, 4)).shape;   // [1, 3, 3]
 * stream.push(rand(1, 2, 1)).shape;   // [1, 3, 1]
 * stream.flush().shape;               // [1, 3, 1]
 * @category Networks
 */
export class NetworkStream<Result = Tensor, Named = Result> {
  readonly #body: RowsBody;
  readonly #traits: StreamTraits;
  readonly #batch: number;
  /** The number of rows of the body: one per item of the batch, or one for all. */
  readonly #rows: number;
  readonly #turn = new Turn('stream');
  /** The shapes of the last results: the same arrays while the shapes stay the same. */
  #shapes: (readonly number[])[] = [];
  #ended = false;
  #named = false;

  /** @internal Use `network.stream()`. */
  constructor(made: typeof MADE, parts: StreamParts) {
    if (made !== MADE) {
      throw typeError('ERR_CONV1D_TYPE', 'NetworkStream is not to be constructed; make one with network.stream()');
    }
    const { body, traits, batch, fixed } = parts;
    this.#body = body;
    this.#traits = traits;
    this.#batch = batch;
    this.#rows = fixed.length;
    for (const [row, own] of fixed.entries()) body.open(row, own);
  }

  /** The number of signals side by side. */
  get batch(): number {
    return requireStream(this, 'batch').#batch;
  }

  /** How many inputs must come before the first output. */
  get latency(): number {
    return requireStream(this, 'latency').#body.latency;
  }

  /** How many inputs one output depends on, at most; Infinity if the network carries a state on, as an LSTM does. */
  get receptiveField(): number {
    return requireStream(this, 'receptiveField').#body.receptiveField;
  }

  /** Inputs per point of the first output: 320 for a network with a stride of 320, 1 / 256 for a vocoder with frames of 256 samples. */
  get hop(): number {
    return requireStream(this, 'hop').#body.hop;
  }

  /**
   * Takes the next chunk and gives the outputs that it completes. A push that throws has consumed nothing.
   *
   * @param chunk    like the network's input, with any length along the signal, including 0 and 1; for several inputs an array of chunks, or an
   *                 object by their names
   * @param options  `out`: where the result goes, so that the push allocates nothing for it; {@link outShape} gives its shape
   * @returns        as the forward returns it, with as many points as are ready, which may be none; `out` if you gave it
   * @throws TypeError ERR_CONV1D_TYPE       when the chunk or `out` is of the wrong kind
   * @throws TypeError ERR_CONV1D_DTYPE      when the chunk or `out` has another dtype than the network
   * @throws RangeError ERR_CONV1D_SHAPE     when a size of the chunk other than its length is wrong, or `out` has another shape
   * @throws RangeError ERR_CONV1D_OVERLAP   when `out` shares memory with the chunk
   * @throws TypeError ERR_CONV1D_DETACHED   when the memory of a tensor was transferred to another thread
   * @throws RangeError ERR_CONV1D_MEMORY    when there is no memory
   * @throws RangeError ERR_CONV1D_STREAM    after `flush`, and from within another call on the same stream
   * @example
   * const stream = compile(new nn.Conv1d(1, 4, 3).eval(), { input: rand(1, 1, 10) }).stream();
   * const out = zeros(stream.outShape(16));
   * stream.push(rand(1, 1, 16), { out });   // out, [1, 4, 14]
   */
  push(chunk: Tensor | readonly Tensor[], options?: NetworkPushOptions): Result;
  push(chunk: NamedTensors, options?: NetworkPushOptions): Named;
  push(chunk: Tensor | readonly Tensor[] | NamedTensors, options?: NetworkPushOptions): Result | Named {
    return requireStream(this, 'push').#call('push', () => {
      const body = this.#body;
      const { inputs, dtype } = body;
      const outs = readOuts(readNetworkOut(options, 'push'), this.#traits);
      const { values, isNamed } = readGiven(inputs, chunk);
      const looked = inputs.map((input, i) => {
        const what = `push(): ${inputs.length === 1 ? 'the chunk' : `the chunk of ${input.name}`}`;
        return lookAt(values[i], input, { rows: this.#rows, dtype, what });
      });
      const { arrays, positions } = arraysOf(inputs, looked);
      this.#requireCountable(positions);
      const shapes = this.#keep(body.shapesAfter(0, positions));
      const results = makeResults(shapes, outs, arrays, { dtype, operator: 'push' });
      body.push(this.#calls(arrays, positions, results.memories));
      this.#named = isNamed;
      return giveResults(results, this.#traits, { dtype, isNamed }) as Result | Named;
    });
  }

  /**
   * Ends the signal, and gives the outputs that the end completes. An empty signal has none. Afterwards, call `reset` or `setState` to begin
   * another signal.
   *
   * @param options  `out`: where the result goes
   * @returns        in the form of the last push
   * @throws         what `network.forward` throws for a signal that is too short; the stream then goes on as if you had not called `flush`
   * @throws RangeError ERR_CONV1D_STREAM  when the signal has ended already; for `out`, all that `push` throws
   * @example
   * const stream = compile(new nn.Conv1d(1, 1, 3, { padding: 'same' }).eval(), { input: rand(1, 1, 10) }).stream();
   * stream.push(rand(1, 1, 10)).shape;   // [1, 1, 9]
   * stream.flush().shape;                // [1, 1, 1]
   */
  flush(options?: NetworkPushOptions): Result {
    return requireStream(this, 'flush').#call('flush', () => {
      const { dtype } = this.#body;
      const outs = readOuts(readNetworkOut(options, 'flush'), this.#traits);
      const shapes = this.#keep(this.#body.shapesAtEnd(0));
      const results = makeResults(shapes, outs, [], { dtype, operator: 'flush' });
      this.#body.flush(this.#calls([], 0, results.memories));
      this.#ended = true;
      return giveResults(results, this.#traits, { dtype, isNamed: this.#named }) as Result;
    });
  }

  /**
   * The shape of the result if you now push `length` inputs: that of `out`.
   *
   * @param length  the length of the chunk along the signal
   * @param output  which of several outputs, from 0 on. Default 0
   * @throws RangeError ERR_CONV1D_STREAM  after `flush`, and from within another call on the same stream
   * @throws RangeError ERR_CONV1D_VALUE  when the length is negative or too large, or there is no such output
   * @example
   * const stream = compile(new nn.Conv1d(1, 4, 3, { stride: 2 }).eval(), { input: rand(1, 1, 10) }).stream();
   * stream.outShape(9);   // [1, 4, 4]
   */
  outShape(length: number, output = 0): number[] {
    const positions = integer(length, 'outShape(): length');
    const count = integer(output, 'outShape(): output');
    return requireStream(this, 'outShape').#call('outShape', () => {
      this.#requireCountable(positions);
      return this.#outputOf(this.#body.shapesAfter(0, positions), count);
    });
  }

  /**
   * The shape of what a flush gives now.
   *
   * @throws  as `flush`
   */
  flushShape(output = 0): number[] {
    const count = integer(output, 'flushShape(): output');
    return requireStream(this, 'flushShape').#call('flushShape', () =>
      this.#outputOf(this.#body.shapesAtEnd(0), count),
    );
  }

  #outputOf(shapes: readonly (readonly number[])[], output: number): number[] {
    const shape = shapes[output];
    if (shape !== undefined) return [...this.#whole(shape, this.#traits.batchDims[output]!)];
    throw rangeError('ERR_CONV1D_VALUE', `there is no output ${output}; the network has ${shapes.length}`);
  }

  /**
   * Forgets all inputs, so that the next push begins new signals. With `rows`, only these rows of the batch begin new signals; that works while they
   * stay in step with the others, as in causal networks. For any network, use the rows of `network.streams()`.
   *
   * @param rows  positions in the batch. Default: all
   * @throws TypeError ERR_CONV1D_TYPE     when `rows` is not an array of numbers
   * @throws RangeError ERR_CONV1D_VALUE   when a row is not an integer from 0 to batch - 1
   * @throws RangeError ERR_CONV1D_STREAM  when these rows cannot begin anew by themselves, and from within another call
   * @example
   * const stream = compile(new nn.Conv1d(1, 1, 3, { padding: 'causal' }).eval(), { input: rand(1, 1, 10) }).stream({ batch: 2 });
   * stream.push(rand(2, 1, 100));
   * stream.reset([1]);   // row 0 goes on
   */
  reset(rows?: readonly number[]): void {
    requireStream(this, 'reset').#turn.run('reset', () => {
      const chosen = rows === undefined ? undefined : readRows(rows, this.#batch);
      if (chosen === undefined || chosen.size === this.#batch) {
        for (let row = 0; row < this.#rows; row++) this.#body.begin(row);
        this.#ended = false;
        return;
      }
      const areApart = !this.#ended && this.#rows === this.#batch;
      // All rows stand at the same place: what the first one can, all can.
      if (areApart && [...chosen].every((row) => this.#body.beginAmid(row))) return;
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `rows ${formatShape([...chosen])} cannot begin anew by themselves: ${this.#ended ? 'the stream has ended' : 'new signals would not be in step with the others'}; ` +
          'reset() all rows, or give each signal a row of network.streams()',
      );
    });
  }

  /**
   * The state of the stream, as a plain object for JSON, `structuredClone` or a message. It does not have the weights.
   *
   * @throws RangeError ERR_CONV1D_MEMORY  when the state is too long for a string (384 MiB)
   * @throws RangeError ERR_CONV1D_STREAM  from within another call on the same stream
   * @example
   * const network = compile(new nn.Conv1d(2, 3, 5).eval(), { input: rand(1, 2, 100) });
   * const stream = network.stream();
   * stream.push(rand(1, 2, 100));
   * const copy = network.stream();
   * copy.setState(JSON.parse(JSON.stringify(stream.getState())));
   */
  getState(): NetworkStreamState {
    return requireStream(this, 'getState').#turn.run('getState', () => {
      const standings = Array.from({ length: this.#rows }, (_, row) => this.#body.standing(row));
      const [{ received, computed, pending }] = standings as [(typeof standings)[number]];
      return makeNetworkState(this.#owner(), {
        received,
        computed,
        ended: this.#ended,
        kept: joined(standings.map(({ kept }) => kept)),
        pending: pending.map((_, i) => joined(standings.map((each) => each.pending[i]!))),
      });
    });
  }

  /**
   * Continues from the state of another stream, with the same batch and of a network with the same operations and sizes. It checks the whole state
   * before it changes anything.
   *
   * @param state  what `getState` returned
   * @throws TypeError ERR_CONV1D_TYPE     when the state or a property is of the wrong kind
   * @throws TypeError ERR_CONV1D_OPTION   when a property's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when a property is out of range, or belongs to another network, batch or version
   * @throws RangeError ERR_CONV1D_SHAPE   when a text of kept values is longer or shorter than it must be
   * @throws RangeError ERR_CONV1D_STREAM  from within another call on the same stream
   */
  setState(state: NetworkStreamState): void {
    requireStream(this, 'setState').#turn.run('setState', () => {
      const standing = readNetworkState(this.#owner(), state);
      const part = (array: FloatArray, row: number) => partOf(array, row, array.length / this.#rows);
      for (let row = 0; row < this.#rows; row++) {
        const pending = standing.pending.map((each) => part(each, row));
        this.#body.restore(row, { ...standing, kept: part(standing.kept, row), pending });
      }
      this.#ended = standing.ended;
    });
  }

  #owner(): StandingOwner {
    return ownerOf(this.#body, { network: this.#traits.kind, batch: this.#batch, rows: this.#rows });
  }

  /**
   * A Web stream over this one, for a network with one input and one output. It takes chunks, and gives outputs as soon as they are complete, never
   * empty ones. When its input ends, it flushes. It also takes typed arrays: (channels, n) in row-major order.
   *
   * @throws RangeError ERR_CONV1D_VALUE  when the network has several inputs that go on, or several outputs
   * @example
   * const sink = new WritableStream<Tensor>({ write: (y) => console.log(y.shape) });
   * await readable.pipeThrough(network.stream().transform()).pipeTo(sink);
   */
  transform(): TransformStream<Chunk, Tensor> {
    const { pushed, channels } = requireStream(this, 'transform').#single('transform');
    return webTransform(pushed, channels);
  }

  /**
   * The same as {@link transform}, as a Node stream in object mode on both sides.
   *
   * @throws RangeError ERR_CONV1D_VALUE  as {@link transform}
   * @example
   * await pipeline(source, network.stream().toNodeTransform(), sink);   // of node:stream/promises
   */
  toNodeTransform(): Transform {
    const { pushed, channels } = requireStream(this, 'toNodeTransform').#single('toNodeTransform');
    return nodeTransform(pushed, channels);
  }

  /**
   * The same as {@link transform}, for `for await`. If you leave the loop early, the stream stays where it is.
   *
   * @throws RangeError ERR_CONV1D_VALUE  as {@link transform}
   * @example
   * for await (const y of network.stream().over(chunks)) console.log(y.shape);
   */
  over(chunks: AsyncIterable<Chunk> | Iterable<Chunk>): AsyncGenerator<Tensor, void, undefined> {
    const { pushed, channels } = requireStream(this, 'over').#single('over');
    return iterate(pushed, channels, chunks);
  }

  /** This stream as the adapters take it. */
  #single(method: string): Single {
    const pushed = { push: (chunk: Tensor) => this.push(chunk) as Tensor, flush: () => this.flush() as Tensor };
    return singleOf(pushed, this.#body, this.#traits, { batch: this.#batch, method });
  }

  #requireCountable(positions: number): void {
    if (positions < 0) throw rangeError('ERR_CONV1D_VALUE', `the length must be 0 or more, but got ${positions}`);
    if (this.#body.received(0) + positions > MOST_RECEIVED) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `${positions} inputs after ${this.#body.received(0)} are more than 2^48; reset() the stream before that`,
      );
    }
  }

  /** A shape of one row for all of them. */
  #whole(shape: readonly number[], batchDim: number): readonly number[] {
    return this.#rows === 1 ? shape : severalOf(shape, batchDim, this.#rows);
  }

  #calls(chunks: readonly FloatArray[], positions: number, outputs: readonly FloatArray[]): RowCall[] {
    if (this.#rows === 1) return [{ row: 0, chunks, positions, outputs, index: 0 }];
    return Array.from({ length: this.#rows }, (_, row) => ({ row, chunks, positions, outputs, index: row }));
  }

  #keep(shapes: readonly (readonly number[])[]): readonly (readonly number[])[] {
    this.#shapes.length = shapes.length;
    for (const [i, own] of shapes.entries()) {
      const shape = this.#whole(own, this.#traits.batchDims[i]!);
      const known = this.#shapes[i];
      if (known === undefined || !sameShape(known, shape)) this.#shapes[i] = Object.freeze([...shape]);
    }
    return this.#shapes;
  }

  #call<T>(method: string, run: () => T): T {
    return this.#turn.run(method, () => {
      if (!this.#ended) return run();
      throw rangeError('ERR_CONV1D_STREAM', 'the stream has ended with flush(); call reset() to begin another signal');
    });
  }

  /** Whether a value is one of this library; an object that only inherits from its prototype is not. */
  static isStream(value: unknown): value is NetworkStream<unknown, unknown> {
    return typeof value === 'object' && value !== null && #turn in value;
  }
}

/** Arrays one after the other. */
function joined(arrays: readonly FloatArray[]): FloatArray {
  const [first] = arrays as [FloatArray];
  if (arrays.length === 1) return first;
  const all =
    first.length === 0
      ? first.slice()
      : allocate(first.BYTES_PER_ELEMENT === 4 ? 'float32' : 'float64', arrays.length * first.length);
  for (const [i, array] of arrays.entries()) all.set(array, i * first.length);
  return all;
}

/** @internal For network.stream(). */
export function makeNetworkStream<R, N>(parts: StreamParts): NetworkStream<R, N> {
  return new NetworkStream<R, N>(MADE, parts);
}

function requireStream<R, N>(self: NetworkStream<R, N>, member: string): NetworkStream<R, N> {
  if (NetworkStream.isStream(self)) return self;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${member} must be called on a stream: stream.${member}, not on ${describe(self)}`,
  );
}
