/// <reference types="node" preserve="true" />
import type { Transform } from 'node:stream';
import type { TransformStream } from 'node:stream/web';
import { rangeError, typeError } from '../check/errors.ts';
import { describe, integer } from '../check/validate.ts';
import { checkPadding } from '../convolution/fit.ts';
import { memoryOfOut } from '../convolution/forward.ts';
import { isLayer, type Layer } from '../convolution/layer.ts';
import { refuseOverlap } from '../convolution/overlaps.ts';
import type { Conv1dParameters } from '../convolution/parameters.ts';
import { wrongInputDtype } from '../convolution/wrongDtype.ts';
import { allocateResult } from '../native/resultMemory.ts';
import { allocate } from '../tensor/allocate.ts';
import { viewArgument } from '../tensor/arguments.ts';
import type { FloatArray, FloatDtype } from '../tensor/dtype.ts';
import { formatShape, numelOf, sameShape } from '../tensor/shape.ts';
import { type Tensor, tensorOfAll } from '../tensor/tensor.ts';
import { floatsOfView } from '../tensor/view.ts';
import { type Chunk, iterate, nodeTransform, webTransform } from './adapters.ts';
import { type PushOptions, readBatch, readOut, readRows, type StreamOptions } from './options.ts';
import { beginning, ending } from './padding.ts';
import {
  carriedAt,
  inputsToBegin,
  inputsToEnd,
  leadAfter,
  outputsWithin,
  reachOf,
  recentAt,
  repeatsInputs,
} from './position.ts';
import { Recent } from './recent.ts';
import { makeState, readState, type StreamState } from './state.ts';

/** Streams that stand at the same place are equal, and a clone carries what `setState` takes. */
const OWN: PropertyDescriptorMap = {
  state: {
    get(this: Conv1dStream): StreamState {
      return this.getState();
    },
    enumerable: true,
  },
};

/** A stream of this layer, once layer and options allow one. */
export function makeStream(layer: Layer, options: StreamOptions | undefined): Conv1dStream {
  if (layer.parameters.algorithm !== 'direct') {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `stream() keeps the order of the sum, which the layer's algorithm '${layer.parameters.algorithm}' does not; use a layer with algorithm ` +
        "'direct': Conv1d.fromWeights(conv.weight, conv.bias, { algorithm: 'direct', ... }) makes one of the same weights",
    );
  }
  if (layer.parameters.paddingMode === 'circular' && repeatsInputs(layer.parameters)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      "stream() cannot pad as the layer's paddingMode 'circular' does: its padding is made of the signal's other end, which has " +
        "not come yet; pad the signal yourself and use a layer with padding 'valid'",
    );
  }
  return new Conv1dStream(layer, readBatch(options));
}

/**
 * A convolution fed in chunks. Make one with `conv.stream()`.
 *
 * The outputs of all pushes and of the flush, one after the other, are those of `conv.forward` on all chunks, one after the
 * other: bit for bit, however the signal is cut. Every push reads the weights as `forward` would at that time.
 *
 * @example
 * const conv = new Conv1d(2, 3, 5, { padding: 'causal' }).eval();
 * const stream = conv.stream();
 * stream.push(rand(1, 2, 4)).shape;   // [1, 3, 4]
 * stream.push(rand(1, 2, 1)).shape;   // [1, 3, 1]
 * stream.flush().shape;               // [1, 3, 0]
 * @category Layer
 */
export class Conv1dStream {
  readonly #layer: Layer;
  readonly #batch: number;
  /** (batch, inChannels, reach): the last inputs, zeros before the first; a ring along the last dimension. */
  readonly #history: FloatArray;
  readonly #nothing: FloatArray;
  /** Where the padding repeats inputs: those that it still needs. */
  readonly #recent: Recent;
  /** The column of the history that is overwritten next. */
  #oldest = 0;
  /** Inputs of a row so far. */
  #received = 0;
  /** What {@link leadAfter} says. */
  #lead: number;
  #unbatched = false;
  #outShape: readonly number[] = [];
  #ended = false;
  /** True while a call runs: a getter of what it was given could make another. */
  #busy = false;

