/// <reference types="node" preserve="true" />
import type { Transform } from 'node:stream';
import type { TransformStream } from 'node:stream/web';
import { rangeError, typeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { describe, integer, isArray } from '../../check/validate.ts';
import { checkedOut } from '../../convolution/forward.ts';
import { refuseOverlaps, type Used } from '../../convolution/overlaps.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { type Chunk, iterate, nodeTransform, webTransform } from '../../streaming/adapters.ts';
import { readRows } from '../../streaming/options.ts';
import { allocate } from '../../tensor/allocate.ts';
import type { Dtype, FloatArray } from '../../tensor/dtype.ts';
import { formatShape, numelOf, sameShape } from '../../tensor/shape.ts';
import { type Tensor, tensorOfAll, viewOf } from '../../tensor/tensor.ts';
import { floatsOfView } from '../../tensor/view.ts';
import type { NamedTensors } from '../network.ts';
import { type Form, putTogether } from '../trace/tree.ts';
import type { StreamParts } from './make.ts';
import { type NetworkPushOptions, readNetworkOut } from './options.ts';
import { partOf, type RowCall, type RowsBody, type StreamedInput, severalOf } from './rowsBody.ts';
import { MOST_RECEIVED, makeNetworkState, type NetworkStreamState, readNetworkState } from './standing.ts';

/** The first argument of NetworkStream's constructor: only this module has it. */
const MADE = Symbol('made');

/** Properties of a stream's network beside the computation. */
export interface StreamTraits {
  /** How the outputs are arranged in a result. */
  readonly outputForm: Form;
  readonly outputNames: readonly string[];
  /** Whether one tensor can hold several rows, each in one piece. */
  readonly canJoin: boolean;
  /** The dimension of the batch in each output. */
  readonly batchDims: readonly number[];
  /** See kindOf. */
  readonly kind: string;
}

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
  /** The shapes of the last results: the same arrays while the shapes stay the same. */
  #shapes: (readonly number[])[] = [];
  #ended = false;
  #named = false;
  /** True while a call runs: a getter of an argument could make another call. */
  #busy = false;

  /** @internal Use `network.stream()`. */
  constructor(made: typeof MADE, parts: StreamParts) {
    if (made !== MADE) {
      throw typeError('ERR_CONV1D_TYPE', 'NetworkStream is not to be constructed; make one with network.stream()');
    }
    const { body, traits, batch, rows } = parts;
    this.#body = body;
    this.#traits = traits;
    this.#batch = batch;
    this.#rows = rows;
    this.#open();
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
      const out = options === undefined ? undefined : readNetworkOut(options, 'push');
      const body = this.#body;
      const isNamed = isPlainObject(chunk) && viewOf(chunk) === undefined;
      const { arrays, positions } = this.#chunks(chunk, isNamed);
      const shapes = this.#keep(body.shapesAfter(0, positions));
      const { memories, give } = this.#results(shapes, out, isNamed, 'push');
      if (out !== undefined) refuseOverlaps(usedBy(memories, arrays));
      body.push(this.#calls(arrays, positions, memories));
      this.#named = isNamed;
      return give();
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
      const out = options === undefined ? undefined : readNetworkOut(options, 'flush');
      const shapes = this.#keep(this.#body.shapesAtEnd(0));
      const { memories, give } = this.#results(shapes, out, this.#named, 'flush');
      if (out !== undefined) refuseOverlaps(usedBy(memories, []));
      this.#body.flush(this.#calls([], 0, memories));
      this.#ended = true;
      return give();
    }) as Result;
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
    requireStream(this, 'reset').#enter('reset');
    try {
      const chosen = rows === undefined ? undefined : readRows(rows, this.#batch);
      if (chosen === undefined || chosen.size === this.#batch) {
        this.#open();
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
    } finally {
      this.#busy = false;
    }
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
    requireStream(this, 'getState').#enter('getState');
    try {
      const standings = Array.from({ length: this.#rows }, (_, row) => this.#body.standing(row));
      const [{ received, computed, pending }] = standings as [(typeof standings)[number]];
      return makeNetworkState(this.#owner(), {
        received,
        computed,
        ended: this.#ended,
        kept: joined(standings.map(({ kept }) => kept)),
        pending: pending.map((_, i) => joined(standings.map((each) => each.pending[i]!))),
      });
    } finally {
      this.#busy = false;
    }
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
    requireStream(this, 'setState').#enter('setState');
    try {
      const standing = readNetworkState(this.#owner(), state);
      const part = (array: FloatArray, row: number) => partOf(array, row, array.length / this.#rows);
      for (let row = 0; row < this.#rows; row++) {
        const pending = standing.pending.map((each) => part(each, row));
        this.#body.restore(row, { ...standing, kept: part(standing.kept, row), pending });
      }
      this.#ended = standing.ended;
    } finally {
      this.#busy = false;
    }
  }

  #owner() {
    const { dtype, inputs } = this.#body;
    return {
      network: this.#traits.kind,
      dtype,
      batch: this.#batch,
      keptAt: (computed: number) => this.#rows * this.#body.keptAt(computed),
      inputsOf: (positions: number) => inputs.map(({ shapeOf }) => this.#rows * numelOf(shapeOf(positions))),
    };
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
    const [pushed, channels] = requireStream(this, 'transform').#single('transform');
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
    const [pushed, channels] = requireStream(this, 'toNodeTransform').#single('toNodeTransform');
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
    const [pushed, channels] = requireStream(this, 'over').#single('over');
    return iterate(pushed, channels, chunks);
  }

  /** This stream with a single input and output, whose chunks may lack the batch; and the number of channels of a typed array. */
  #single(method: string): [{ push(chunk: Tensor): Tensor; flush(): Tensor }, number] {
    const { inputs } = this.#body;
    const [input] = inputs as [StreamedInput];
    if (inputs.length !== 1 || this.#traits.outputForm !== 'leaf') {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `${method}() is for networks with one input that goes on and one output; call push() and flush()`,
      );
    }
    const shape = input.shapeOf(1);
    const isSignal = input.dim === shape.length - 1 && numelOf(shape.slice(0, -2)) === 1 && this.#batch === 1;
    const whole = (chunk: Tensor): Tensor => {
      const view = viewOf(chunk);
      const lacksBatch = view !== undefined && view.shape.length === 2 && shape.length === 3 && isSignal;
      return lacksBatch ? chunk.unsqueeze(0) : chunk;
    };
    return [
      { push: (chunk) => this.push(whole(chunk)) as Tensor, flush: () => this.flush() as Tensor },
      shape.at(-2) ?? 1,
    ];
  }

  /** The chunks of a call, checked. */
  #chunks(given: unknown, isNamed: boolean): { arrays: FloatArray[]; positions: number } {
    const { inputs, dtype } = this.#body;
    const list = isNamed ? this.#byName(given as Record<string, unknown>) : this.#inOrder(given);
    let positions = -1;
    const arrays = inputs.map((input, i) => {
      const what = `push(): ${inputs.length === 1 ? 'the chunk' : `the chunk of ${input.name}`}`;
      const view = viewOf(list[i]);
      if (view === undefined)
        throw typeError('ERR_CONV1D_TYPE', `${what} must be a Tensor, but got ${describe(list[i])}`);
      const length = view.shape[input.dim] ?? 0;
      const own = length / input.times;
      if (!Number.isInteger(own) || !sameShape(view.shape, this.#whole(input.shapeOf(own), input.batchDim))) {
        const lengthName = input.times === 1 ? 'L' : `${input.times} * L`;
        const expected = this.#whole(input.shapeOf(1), input.batchDim).map((size, dim) =>
          dim === input.dim ? lengthName : size,
        );
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `${what} must have the shape [${expected.join(', ')}], but got ${formatShape(view.shape)}`,
        );
      }
      if (view.dtype !== dtype) {
        throw typeError('ERR_CONV1D_DTYPE', `${what} must be ${dtype}, but is ${view.dtype}`);
      }
      if (positions >= 0 && own !== positions) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `${what} has ${own} positions, but that of ${inputs[0]!.name} has ${positions}`,
        );
      }
      positions = own;
      return floatsOfView(view);
    });
    this.#requireCountable(positions);
    return { arrays, positions };
  }

  #inOrder(given: unknown): readonly unknown[] {
    const { inputs } = this.#body;
    if (inputs.length === 1 && !isArray(given)) return [given];
    if (isArray(given) && given.length === inputs.length) return given;
    throw typeError(
      'ERR_CONV1D_TYPE',
      `push(): expected ${inputs.length === 1 ? 'a chunk' : `an array of ${inputs.length} chunks, one for each input that goes on`}, but got ${describe(given)}`,
    );
  }

  #byName(given: Record<string, unknown>): readonly unknown[] {
    const names = this.#body.inputs.map(({ name }) => name);
    const other = Object.keys(given).find((name) => !names.includes(name));
    if (other === undefined) return names.map((name) => given[name]);
    throw typeError(
      'ERR_CONV1D_OPTION',
      `push(): no input ${describe(other)} goes on with the signal; chunks come for ${names.join(', ')}`,
    );
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

  #open(): void {
    for (let row = 0; row < this.#rows; row++) this.#body.open(row);
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

  /** The memory of the results, and a function that gives the results after they have been written. */
  #results(shapes: readonly (readonly number[])[], out: unknown, isNamed: boolean, operator: string) {
    const { dtype } = this.#body;
    const { outputForm, outputNames } = this.#traits;
    const given = out === undefined ? null : this.#outs(out);
    const memories = shapes.map((shape, i) =>
      given === null
        ? allocateResult(dtype, numelOf(shape))
        : checkedOut(given[i] as Tensor, shape, { operator, dtype }),
    );
    const give = (): Result | Named => {
      const tensors = given ?? memories.map((memory, i) => tensorOfAll<Dtype>(memory, dtype, shapes[i]!));
      if (!isNamed || outputNames.length === 0) return putTogether(outputForm, tensors.values() as never) as Result;
      return Object.fromEntries(outputNames.map((name, i) => [name, tensors[i]])) as Named;
    };
    return { memories, give };
  }

  #outs(out: unknown): readonly unknown[] {
    const { outputNames } = this.#traits;
    const count = this.#body.shapesAfter(0, 0).length;
    if (viewOf(out) !== undefined || !(isPlainObject(out) || isArray(out))) {
      if (count === 1) return [out];
    } else if (isArray(out)) {
      if (out.length === count) return Array.from({ length: count }, (_, i) => out[i]);
    } else if (Object.keys(out).every((name) => outputNames.includes(name))) {
      return outputNames.map((name) => (out as Record<string, unknown>)[name]);
    }
    throw typeError(
      'ERR_CONV1D_TYPE',
      `out must be ${count === 1 ? 'a Tensor' : `an array of ${count} tensors, or an object with ${outputNames.join(', ')}`}, but got ${describe(out)}`,
    );
  }

  #call<T>(method: string, run: () => T): T {
    this.#enter(method);
    try {
      if (this.#ended) {
        throw rangeError(
          'ERR_CONV1D_STREAM',
          'the stream has ended with flush(); call reset() to begin another signal',
        );
      }
      return run();
    } finally {
      this.#busy = false;
    }
  }

  /** Refuses a call from within another; the caller clears `#busy` again. */
  #enter(method: string): void {
    if (this.#busy) {
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `${method}() was called from within another call on the same stream; let that one end first`,
      );
    }
    this.#busy = true;
  }

  /** Whether a value is one of this library; an object that only inherits from its prototype is not. */
  static isStream(value: unknown): value is NetworkStream<unknown, unknown> {
    return typeof value === 'object' && value !== null && #busy in value;
  }
}

/** The memory that a call writes and reads; no two of them may overlap. */
export function usedBy(outputs: readonly FloatArray[], chunks: readonly FloatArray[]): Used[] {
  return [
    ...outputs.map((array, i) => ({ array, name: () => (i === 0 ? 'out' : `output ${i}`), isWritten: true })),
    ...chunks.map((array) => ({ array, name: () => 'a chunk', isWritten: false })),
  ];
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
