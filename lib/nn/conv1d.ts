import { rangeError, typeError } from '../check/errors.ts';
import { ownGetters } from '../check/ownGetters.ts';
import { describe } from '../check/validate.ts';
import { requireBiasShape } from '../convolution/biasShape.ts';
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
import {
  type Algorithm,
  type Conv1dFromSafetensorsOptions,
  type Conv1dFromWeightsOptions,
  type Conv1dOptions,
  type Conv1dParameters,
  type GivenOptions,
  makeParameters,
  type Padding,
  type PaddingMode,
  readConv1d,
  readFromSafetensors,
  readFromWeights,
} from '../convolution/parameters.ts';
import type { StreamOptions } from '../streaming/options.ts';
import { type Conv1dStream, makeStream } from '../streaming/stream.ts';
import { allocate } from '../tensor/allocate.ts';
import { elementsOf, floatDtypeOf, viewArgument } from '../tensor/arguments.ts';
import { dtypeOf, type FloatArray, type FloatDtype } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { floatsOfView, type View } from '../tensor/view.ts';
import { readConvolution } from './convolutionFile.ts';
import { GivenWeights } from './givenWeights.ts';
import { biasUniform, kaimingUniform } from './init.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

/** What makes one layer differ from another, for those who compare or clone it. */
const OWN = ownGetters([
  'inChannels',
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'dilation',
  'groups',
  'paddingMode',
  'dtype',
  'algorithm',
  'maxWeightBytes',
  'weight',
  'bias',
]);

/**
 * A convolution layer over signals: PyTorch's `torch.nn.Conv1d`.
 *
 * A new layer is in training mode, as in PyTorch: it reads its weights at every call, so that whatever you write to
 * `conv.weight.data` counts at once. `eval()` packs a snapshot of them for the kernels, which is faster.
 *
 * @example
 * const conv = new Conv1d(2, 3, 5, { padding: 'same' }).eval();
 * const y = conv.forward(rand(4, 2, 6));   // y.shape is [4, 3, 6]
 * @category Layer
 */
export class Conv1d extends Module {
  readonly #parameters: Conv1dParameters;
  readonly #weight: Parameter;
  readonly #bias: Parameter | null;
  readonly #layer: Layer;

