import { typeError } from '../check/errors.ts';
import { ownGetters } from '../check/ownGetters.ts';
import { describe } from '../check/validate.ts';
import { convolve } from '../convolution/forward.ts';
import { convolveAsync } from '../convolution/forwardAsync.ts';
import {
  type ConvTranspose1dForwardAsyncOptions,
  type ConvTranspose1dForwardOptions,
  readTransposedForward,
  readTransposedForwardAsync,
} from '../convolution/transposedCallOptions.ts';
import { type ConvTranspose1dOptions, readConvTranspose1d } from '../convolution/transposedParameters.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ConvolutionLayer, drawWeights, layerOf } from './convolutionLayer.ts';

/** What makes one layer differ from another, for those who compare or clone it. */
const OWN = ownGetters([
  'inChannels',
  'outChannels',
  'kernelSize',
  'stride',
  'padding',
  'outputPadding',
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
 * A transposed convolution over signals, which makes them longer: PyTorch's `torch.nn.ConvTranspose1d`. Each input adds the kernel,
 * times its value, to the output at `stride` times its place; `padding` then cuts outputs off at both ends.
 *
 * As with {@link Conv1d}, a new layer is in training mode and reads its weights at every call; `eval()` packs a snapshot of them.
 *
 * @example
 * const upsample = new ConvTranspose1d(2, 3, 4, { stride: 2, padding: 1 }).eval();
 * const y = upsample.forward(rand(4, 2, 6));   // y.shape is [4, 3, 12]
 * @category Layer
 */
export class ConvTranspose1d extends ConvolutionLayer {
  /** Tells it from an object that only inherits from its prototype. */
  readonly #isConvTranspose1d = true;

  /**
   * Makes a layer with random weights: the ones that PyTorch makes after the same `manualSeed`.
   *
   * @param inChannels   channels of the input, 1 or more
   * @param outChannels  channels of the output, 1 or more
   * @param kernelSize   taps of the kernel, 1 or more
   * @param options      stride 1, padding 0, outputPadding 0, groups 1, bias true, dilation 1, paddingMode 'zeros', dtype 'float32',
   *                     algorithm 'direct' and maxWeightBytes 2^28 by default
   * @throws TypeError  ERR_CONV1D_TYPE    when an argument is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION  when an option's name is unknown
   * @throws RangeError ERR_CONV1D_VALUE   when a number is out of range, or groups do not divide the channels
   * @throws RangeError ERR_CONV1D_SHAPE   when the weight would be empty or too large
   * @example
   * new ConvTranspose1d(512, 256, 16, { stride: 8, padding: 4 });
   */
  constructor(inChannels: number, outChannels: number, kernelSize: number, options?: ConvTranspose1dOptions) {
    const { parameters, bias } = readConvTranspose1d(inChannels, outChannels, kernelSize, options);
    super(parameters, drawWeights(parameters, bias));
    Object.defineProperties(this, OWN);
  }

  /** How many outputs are cut off at either end. */
  get padding(): number {
    requireConvTranspose1d(this, 'padding');
    return layerOf(this).parameters.padLeft;
  }

  /** How many outputs are added at the end. */
  get outputPadding(): number {
    requireConvTranspose1d(this, 'outputPadding');
    return layerOf(this).parameters.outputPadding!;
  }

  /** Zeros, as in PyTorch. */
  get paddingMode(): 'zeros' {
    requireConvTranspose1d(this, 'paddingMode');
    return 'zeros';
  }

  /**
   * Applies the transposed convolution to a batch of signals.
   *
   * @param input    (N, inChannels, L), or (inChannels, L) for a single signal; of the layer's dtype
   * @param options  `outputSize`: how long the output should be; `out`: a tensor for the result, which saves allocating one
   * @returns        (N, outChannels, outLength), or (outChannels, outLength) for a single signal; `out` if it was given.
   *                 outLength = (L - 1) * stride - 2 * padding + dilation * (kernelSize - 1) + outputPadding + 1
   * @throws TypeError  ERR_CONV1D_TYPE     when the input or `out` is not a tensor
   * @throws TypeError  ERR_CONV1D_DTYPE    when the input or `out` is of another dtype
   * @throws RangeError ERR_CONV1D_SHAPE    when channels, length or `outputSize` do not fit, or `out` has another shape
   * @throws RangeError ERR_CONV1D_OVERLAP  when `out` shares memory with the input, the weight or the bias
   * @throws RangeError ERR_CONV1D_MEMORY   when the result cannot be allocated
   * @throws TypeError  ERR_CONV1D_DETACHED when the memory of a tensor was transferred to another thread
   * @example
   * const upsample = new ConvTranspose1d(2, 3, 4, { stride: 2 });
   * upsample.forward(rand(4, 2, 6)).shape;                        // [4, 3, 14]
   * upsample.forward(rand(4, 2, 6), { outputSize: [15] }).shape;   // [4, 3, 15]
   */
  override forward<D extends FloatDtype, R extends number>(
    input: Tensor<D, R>,
    options?: ConvTranspose1dForwardOptions,
  ): Tensor<D, R> {
    requireConvTranspose1d(this, 'forward');
    this.refresh();
    const { out, outputSize } = options === undefined ? NO_OPTIONS : readTransposedForward(options);
    return convolve(layerOf(this), input, out, outputSize, this.learnedWeights()) as Tensor<D, R>;
  }

  /**
   * The same as {@link forward}, on a background thread, as {@link Conv1d.forwardAsync} does it: the event loop stays free. The same bits,
   * too.
   *
   * @param input    as for `forward`
   * @param options  `outputSize` as for `forward`; `out`, `signal` and `borrow` as for `Conv1d`
   * @returns        the result, or `out` if it was given. Rejects with the errors of `forward`, or with an AbortError
   * @example
   * const upsample = new ConvTranspose1d(2, 3, 4, { stride: 2 });
   * const y = await upsample.forwardAsync(rand(4, 2, 6));   // y.shape is [4, 3, 14]
   */
  override async forwardAsync<D extends FloatDtype, R extends number>(
    input: Tensor<D, R>,
    options?: ConvTranspose1dForwardAsyncOptions,
  ): Promise<Tensor<D, R>> {
    requireConvTranspose1d(this, 'forwardAsync');
    this.refresh();
    const read = readTransposedForwardAsync(options);
    return this.track(convolveAsync(layerOf(this), input, read) as Promise<Tensor<D, R>>);
  }

  /** Whether a value is a ConvTranspose1d; an object that only inherits from its prototype is not. */
  static isConvTranspose1d(value: unknown): value is ConvTranspose1d {
    return typeof value === 'object' && value !== null && #isConvTranspose1d in value;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'ConvTranspose1d';
  }

  /** @internal */
  protected override extraRepr(): string {
    requireConvTranspose1d(this, 'extraRepr');
    const { inChannels, outChannels, kernelSize, stride, padLeft, outputPadding, dilation, groups, algorithm } =
      layerOf(this).parameters;
    const parts = [`${inChannels}`, `${outChannels}`, `kernel_size=(${kernelSize},)`, `stride=(${stride},)`];
    if (padLeft !== 0) parts.push(`padding=(${padLeft},)`);
    if (dilation !== 1) parts.push(`dilation=(${dilation},)`);
    if (outputPadding !== 0) parts.push(`output_padding=(${outputPadding},)`);
    if (groups !== 1) parts.push(`groups=${groups}`);
    if (this.bias === null) parts.push('bias=False');
    if (algorithm !== 'direct') parts.push(`algorithm='${algorithm}'`);
    return parts.join(', ');
  }
}

const NO_OPTIONS = { out: undefined, outputSize: undefined };

/** Refuses `this` that is no ConvTranspose1d: a method that was taken off its layer, a getter that was read off the prototype. */
function requireConvTranspose1d(self: unknown, member: string): void {
  if (ConvTranspose1d.isConvTranspose1d(self)) return;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${member} must be called on a ConvTranspose1d: layer.${member}, not on ${describe(self)}`,
  );
}
