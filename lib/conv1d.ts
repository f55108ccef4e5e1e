import { readForwardAsync, readForwardMany } from './asyncOptions.ts';
import { type Convolution, convolve, makeConvolution } from './convolve.ts';
import { convolveAsync, type LayerWeights } from './convolveAsync.ts';
import { convolveMany } from './convolveMany.ts';
import { typeError } from './errors.ts';
import { InFlight } from './inFlight.ts';
import { type Conv1dOptions, type Conv1dParameters, type Padding, type PaddingMode, readConv1d } from './options.ts';
import {
  type IncompatibleKeys,
  type LoadStateDictOptions,
  loadInto,
  type StateDict,
  stateDictOf,
} from './stateDict.ts';
import { type Conv1dStream, makeStream, type StreamOptions } from './streaming/stream.ts';
import type { Dtype, FloatArray } from './tensor/dtype.ts';
import { biasUniform, kaimingUniform } from './tensor/init.ts';
import type { Parameter } from './tensor/parameter.ts';
import type { Tensor } from './tensor/tensor.ts';
import { refuseUnknownOptions } from './unknownOption.ts';
import { describe } from './validate.ts';

/**
 * The options of `forward`.
 *
 * @category Layer
 */
export interface ForwardOptions {
  /** Where the result goes: contiguous, of the result's shape and dtype, sharing no memory with what is read. */
  out?: Tensor | undefined;
}

/**
 * The options of `forwardAsync`.
 *
 * @category Layer
 */
export interface ForwardAsyncOptions extends ForwardOptions {
  /** Aborts the call: what waits is dropped, what runs stops at its next tile, and the promise rejects with an AbortError. */
  signal?: AbortSignal | undefined;
  /**
   * Does not copy an input that lies in a SharedArrayBuffer: you promise that nobody writes to it meanwhile. Other memory could be
   * transferred away while the call reads it, and is copied all the same. Default false.
   */
  borrow?: boolean | undefined;
}

/**
 * The options of `forwardMany`.
 *
 * @category Layer
 */
export interface ForwardManyOptions {
  /** How many background jobs may be under way at a time, from 1 on. Default: one more than {@link getNumThreads} says. */
  concurrency?: number | undefined;
  /** Aborts the call, see {@link ForwardAsyncOptions}. */
  signal?: AbortSignal | undefined;
}

const FORWARD_OPTIONS = ['out'] as const;
const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A convolution layer over signals: PyTorch's `torch.nn.Conv1d`.
 *
 * A new layer is in training mode, as in PyTorch: its weights are read at every call, so that whatever is written to
 * `conv.weight.data` counts at once. `eval()` packs a snapshot of them for the kernels, which is faster.
 *
 * @example
 * const conv = new Conv1d(2, 3, 5, { padding: 'same' }).eval();
 * const y = conv.forward(rand(4, 2, 6));   // y.shape is [4, 3, 6]
 * @category Layer
 */
export class Conv1d {
  readonly #parameters: Conv1dParameters;
  readonly #native: Convolution;
  readonly #weight: Parameter;
  readonly #bias: Parameter | null;
  // The memory of weight and bias, which stays the same as long as the layer lives.
  readonly #weightElements: FloatArray;
  readonly #biasElements: FloatArray | null;
  readonly #inFlight = new InFlight();
  #training = true;