  /** @internal Use `conv.stream()`. */
  constructor(layer: Layer, batch: number) {
    // JavaScript sees no @internal.
    if (!isLayer(layer)) {
      throw typeError('ERR_CONV1D_TYPE', 'Conv1dStream is not to be constructed; make one with conv.stream()');
    }
    const { parameters } = layer;
    this.#layer = layer;
    this.#batch = batch;
    this.#history = allocate(parameters.dtype, numelOf([batch, parameters.inChannels, reachOf(parameters)]));
    this.#nothing = allocate(parameters.dtype, 0);
    const recent = repeatsInputs(parameters) ? Math.max(inputsToBegin(parameters) - 1, inputsToEnd(parameters)) : 0;
    this.#recent = new Recent(parameters.dtype, this.#rows, recent);
    this.#lead = leadAfter(parameters, 0);
    Object.defineProperties(this, OWN);
  }

  /** The number of signals side by side. */
  get batch(): number {
    Conv1dStream.#require(this, 'batch');
    return this.#batch;
  }

  /**
   * The inputs that must have been pushed before the first output comes: `lookahead + 1`, and with paddingMode 'reflect'
   * at least `padLeft + 1`, which its padding on the left mirrors.
   */
  get latency(): number {
    Conv1dStream.#require(this, 'latency');
    const { parameters } = this.#layer;
    return Math.max(lookaheadOf(parameters) + 1, inputsToBegin(parameters));
  }

  /** The stretch of inputs one output depends on: `(kernelSize - 1) * dilation + 1`. */
  get receptiveField(): number {
    Conv1dStream.#require(this, 'receptiveField');
    return this.#layer.parameters.span;
  }

  /**
   * How many inputs after input t * stride are needed for output t: `receptiveField - 1 - padLeft`, but at least 0. None with
   * padding 'causal'. No output comes before `latency` inputs.
   */
  get lookahead(): number {
    Conv1dStream.#require(this, 'lookahead');
    return lookaheadOf(this.#layer.parameters);
  }

  /**
   * The outputs that a push of `length` inputs gives now: the last size of its `out`.
   *
   * @throws TypeError  ERR_CONV1D_TYPE    when the length is not a number
   * @throws RangeError ERR_CONV1D_VALUE   when it is negative, not an integer, or too large
   */
  outLength(length: number): number {
    Conv1dStream.#require(this, 'outLength');
    const inputs = integer(length, 'outLength(): length');
    if (inputs < 0) {
      throw rangeError('ERR_CONV1D_VALUE', `outLength(): length must be 0 or more, but got ${inputs}`);
    }
    this.#requireCountable(inputs);
    return this.#ended ? 0 : this.#outputs(inputs, 0);
  }

  /** The outputs that a flush gives now: the last size of its `out`. 0 where it would throw. */
  get flushLength(): number {
    Conv1dStream.#require(this, 'flushLength');
    const { parameters } = this.#layer;
    const isTooShort = parameters.paddingMode === 'reflect' && this.#received <= parameters.padRight;
    return this.#ended || isTooShort ? 0 : this.#outputs(0, parameters.padRight);
  }

  /** Of the history. */
  get #rows(): number {
    return this.#batch * this.#layer.parameters.inChannels;
  }