  /**
   * Makes a layer with random weights: the ones that PyTorch makes after the same `manualSeed`. Drawing them takes about 10 ns
   * a weight in float32 and 40 ns in float64 (measured on a Xeon), and the thread waits for it.
   *
   * @param inChannels   channels of the input, 1 or more
   * @param outChannels  channels of the output, 1 or more
   * @param kernelSize   taps of the kernel, 1 or more
   * @param options      stride 1, padding 0, dilation 1, groups 1, bias true, paddingMode 'zeros', dtype 'float32', algorithm 'direct'
   *                     and maxWeightBytes 2^28 by default
   * @throws TypeError  ERR_CONV1D_TYPE    when an argument is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when a number is out of range, or groups do not divide the channels
   * @throws RangeError ERR_CONV1D_SHAPE   when the weight would be empty or too large
   * @example
   * new Conv1d(512, 512, 3, { groups: 512, dilation: 8, padding: 'causal' });
   */
  constructor(inChannels: number, outChannels: number, kernelSize: number, options?: Conv1dOptions);
  /** @internal With weights in place of random ones: neither draws nor advances the generator. */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: Conv1dOptions | undefined,
    weights: GivenWeights,
  );
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options?: Conv1dOptions,
    weights?: GivenWeights,
  ) {
    super();
    const { parameters, bias } = readConv1d(inChannels, outChannels, kernelSize, options);
    this.#parameters = parameters;

    const { weight: drawn, bias: drawnBias } = GivenWeights.isGiven(weights) ? weights : drawWeights(parameters, bias);
    this.#weight = drawn;
    this.#bias = drawnBias;
    this.#layer = makeLayer(parameters, elementsOf(drawn), drawnBias === null ? null : elementsOf(drawnBias));
    Object.defineProperties(this, OWN);
  }

  /**
   * Makes a layer with weights that are there already: its sizes and its dtype are the weight's. No random number is drawn, and
   * the generator stands where it stood.
   *
   * @param weight   (outChannels, inChannels / groups, kernelSize); copied
   * @param bias     (outChannels), converted to the weight's dtype and copied; null, the default, for none
   * @param options  stride 1, padding 0, dilation 1, groups 1, paddingMode 'zeros', algorithm 'direct' and maxWeightBytes 2^28
   *                 by default
   * @throws TypeError  ERR_CONV1D_TYPE      when an argument or an option is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION    when an option's name is unknown
   * @throws TypeError  ERR_CONV1D_DETACHED  when the memory of a tensor was transferred to another thread
   * @throws RangeError ERR_CONV1D_VALUE     when a number is out of range
   * @throws RangeError ERR_CONV1D_SHAPE     when weight, bias and groups do not fit together
   * @throws RangeError ERR_CONV1D_MEMORY    when the copies cannot be allocated
   * @example
   * const smooth = Conv1d.fromWeights(tensor([[[0.25, 0.5, 0.25]]]), null, { padding: 'same' });
   * smooth.forward(tensor([[0, 4, 0]])).toArray();   // [[1, 2, 1]]
   */
  static fromWeights(weight: Tensor, bias?: Tensor | null, options?: Conv1dFromWeightsOptions): Conv1d {
    const w = viewArgument(weight, "Conv1d.fromWeights(): argument 'weight' (position 1)");
    const b =
      bias === undefined || bias === null
        ? null
        : viewArgument(bias, "Conv1d.fromWeights(): argument 'bias' (position 2)");
    return layerOf(w, b, readFromWeights(options), copyOf);
  }

  /**
   * Makes a layer from a .safetensors file: the shape and the dtype are those of its weight, F16 and BF16 as float32, and there is a
   * bias where the file has one. A weight under weight norm is folded, as `loadStateDict` does it. Nothing else of the file is read, its
   * metadata neither, and no random number is drawn.
   *
   * @param path     the file
   * @param options  `prefix`: what the names of the layer's tensors begin with, needed where the file has several convolutions; and
   *                 stride 1, padding 0, dilation 1, groups 1, paddingMode 'zeros', algorithm 'direct' and maxWeightBytes 2^28
   *                 by default
   * @throws TypeError  ERR_CONV1D_TYPE    when an option is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when the prefix names no convolution, or is needed and missing: the message has those there are
   * @throws RangeError ERR_CONV1D_SHAPE   when weight, bias and groups do not fit together
   * @throws RangeError ERR_CONV1D_FORMAT  when the file is not valid, or its weight is quantised
   * @throws RangeError ERR_CONV1D_MEMORY  when the weight does not fit into memory
   * @throws Error ENOENT, EACCES         when the file cannot be opened: Node's own error
   * @example
   * const filterbank = await Conv1d.fromSafetensors('examples/filterbank.safetensors', { stride: 160 });
   * filterbank.weight.shape;   // [402, 1, 400]
   */
  static async fromSafetensors(path: string, options?: Conv1dFromSafetensorsOptions): Promise<Conv1d> {
    const { prefix, ...given } = readFromSafetensors(options);
    const { shared, paddingMode } = given;
    const { weight, bias } = await readConvolution(path, {
      prefix,
      chosenBy: 'the option prefix',
      inspect: (shape) => makeParameters(shape, shared, paddingMode, 'float32'),
    });
    const w = viewArgument(weight, 'the weight');
    return layerOf(w, bias === null ? null : viewArgument(bias, 'the bias'), given, ownOf);
  }

  /** (outChannels, inChannels / groups, kernelSize). Read-only; what it holds may be written to, see {@link eval}. */
  get weight(): Parameter {
    requireConv1d(this, 'weight');
    return this.#weight;
  }

  /** (outChannels), or null for a layer without bias. */
  get bias(): Parameter | null {
    requireConv1d(this, 'bias');
    return this.#bias;
  }

  /** Channels of the input. */
  get inChannels(): number {
    requireConv1d(this, 'inChannels');
    return this.#parameters.inChannels;
  }

  /** Channels of the output. */
  get outChannels(): number {
    requireConv1d(this, 'outChannels');
    return this.#parameters.outChannels;
  }

  /** Taps of the kernel. */
  get kernelSize(): number {
    requireConv1d(this, 'kernelSize');
    return this.#parameters.kernelSize;
  }

  /** The distance between the inputs of neighbouring outputs. */
  get stride(): number {
    requireConv1d(this, 'stride');
    return this.#parameters.stride;
  }

  /** As it was given to the constructor. */
  get padding(): Padding {
    requireConv1d(this, 'padding');
    return this.#parameters.padding;
  }

  /** The distance between neighbouring taps of the kernel. */
  get dilation(): number {
    requireConv1d(this, 'dilation');
    return this.#parameters.dilation;
  }

  /** The number of blocks the channels are divided into; with `inChannels` of them the layer is depthwise. */
  get groups(): number {
    requireConv1d(this, 'groups');
    return this.#parameters.groups;
  }

  /** Which values padding adds. */
  get paddingMode(): PaddingMode {
    requireConv1d(this, 'paddingMode');
    return this.#parameters.paddingMode;
  }

  /** The type of weight, bias, input and output. */
  get dtype(): FloatDtype {
    requireConv1d(this, 'dtype');
    return this.#parameters.dtype;
  }

  /** Which algorithms calls may take; {@link explain} says which one a call takes. */
  get algorithm(): Algorithm {
    requireConv1d(this, 'algorithm');
    return this.#parameters.algorithm;
  }

  /** The bytes that the transformed weights of a fast algorithm may take up. */
  get maxWeightBytes(): number {
    requireConv1d(this, 'maxWeightBytes');
    return this.#parameters.maxWeightBytes;
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
    requireConv1d(this, 'forward');
    this.refresh();
    return convolve(this.#layer, input, options === undefined ? undefined : readForward(options)) as Tensor<D, R>;
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
    requireConv1d(this, 'forwardAsync');
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
    requireConv1d(this, 'forwardMany');
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
    requireConv1d(this, 'explain');
    this.refresh();
    const read = readExplain(length, options);
    return explainCall(this.#layer, read.length, read.batch);
  }

  /**
   * Begins signals that are fed in chunks: the outputs of all pushes and of the flush are those of `forward` on the whole, bit
   * for bit, however it is cut.
   *
   * @param options  `batch`: how many signals are streamed side by side, 1 by default
   * @throws TypeError  ERR_CONV1D_TYPE    when an option is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when the batch is not an integer from 1 on, the layer pads with paddingMode 'circular', or its
   *                                       algorithm is 'fast'
   * @throws RangeError ERR_CONV1D_SHAPE   when batch * inChannels * dilation * (kernelSize - 1) inputs are too many to carry
   * @throws RangeError ERR_CONV1D_MEMORY  when they cannot be allocated
   * @example
   * const stream = new Conv1d(2, 3, 5, { padding: 'causal' }).eval().stream();
   * const y = stream.push(rand(2, 7));   // y.shape is [3, 7]
   */
  stream(options?: StreamOptions): Conv1dStream {
    requireConv1d(this, 'stream');
    this.refresh();
    return makeStream(this.#layer, options);
  }

  /** Whether a value is a Conv1d; an object that only inherits from its prototype is not. */
  static isConv1d(value: unknown): value is Conv1d {
    return typeof value === 'object' && value !== null && #layer in value;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Conv1d';
  }

  /** @internal */
  protected override ownParameters(): ReadonlyMap<string, Parameter> {
    requireConv1d(this, 'ownParameters');
    const named = new Map([['weight', this.#weight]]);
    if (this.#bias !== null) named.set('bias', this.#bias);
    return named;
  }

  /** @internal Evaluation mode packs a snapshot of weight and bias for the kernels. */
  protected override onMode(training: boolean): void {
    requireConv1d(this, 'onMode');
    if (training) unpackLayer(this.#layer);
    else packLayer(this.#layer);
  }

  /** @internal */
  protected override extraRepr(): string {
    requireConv1d(this, 'extraRepr');
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, paddingMode, algorithm } =
      this.#parameters;
    const parts = [`${inChannels}`, `${outChannels}`, `kernel_size=(${kernelSize},)`, `stride=(${stride},)`];
    const ends = typeof padding === 'number' ? [padding] : padding;
    if (typeof ends === 'string') parts.push(`padding=${ends}`);
    else if (ends.some((end) => end !== 0)) parts.push(`padding=(${ends.join(', ')}${ends.length === 1 ? ',' : ''})`);
    if (dilation !== 1) parts.push(`dilation=(${dilation},)`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.#bias === null) parts.push('bias=False');
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
    if (algorithm !== 'direct') parts.push(`algorithm='${algorithm}'`);
    return parts.join(', ');
  }
}

/** Refuses `this` that is no Conv1d: a method that was taken off its layer, a getter that was read off the prototype. */
function requireConv1d(self: unknown, member: string): void {
  if (Conv1d.isConv1d(self)) return;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a Conv1d: conv.${member}, not on ${describe(self)}`);
}

/** A layer with checked options over what `take` makes of the weights. */
function layerOf(
  weight: View,
  bias: View | null,
  { shared, paddingMode }: GivenOptions,
  take: (elements: FloatArray, dtype: FloatDtype) => FloatArray,
): Conv1d {
  const [outChannels = 0, channelsPerGroup = 0, kernelSize = 0] = weight.shape;
  if (weight.shape.length !== 3) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `expected a weight of shape (outChannels, inChannels / groups, kernelSize), but got ${formatShape(weight.shape)}`,
    );
  }
  const dtype = floatDtypeOf(weight.dtype, 'Conv1d', 'weight');
  const shape = [outChannels, channelsPerGroup, kernelSize] as const;
  const { inChannels } = makeParameters(shape, shared, paddingMode, dtype);
  if (bias !== null) requireBiasShape(bias.shape, shape);
  const weights = new GivenWeights(
    new Parameter(take(floatsOfView(weight), dtype), shape),
    bias === null ? null : new Parameter(take(floatsOfView(bias), dtype), [outChannels]),
  );
  const options = { ...shared, paddingMode, dtype, bias: bias !== null };
  return new Conv1d(inChannels, outChannels, kernelSize, options, weights);
}

/** In memory of the layer's own. */
function copyOf(elements: FloatArray, dtype: FloatDtype): FloatArray {
  const copy = allocate(dtype, elements.length);
  copy.set(elements);
  return copy;
}

/** As they are, where they are of the layer's dtype: nobody else has them. */
function ownOf(elements: FloatArray, dtype: FloatDtype): FloatArray {
  return dtypeOf(elements) === dtype ? elements : copyOf(elements, dtype);
}

/** torch's order: a seed makes torch's layer only when the weight is drawn before the bias. */
function drawWeights({ weightShape, dtype, outChannels }: Conv1dParameters, bias: boolean): GivenWeights {
  const fanIn = weightShape[1] * weightShape[2];
  const weight = kaimingUniform(fanIn, weightShape, dtype);
  return new GivenWeights(weight, bias ? biasUniform(fanIn, [outChannels], dtype) : null);
}