  /**
   * Makes a layer with random weights: the ones that PyTorch makes after the same `manualSeed`. Drawing them takes about 10 ns
   * a weight in float32 and 40 ns in float64 (measured on a Xeon), and the thread waits for it.
   *
   * @param inChannels   channels of the input, 1 or more
   * @param outChannels  channels of the output, 1 or more
   * @param kernelSize   taps of the kernel, 1 or more
   * @param options      stride 1, padding 0, dilation 1, groups 1, bias true, paddingMode 'zeros' and dtype 'float32' by default
   * @throws TypeError  ERR_CONV1D_TYPE    when an argument is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when a number is out of range, or groups do not divide the channels
   * @throws RangeError ERR_CONV1D_SHAPE   when the weight would be empty or too large
   * @example
   * new Conv1d(512, 512, 3, { groups: 512, dilation: 8, padding: 'causal' });
   */
  constructor(inChannels: number, outChannels: number, kernelSize: number, options?: Conv1dOptions) {
    const { parameters, bias } = readConv1d(inChannels, outChannels, kernelSize, options);
    this.#parameters = parameters;
    this.#native = makeConvolution(parameters);

    // torch's order: a seed makes torch's layer only when the weight is drawn before the bias.
    const { weightShape, dtype, outChannels: biasLength } = parameters;
    const fanIn = weightShape[1] * weightShape[2];
    this.#weight = kaimingUniform(fanIn, weightShape, dtype);
    this.#bias = bias ? biasUniform(fanIn, [biasLength], dtype) : null;
    this.#weightElements = this.#weight.data;
    this.#biasElements = this.#bias === null ? null : this.#bias.data;
  }

  /** (outChannels, inChannels / groups, kernelSize). Read-only; what it holds may be written to, see {@link eval}. */
  get weight(): Parameter {
    return this.#weight;
  }

  /** (outChannels), or null for a layer without bias. */
  get bias(): Parameter | null {
    return this.#bias;
  }

  /** Channels of the input. */
  get inChannels(): number {
    return this.#parameters.inChannels;
  }

  /** Channels of the output. */
  get outChannels(): number {
    return this.#parameters.outChannels;
  }

  /** Taps of the kernel. */
  get kernelSize(): number {
    return this.#parameters.kernelSize;
  }

  /** The distance between the inputs of neighbouring outputs. */
  get stride(): number {
    return this.#parameters.stride;
  }

  /** As it was given to the constructor. */
  get padding(): Padding {
    return this.#parameters.padding;
  }

  /** The distance between neighbouring taps of the kernel. */
  get dilation(): number {
    return this.#parameters.dilation;
  }

  /** The number of blocks the channels are divided into; with `inChannels` of them the layer is depthwise. */
  get groups(): number {
    return this.#parameters.groups;
  }

  /** Which values padding adds. */
  get paddingMode(): PaddingMode {
    return this.#parameters.paddingMode;
  }

  /** The type of weight, bias, input and output. */
  get dtype(): Dtype {
    return this.#parameters.dtype;
  }