  /**
   * Takes the next inputs and gives the outputs that they complete. A push that throws has consumed nothing.
   *
   * @param chunk    (batch, inChannels, L), or (inChannels, L) when the batch is 1; L may be 0 and may change
   * @param options  `out`: a tensor for the result, which saves allocating one; see {@link outLength}
   * @returns        (batch, outChannels, n), or (outChannels, n) for a chunk of two dimensions; n may be 0; `out` if given
   * @throws TypeError  ERR_CONV1D_TYPE     when the chunk or `out` is not a tensor
   * @throws TypeError  ERR_CONV1D_DTYPE    when the chunk or `out` is of another dtype
   * @throws RangeError ERR_CONV1D_SHAPE    when batch or channels differ from the stream's, or `out` has another shape
   * @throws RangeError ERR_CONV1D_OVERLAP  when `out` shares memory with the chunk, the weight or the bias
   * @throws RangeError ERR_CONV1D_MEMORY   when the result, or a padding made of inputs, cannot be allocated
   * @throws TypeError  ERR_CONV1D_DETACHED when the memory of a tensor was transferred to another thread
   * @throws RangeError ERR_CONV1D_STREAM   after `flush`, and from within another call on the same stream
   * @example
   * const stream = new Conv1d(64, 64, 3, { padding: 'causal' }).eval().stream();
   * const out = zeros(64, 1);
   * stream.push(rand(64, 1), { out });
   */
  push<D extends FloatDtype, R extends number>(chunk: Tensor<D, R>, options?: PushOptions): Tensor<D, R> {
    Conv1dStream.#enter(this, 'push');
    try {
      this.#requireOpen();
      const out = options === undefined ? undefined : readOut(options, 'push');
      const { parameters } = this.#layer;
      const x = viewArgument(chunk, "push(): argument 'chunk' (position 1)");
      const { shape } = x;
      const batched = shape.length === 3;
      const length = shape[shape.length - 1]!;
      if (
        !(batched ? shape[0] === this.#batch : shape.length === 2 && this.#batch === 1) ||
        shape[shape.length - 2] !== parameters.inChannels
      ) {
        throw this.#wrongShape(shape);
      }
      const elements = floatsOfView(x);
      if (x.dtype !== parameters.dtype) throw wrongInputDtype(x.dtype, parameters.dtype);
      this.#requireCountable(length);

      const outputs = this.#outputs(length, 0);
      const y = this.#take(elements, length, outputs, !batched, out);
      this.#received += length;
      this.#lead += length - outputs * parameters.stride;
      this.#unbatched = !batched;
      return y as Tensor<D, R>;
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Ends the signal: appends the padding on the right and gives the outputs that it completes. A signal for which `forward`
   * would find no output, or no input, has none here. Afterwards only `reset` and `setState` begin another.
   *
   * @param options  `out`: a tensor for the result; see {@link flushLength}
   * @returns        (batch, outChannels, n), or (outChannels, n) when the last chunk had two dimensions; n may be 0
   * @throws RangeError ERR_CONV1D_SHAPE    when paddingMode is 'reflect' and the signal is not longer than its padding, as `forward`
   *                                        does; the stream then goes on as if `flush` had not been called
   * @throws RangeError ERR_CONV1D_STREAM   when it was called before; for `out`, all that `push` throws
   * @example
   * const stream = new Conv1d(1, 1, 3, { padding: 'same' }).stream();
   * stream.push(rand(1, 10)).shape;   // [1, 9]
   * stream.flush().shape;             // [1, 1]
   */
  flush(options?: PushOptions): Tensor {
    Conv1dStream.#enter(this, 'flush');
    try {
      this.#requireOpen();
      const out = options === undefined ? undefined : readOut(options, 'flush');
      const y = this.#end(out);
      this.#ended = true;
      return y;
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Forgets all inputs: the next push begins new signals. With `rows`, only these rows of the batch begin new ones, where
   * a stream allows it: when it carries as many positions into the next chunk as a new one, so that the rows stay in step. With
   * stride 1 that is so under padding 'causal', always. Never where the padding repeats inputs.
   *
   * @param rows  positions in the batch; all of them when left out
   * @throws TypeError  ERR_CONV1D_TYPE    when `rows` is not an array of numbers
   * @throws RangeError ERR_CONV1D_VALUE   when a row is not an integer from 0 to batch - 1
   * @throws RangeError ERR_CONV1D_STREAM  when these rows cannot begin anew by themselves, and from within another call
   * @example
   * const stream = new Conv1d(1, 1, 3, { padding: 'causal' }).stream({ batch: 2 });
   * stream.push(rand(2, 1, 100));
   * stream.reset([1]);   // row 0 goes on
   */
  reset(rows?: readonly number[]): void {
    Conv1dStream.#enter(this, 'reset');
    try {
      const chosen = rows === undefined ? undefined : readRows(rows, this.#batch);
      if (chosen === undefined || chosen.size === this.#batch) this.#restart();
      else this.#restartRows(chosen);
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Where the stream stands, as a plain object for JSON, `structuredClone` or a message; see {@link StreamState}. The weights
   * are not in it.
   *
   * @throws RangeError ERR_CONV1D_MEMORY  when what is carried is too long for a string (384 MiB)
   * @throws RangeError ERR_CONV1D_STREAM  from within another call on the same stream
   * @example
   * const conv = new Conv1d(2, 3, 5);
   * const stream = conv.stream();
   * stream.push(rand(2, 100));
   * const copy = conv.stream();
   * copy.setState(JSON.parse(JSON.stringify(stream.getState())));
   */
  getState(): StreamState {
    Conv1dStream.#enter(this, 'getState');
    try {
      const [received, unbatched, ended] = [this.#received, this.#unbatched, this.#ended];
      const [carried, recent] = [this.#carried(), this.#lastInputs()];
      return makeState(this.#layer.parameters, this.#batch, { received, unbatched, ended, carried, recent });
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Goes on where another stream stood: of a layer with the same parameters, and of the same batch. It checks the whole
   * state before anything changes.
   *
   * @throws TypeError  ERR_CONV1D_TYPE    when the state or a property is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when a property's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when a property is out of range, or of another layer, batch or version
   * @throws RangeError ERR_CONV1D_SHAPE   when what is carried is longer or shorter than it must be
   * @throws RangeError ERR_CONV1D_STREAM  from within another call on the same stream
   */
  setState(state: StreamState): void {
    Conv1dStream.#enter(this, 'setState');
    try {
      const { parameters } = this.#layer;
      const { received, unbatched, ended, carried, recent } = readState(parameters, this.#batch, state);
      this.#restart();
      this.#received = received;
      this.#lead = leadAfter(parameters, received);
      this.#unbatched = unbatched;
      this.#ended = ended;
      this.#recent.remember(recent, recentAt(parameters, received));
      const length = carriedAt(parameters, received, this.#lead);
      const reach = reachOf(parameters);
      for (let from = 0, row = 0; from < carried.length; from += length, row++) {
        this.#history.set(carried.subarray(from, from + length), (row + 1) * reach - length);
      }
    } finally {
      this.#busy = false;
    }
  }

  /**
   * A Web stream over this one: chunks in, outputs out as they become complete (none are empty); the end flushes. It takes
   * typed arrays as well: (inChannels, n) in row-major order.
   *
   * @example
   * await readable.pipeThrough(conv.stream().transform()).pipeTo(writable);
   */
  transform(): TransformStream<Chunk, Tensor> {
    Conv1dStream.#require(this, 'transform');
    return webTransform(this, this.#layer.parameters.inChannels);
  }

  /**
   * The same as {@link transform} as one of Node's streams, in object mode on both sides.
   *
   * @example
   * await pipeline(source, conv.stream().toNodeTransform(), sink);   // of node:stream/promises
   */
  toNodeTransform(): Transform {
    Conv1dStream.#require(this, 'toNodeTransform');
    return nodeTransform(this, this.#layer.parameters.inChannels);
  }

  /**
   * The same as {@link transform} for `for await`. Leaving the loop early leaves the stream where it is.
   *
   * @example
   * for await (const y of conv.stream().over(chunks)) console.log(y.shape);
   */
  over(chunks: AsyncIterable<Chunk> | Iterable<Chunk>): AsyncGenerator<Tensor, void, undefined> {
    Conv1dStream.#require(this, 'over');
    return iterate(this, this.#layer.parameters.inChannels, chunks);
  }

  /** Refuses what is no stream, and a call from within another; the caller clears `#busy` again. */
  static #enter(stream: Conv1dStream, method: string): void {
    Conv1dStream.#require(stream, method);
    if (stream.#busy) {
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `${method}() was called from within another call on the same stream; let that one end first`,
      );
    }
    stream.#busy = true;
  }

  /** Refuses `this` that is no stream. */
  static #require(self: unknown, member: string): void {
    if (typeof self === 'object' && self !== null && #busy in self) return;
    throw typeError(
      'ERR_CONV1D_TYPE',
      `${member} must be called on a stream: stream.${member}, not on ${describe(self)}`,
    );
  }

  #requireOpen(): void {
    if (this.#ended) {
      throw rangeError('ERR_CONV1D_STREAM', 'the stream has ended with flush(); call reset() to begin another signal');
    }
  }

  #requireCountable(length: number): void {
    if (!Number.isSafeInteger(this.#layer.parameters.padLeft + this.#received + length)) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `${length} inputs after ${this.#received} are more than 2^53 - 1 with the padding; reset() the stream before that`,
      );
    }
  }

  /** The outputs that the next `length` inputs and `padRight` elements of padding complete; none before the padding on the left. */
  #outputs(length: number, padRight: number): number {
    const { parameters } = this.#layer;
    if (this.#received + length < inputsToBegin(parameters)) return 0;
    return outputsWithin(parameters, this.#lead + length + padRight);
  }

  /** The outputs that a chunk completes. What is remembered changes last, when nothing can fail any more. */
  #take(chunk: FloatArray, length: number, outputs: number, unbatched: boolean, out: Tensor | undefined): Tensor {
    const { parameters } = this.#layer;
    const shape = this.#shape(outputs, unbatched);
    const memory = this.#memory(shape, out);
    const y = out ?? tensorOfAll(memory, parameters.dtype, shape);
    if (length === 0) return y;
    if (!repeatsInputs(parameters)) {
      this.#convolve(chunk, length, this.#lead, 0, memory);
      return y;
    }

    const kept = this.#received;
    const received = kept + length;
    const begin = inputsToBegin(parameters);
    if (kept >= begin) {
      this.#convolve(chunk, length, this.#lead, 0, memory);
    } else {
      // The native side sees a copy of the chunk, or nothing yet.
      if (out !== undefined) refuseOverlap(memory, chunk, 'chunk');
      if (received >= begin) {
        const joined = beginning(parameters, this.#rows, this.#recent, kept, chunk, length);
        this.#convolve(joined, parameters.padLeft + received, 0, 0, memory);
      }
    }
    if (recentAt(parameters, received) > 0) this.#recent.remember(chunk, length);
    return y;
  }

  /** The outputs that the padding on the right completes. */
  #end(out: Tensor | undefined): Tensor {
    const { parameters } = this.#layer;
    const { inChannels, padRight, paddingMode } = parameters;
    const received = this.#received;
    if (paddingMode === 'reflect' && received > 0) {
      checkPadding(
        parameters,
        this.#unbatched ? [inChannels, received] : [this.#batch, inChannels, received],
        received,
      );
    }
    const outputs = this.#outputs(0, padRight);
    const shape = this.#shape(outputs, this.#unbatched);
    const memory = this.#memory(shape, out);
    const y = out ?? tensorOfAll(memory, parameters.dtype, shape);
    if (outputs === 0) return y;
    if (repeatsInputs(parameters)) {
      const padding = ending(parameters, this.#rows, this.#recent, recentAt(parameters, received));
      this.#convolve(padding, padRight, this.#lead, 0, memory);
    } else {
      this.#convolve(this.#nothing, 0, this.#lead, padRight, memory);
    }
    return y;
  }

  /** Of a result; the same array as long as it stays the same. */
  #shape(outputs: number, unbatched: boolean): readonly number[] {
    const { outChannels } = this.#layer.parameters;
    const shape = unbatched ? [outChannels, outputs] : [this.#batch, outChannels, outputs];
    if (!sameShape(shape, this.#outShape)) this.#outShape = Object.freeze(shape);
    return this.#outShape;
  }

  /** That of `out`, once it is what the result would have been, or new memory. */
  #memory(shape: readonly number[], out: Tensor | undefined): FloatArray {
    if (out === undefined) return allocateResult(this.#layer.parameters.dtype, numelOf(shape));
    return memoryOfOut(this.#layer, shape, out);
  }

  /** Writes the outputs that inputs and `padRight` zeros behind them complete, and remembers the inputs. */
  #convolve(inputs: FloatArray, length: number, lead: number, padRight: number, out: FloatArray): void {
    const { native, weight, bias, packed } = this.#layer;
    this.#oldest = native.push(
      inputs,
      this.#batch,
      length,
      packed ? null : weight,
      packed ? null : bias,
      out,
      this.#history,
      this.#oldest,
      lead,
      padRight,
    );
  }

  #restart(): void {
    this.#history.fill(0);
    this.#oldest = 0;
    this.#received = 0;
    this.#lead = leadAfter(this.#layer.parameters, 0);
    this.#unbatched = false;
    this.#ended = false;
  }

  #restartRows(rows: ReadonlySet<number>): void {
    const { parameters } = this.#layer;
    const { padLeft, span, stride, inChannels } = parameters;
    if (repeatsInputs(parameters)) {
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `rows ${formatShape([...rows])} cannot begin anew by themselves: paddingMode '${parameters.paddingMode}' pads a new signal ` +
          'with inputs of its own; reset() all rows, or give each signal a stream of its own',
      );
    }
    if (this.#ended || this.#lead !== padLeft) {
      // The lead comes back to the padding's width after every stride of inputs, or never.
      const returns = padLeft < span && padLeft >= span - stride;
      const advice = returns ? `reset rows after a multiple of ${stride} inputs, or ` : '';
      const reason = this.#ended
        ? 'the stream has ended'
        : `a new signal brings ${padLeft} positions of padding along, but ${this.#lead} are carried here, and rows must stay in step`;
      throw rangeError(
        'ERR_CONV1D_STREAM',
        `rows ${formatShape([...rows])} cannot begin anew by themselves: ${reason}; ${advice}reset() all rows, or give ` +
          'each signal a stream of its own',
      );
    }
    const length = inChannels * reachOf(parameters);
    for (const row of rows) this.#history.fill(0, row * length, (row + 1) * length);
  }

  /** (batch, inChannels, carried): the end of the history, in order. */
  #carried(): FloatArray {
    const { parameters } = this.#layer;
    const reach = reachOf(parameters);
    const length = carriedAt(parameters, this.#received, this.#lead);
    const rows = this.#rows;
    const carried = allocate(parameters.dtype, rows * length);
    for (let row = 0, to = 0; row < rows; row++) {
      for (let i = reach - length; i < reach; i++) {
        carried[to++] = this.#history[row * reach + ((this.#oldest + i) % reach)]!;
      }
    }
    return carried;
  }

  /** (batch, inChannels, recentAt): the last inputs, in order. */
  #lastInputs(): FloatArray {
    const { parameters } = this.#layer;
    const length = recentAt(parameters, this.#received);
    const inputs = allocate(parameters.dtype, this.#rows * length);
    for (let row = 0; row < this.#rows; row++) this.#recent.copy(row, length, inputs, row * length);
    return inputs;
  }

  #wrongShape(shape: readonly number[]): RangeError {
    const { inChannels } = this.#layer.parameters;
    const unbatched = this.#batch === 1 ? ` or [${inChannels}, L]` : '';
    return rangeError(
      'ERR_CONV1D_SHAPE',
      `expected a chunk of shape [${this.#batch}, ${inChannels}, L]${unbatched}, but got ${formatShape(shape)}`,
    );
  }
}

function lookaheadOf(parameters: Conv1dParameters): number {
  return Math.max(0, reachOf(parameters) - parameters.padLeft);
}
