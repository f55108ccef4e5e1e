import { typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import type { Algorithm } from '../convolution/algorithm.ts';
import {
  type ExplainOptions,
  type ForwardAsyncOptions,
  type ForwardManyOptions,
  type ForwardOptions,
  readExplain,
  readForward,
  readForwardAsync,
  readForwardMany,
} from '../convolution/callOptions.ts';
import { type Explanation, explainCall } from '../convolution/explain.ts';
import { convolve } from '../convolution/forward.ts';
import { convolveAsync } from '../convolution/forwardAsync.ts';
import { convolveMany } from '../convolution/forwardMany.ts';
import { type Layer, makeLayer, packLayer, unpackLayer } from '../convolution/layer.ts';
import type { Conv1dParameters } from '../convolution/parameters.ts';
import { elementsOf } from '../tensor/arguments.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import type { Learned } from '../tensor/history.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { GivenWeights } from './givenWeights.ts';
import { biasUniform, kaimingUniform } from './init.ts';
import { LearnedViews } from './learnedViews.ts';
import { Module } from './module.ts';
import type { Parameter } from './parameter.ts';

let layerWithin: (layer: ConvolutionLayer) => Layer;
let isConvolution: (value: unknown) => value is ConvolutionLayer;

/**
 * What `Conv1d` and `ConvTranspose1d` share: sizes, weights and the ways to call them.
 *
 * @category Layer
 */
export abstract class ConvolutionLayer extends Module {
  readonly #weight: Parameter;
  readonly #bias: Parameter | null;
  readonly #layer: Layer;
  readonly #learned: LearnedViews;

  static {
    layerWithin = (layer) => layer.#layer;
    isConvolution = (value): value is ConvolutionLayer =>
      typeof value === 'object' && value !== null && #layer in value;
  }

  /** @internal Over checked parameters and weights of their shapes. */
  constructor(parameters: Conv1dParameters, { weight, bias }: GivenWeights) {
    super();
    this.#weight = weight;
    this.#bias = bias;
    this.#learned = new LearnedViews([weight, bias]);
    this.#layer = makeLayer(parameters, elementsOf(weight), bias === null ? null : elementsOf(bias));
  }

  /** In torch's order of dimensions. Read-only; what it holds may be written to, see {@link eval}. */
  get weight(): Parameter {
    requireConvolution(this, 'weight');
    return this.#weight;
  }

  /** (outChannels), or null for a layer without bias. */
  get bias(): Parameter | null {
    requireConvolution(this, 'bias');
    return this.#bias;
  }

  /** Channels of the input. */
  get inChannels(): number {
    requireConvolution(this, 'inChannels');
    return this.#layer.parameters.inChannels;
  }

  /** Channels of the output. */
  get outChannels(): number {
    requireConvolution(this, 'outChannels');
    return this.#layer.parameters.outChannels;
  }

  /** Taps of the kernel. */
  get kernelSize(): number {
    requireConvolution(this, 'kernelSize');
    return this.#layer.parameters.kernelSize;
  }

  /** The distance between the inputs of neighbouring outputs. */
  get stride(): number {
    requireConvolution(this, 'stride');
    return this.#layer.parameters.stride;
  }

  /** The distance between neighbouring taps of the kernel. */
  get dilation(): number {
    requireConvolution(this, 'dilation');
    return this.#layer.parameters.dilation;
  }

  /** The number of blocks the channels are divided into; with `inChannels` of them the layer is depthwise. */
  get groups(): number {
    requireConvolution(this, 'groups');
    return this.#layer.parameters.groups;
  }

  /** The type of weight, bias, input and output. */
  get dtype(): FloatDtype {
    requireConvolution(this, 'dtype');
    return this.#layer.parameters.dtype;
  }

  /** Which algorithms calls may take; {@link explain} says which one a call takes. */
  get algorithm(): Algorithm {
    requireConvolution(this, 'algorithm');
    return this.#layer.parameters.algorithm;
  }

  /** The bytes that the transformed weights of a fast algorithm may take up. */
  get maxWeightBytes(): number {
    requireConvolution(this, 'maxWeightBytes');
    return this.#layer.parameters.maxWeightBytes;
  }

  /**
   * Applies the convolution to a batch of signals.
   *
   * @param input    (N, inChannels, L), or (inChannels, L) for a single signal; of the layer's dtype
   * @param options  `out`: a tensor for the result, which saves allocating one
   * @returns        (N, outChannels, outLength), or (outChannels, outLength) for a single signal; `out` if it was given.
   *                 outLength = floor((L + padLeft + padRight - dilation * (kernelSize - 1) - 1) / stride) + 1
   * @throws TypeError  ERR_CONV1D_TYPE     when the input or `out` is not a tensor
   * @throws TypeError  ERR_CONV1D_DTYPE    when the input or `out` is of another dtype
   * @throws RangeError ERR_CONV1D_SHAPE    when channels or length do not fit, or `out` has another shape
   * @throws RangeError ERR_CONV1D_OVERLAP  when `out` shares memory with the input, the weight or the bias
   * @throws RangeError ERR_CONV1D_MEMORY   when the result cannot be allocated
   * @throws TypeError  ERR_CONV1D_DETACHED when the memory of a tensor was transferred to another thread
   * @example
   * const y = new Conv1d(2, 3, 5).forward(rand(4, 2, 6));   // y.shape is [4, 3, 2]
   */
  override forward<D extends FloatDtype, R extends number>(
    input: Tensor<D, R>,
    options?: ForwardOptions,
  ): Tensor<D, R> {
    requireConvolution(this, 'forward');
    this.refresh();
    const out = options === undefined ? undefined : readForward(options);
    return convolve(this.#layer, input, out, undefined, this.learnedWeights()) as Tensor<D, R>;
  }

  /**
   * The same as {@link forward}, on a background thread: the event loop stays free. The same bits, too.
   *
   * The input is copied before the call returns, so that it may be written to, transferred or resized at once; so are the
   * weights in training mode. One call at a time is spread over all threads; many run side by side, one thread each, in the order
   * in which they were made. Where the system gives the process no thread for them, calls compute before they return, and a
   * process warning with the code CONV1D_NO_THREAD says so once.
   *
   * @param input    as for `forward`
   * @param options  `out`: gets a copy of the result at the end, or with `borrow` in shared memory the result itself; `signal`: aborts the
   *                 call; `borrow`: see {@link ForwardAsyncOptions}
   * @returns        the result, or `out` if it was given. Rejects with the errors of `forward`, or with an AbortError
   * @example
   * const y = await conv.forwardAsync(x, { signal: AbortSignal.timeout(1000) });
   */
  async forwardAsync<D extends FloatDtype, R extends number>(
    input: Tensor<D, R>,
    options?: ForwardAsyncOptions,
  ): Promise<Tensor<D, R>> {
    requireConvolution(this, 'forwardAsync');
    this.refresh();
    const read = readForwardAsync(options);
    return this.track(convolveAsync(this.#layer, input, read) as Promise<Tensor<D, R>>);
  }

  /**
   * Convolves signals of different lengths on background threads, each by itself: the same bits as `forward`, one by one.
   * It packs short signals together into jobs, so that a call costs little beside them. It checks all signals before it
   * convolves the first.
   *
   * @param signals  each (inChannels, L), of the layer's dtype, at most 2^20; copied as their turn comes, so leave them alone meanwhile
   * @param options  `concurrency`: how many jobs are under way at a time; `out` and `borrow`: see {@link ForwardManyOptions}; `signal`:
   *                 aborts the call
   * @returns        each signal's (outChannels, outLength), in the same order
   * @throws RangeError ERR_CONV1D_VALUE  when there are more than 2^20 signals
   * @throws RangeError ERR_CONV1D_SHAPE  when a signal does not fit the layer; with the other errors of `forward`, or an AbortError
   * @example
   * const features = await conv.forwardMany([rand(2, 100), rand(2, 57)]);
   */
  async forwardMany<D extends FloatDtype, R extends number>(
    signals: readonly Tensor<D, R>[],
    options?: ForwardManyOptions,
  ): Promise<Tensor<D, R>[]> {
    requireConvolution(this, 'forwardMany');
    this.refresh();
    const work = convolveMany(this.#layer, readForwardMany(signals, options));
    return this.track(work as Promise<Tensor<D, R>[]>);
  }

  /**
   * Says which algorithm a call takes, why, and what it takes up. It computes nothing: it estimates times from what
   * there would be to multiply.
   *
   * @param length   L, of each signal
   * @param options  `batch`: how many signals, 1 by default
   * @throws TypeError  ERR_CONV1D_TYPE    when an argument is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when length or batch is negative or not an integer
   * @throws RangeError ERR_CONV1D_SHAPE   when `forward` would refuse such an input
   * @example
   * const { algorithm, exact, reason } = new Conv1d(64, 64, 11).explain(16000, { batch: 8 });
   * exact;    // true
   * reason;   // "the order of the sum is kept: algorithm 'direct'"
   */
  explain(length: number, options?: ExplainOptions): Explanation {
    requireConvolution(this, 'explain');
    this.refresh();
    const read = readExplain(length, options);
    return explainCall(this.#layer, read.length, read.batch);
  }

  /** @internal */
  override get knowsNorms(): boolean {
    return true;
  }

  /** @internal */
  protected override ownParameters(): ReadonlyMap<string, Parameter> {
    requireConvolution(this, 'ownParameters');
    const named = new Map([['weight', this.#weight]]);
    if (this.#bias !== null) named.set('bias', this.#bias);
    return named;
  }

  /** @internal Weight and bias, as gradients reach them. */
  protected learnedWeights(): Learned {
    requireConvolution(this, 'learnedWeights');
    return this.learned(this.#learned);
  }

  /** @internal Evaluation mode packs a snapshot of weight and bias for the kernels. */
  protected override onMode(training: boolean): void {
    requireConvolution(this, 'onMode');
    if (training) unpackLayer(this.#layer);
    else packLayer(this.#layer);
  }
}

/** Refuses `this` that is no convolution: a method that was taken off its layer, a getter that was read off the prototype. */
function requireConvolution(self: unknown, member: string): void {
  if (isConvolution(self)) return;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a layer: layer.${member}, not on ${describe(self)}`);
}

/** What a layer computes with. */
export function layerOf(layer: ConvolutionLayer): Layer {
  return layerWithin(layer);
}

/** torch's order: a seed makes torch's layer only when the weight is drawn before the bias. */
export function drawWeights({ weightShape, dtype, outChannels }: Conv1dParameters, bias: boolean): GivenWeights {
  const fanIn = weightShape[1] * weightShape[2];
  const weight = kaimingUniform(fanIn, weightShape, dtype);
  return new GivenWeights(weight, bias ? biasUniform(fanIn, [outChannels], dtype) : null);
}