  /** True until {@link eval} is called, and again after {@link train}. */
  get training(): boolean {
    return this.#training;
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
  forward(input: Tensor, options?: ForwardOptions): Tensor {
    if (!Conv1d.#isLayer(this)) throw notALayer('forward');
    return convolve(
      this.#native,
      this.#parameters,
      this.#weightElements,
      this.#biasElements,
      !this.#training,
      input,
      options === undefined ? undefined : readOut(options),
    );
  }

  /**
   * The same as {@link forward}, on a background thread: the event loop stays free. The same bits, too.
   *
   * The input is copied before the call returns, so that it may be written to, transferred or resized at once; so are the
   * weights in training mode. One call at a time is spread over all threads; many run side by side, one thread each, in the order
   * in which they were made.
   *
   * @param input    as for `forward`
   * @param options  `out`: gets a copy of the result at the end; `signal`: aborts the call; `borrow`: see {@link ForwardAsyncOptions}
   * @returns        the result, or `out` if it was given. Rejects with the errors of `forward`, or with an AbortError
   * @example
   * const y = await conv.forwardAsync(x, { signal: AbortSignal.timeout(1000) });
   */
  async forwardAsync(input: Tensor, options?: ForwardAsyncOptions): Promise<Tensor> {
    if (!Conv1d.#isLayer(this)) throw notALayer('forwardAsync');
    const read = readForwardAsync(options);
    return this.#inFlight.track(convolveAsync(this.#native, this.#parameters, this.#weights(), input, read));
  }

  /**
   * Convolves signals of different lengths on background threads, each by itself: the same bits as `forward`, one by one.
   * Short signals are packed together into jobs, so that a call costs little beside them. All signals are checked before the
   * first is convolved.
   *
   * @param signals  each (inChannels, L), of the layer's dtype; copied as their turn comes, so leave them alone meanwhile
   * @param options  `concurrency`: how many jobs are under way at a time; `signal`: aborts the call
   * @returns        each signal's (outChannels, outLength), in the same order
   * @throws RangeError ERR_CONV1D_SHAPE  when a signal does not fit the layer; with the other errors of `forward`, or an AbortError
   * @example
   * const features = await conv.forwardMany([rand(2, 100), rand(2, 57)]);
   */
  async forwardMany(signals: readonly Tensor[], options?: ForwardManyOptions): Promise<Tensor[]> {
    if (!Conv1d.#isLayer(this)) throw notALayer('forwardMany');
    const { list, concurrency, signal } = readForwardMany(signals, options);
    const work = convolveMany(this.#native, this.#parameters, this.#weights(), list, concurrency, signal);
    return this.#inFlight.track(work);
  }

  /** How many calls of {@link forwardAsync} and {@link forwardMany} are under way. */
  get pending(): number {
    return this.#inFlight.count;
  }

  /**
   * Resolves when no call of {@link forwardAsync} or {@link forwardMany} is under way and every `then` on their promises has run:
   * back-pressure, or a clean end.
   *
   * @example
   * for await (const x of source) {
   *   if (conv.pending >= 8) await conv.idle();
   *   conv.forwardAsync(x).then(write, report);
   * }
   * await conv.idle();
   */
  idle(): Promise<void> {
    return this.#inFlight.idle();
  }

  /**
   * Begins signals that are fed in chunks: the outputs of all pushes and of the flush are those of `forward` on the whole, bit
   * for bit, however it is cut.
   *
   * @param options  `batch`: how many signals are streamed side by side, 1 by default
   * @throws TypeError  ERR_CONV1D_TYPE    when an option is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when the batch is not an integer from 1 on, or the padding is of other values than zeros
   * @throws RangeError ERR_CONV1D_SHAPE   when batch * inChannels * dilation * (kernelSize - 1) inputs are too many to carry
   * @throws RangeError ERR_CONV1D_MEMORY  when they cannot be allocated
   * @example
   * const stream = new Conv1d(2, 3, 5, { padding: 'causal' }).eval().stream();
   * const y = stream.push(rand(2, 7));   // y.shape is [3, 7]
   */
  stream(options?: StreamOptions): Conv1dStream {
    if (!Conv1d.#isLayer(this)) throw notALayer('stream');
    return makeStream(
      {
        native: this.#native,
        parameters: this.#parameters,
        weight: this.#weightElements,
        bias: this.#biasElements,
        isPacked: () => !this.#training,
      },
      options,
    );
  }

  /**
   * Packs a snapshot of weight and bias for the kernels. What is written to them afterwards has no effect until `eval()`
   * or `train()` is called again; `loadStateDict` takes a new snapshot by itself.
   *
   * @returns this layer
   * @throws TypeError  ERR_CONV1D_DETACHED  when the memory of weight or bias was transferred to another thread
   * @throws RangeError ERR_CONV1D_MEMORY    when the snapshot cannot be allocated
   * @example
   * const y = conv.eval().forward(rand(4, 2, 6));
   */
  eval(): this {
    this.#native.pack(this.#weightElements, this.#biasElements);
    this.#training = false;
    return this;
  }

  /**
   * Drops the snapshot of {@link eval}: weight and bias are read at every call again.
   *
   * @param mode  true by default; `train(false)` is `eval()`, as in PyTorch
   * @returns this layer
   * @throws TypeError ERR_CONV1D_TYPE  when the mode is not true or false; with the errors of `eval` when it is false
   * @example
   * conv.eval();
   * conv.train();
   * conv.training;   // true
   */
  train(mode = true): this {
    if (typeof mode !== 'boolean') {
      throw typeError('ERR_CONV1D_TYPE', `training mode is expected to be boolean, but got ${describe(mode)}`);
    }
    if (!mode) return this.eval();
    this.#native.unpack();
    this.#training = true;
    return this;
  }

  /**
   * The values to be learned: the weight, and the bias if there is one; the layer's own, not copies.
   *
   * @example
   * conv.parameters().map(({ shape }) => shape);   // [[3, 2, 5], [3]]
   */
  parameters(): Parameter[] {
    return this.#bias === null ? [this.#weight] : [this.#weight, this.#bias];
  }

  /**
   * `{ weight, bias }`, or `{ weight }` without a bias: tensors over the layer's memory, as in PyTorch.
   *
   * @example
   * Object.keys(conv.stateDict());   // ['weight', 'bias']
   * await saveSafetensors('layer.safetensors', conv.stateDict());
   */
  stateDict(): StateDict {
    return stateDictOf(this.#named());
  }

  /**
   * Copies values into weight and bias, converted to the layer's dtype. Nothing is copied unless everything fits.
   *
   * @param dict     `{ weight, bias }`, or `{ weight }` for a layer without bias
   * @param options  `strict`: whether missing and unexpected keys are errors, true by default; wrong shapes always are.
   *                 `prefix`: what this layer's keys begin with, `''` by default; entries of other layers are left alone
   * @returns        the missing and the unexpected keys, with the prefix
   * @throws TypeError  ERR_CONV1D_TYPE        when `dict` is not a plain object, or an option is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION      when an option's name is unknown
   * @throws TypeError  ERR_CONV1D_DETACHED    when memory of the layer or of the dict was transferred to another thread
   * @throws RangeError ERR_CONV1D_STATE_DICT  with torch's list of what does not fit
   * @throws RangeError ERR_CONV1D_MEMORY      in evaluation mode, when the packed weights cannot be allocated
   * @example
   * conv.loadStateDict(await loadSafetensors('layer.safetensors'));
   * const model = { 'conv1.weight': rand(3, 2, 5), 'conv1.bias': zeros(3), 'conv2.weight': rand(8, 3, 1) };
   * conv.loadStateDict(model, { prefix: 'conv1.' });   // { missingKeys: [], unexpectedKeys: [] }
   */
  loadStateDict(dict: StateDict, options?: LoadStateDictOptions): IncompatibleKeys {
    const keys = loadInto(this.#named(), dict, options, 'Conv1d');
    if (!this.#training) this.eval();
    return keys;
  }

  /** The layer as PyTorch prints it. */
  toString(): string {
    const { inChannels, outChannels, kernelSize, stride, padding, dilation, groups, paddingMode } = this.#parameters;
    const parts = [`${inChannels}`, `${outChannels}`, `kernel_size=(${kernelSize},)`, `stride=(${stride},)`];
    const ends = typeof padding === 'number' ? [padding] : padding;
    if (typeof ends === 'string') parts.push(`padding=${ends}`);
    else if (ends.some((end) => end !== 0)) parts.push(`padding=(${ends.join(', ')}${ends.length === 1 ? ',' : ''})`);
    if (dilation !== 1) parts.push(`dilation=(${dilation},)`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.#bias === null) parts.push('bias=False');
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`);
    return `Conv1d(${parts.join(', ')})`;
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    return this.toString();
  }

  static #isLayer(value: unknown): boolean {
    return typeof value === 'object' && value !== null && #parameters in value;
  }

  #weights(): LayerWeights {
    return { weight: this.#weightElements, bias: this.#biasElements, packed: !this.#training };
  }

  #named(): Map<string, Parameter> {
    const named = new Map([['weight', this.#weight]]);
    if (this.#bias !== null) named.set('bias', this.#bias);
    return named;
  }
}

function notALayer(method: string): TypeError {
  return typeError('ERR_CONV1D_TYPE', `${method}() must be called on a Conv1d: conv.${method}(x), not ${method}(x)`);
}

function readOut(options: ForwardOptions): Tensor | undefined {
  refuseUnknownOptions(options, FORWARD_OPTIONS, 'forward');
  return options.out;
}
