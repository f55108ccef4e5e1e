import { rangeError, typeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, integer } from '../../check/validate.ts';
import { type Layer, makeLayer, packLayer, unpackLayer } from '../../convolution/layer.ts';
import { allocate } from '../../tensor/allocate.ts';
import { elementsOf, viewArgument } from '../../tensor/arguments.ts';
import { apply } from '../../tensor/dispatch.ts';
import { type FloatDtype, readFloatDtype } from '../../tensor/dtype.ts';
import { normal } from '../../tensor/random/random.ts';
import { formatShape, numelOf } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { embedding, readPaddingIdx } from '../functional/linear.ts';
import { biasUniform, kaimingUniform } from '../init.ts';
import { LearnedViews } from '../learnedViews.ts';
import { linearParameters } from '../linearParameters.ts';
import { Module, requireModule } from '../module.ts';
import { linear } from '../ops/linear.ts';
import { Parameter } from '../parameter.ts';
import { makeFieldsReadOnly } from '../readOnlyFields.ts';
import { pythonBool } from '../repr.ts';

/** The options of `nn.Linear`. */
export interface LinearOptions {
  /** Whether a number to be learned is added to each output. Default true. */
  readonly bias?: boolean | undefined;
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

/** Sizes of a weight, none negative; torch's sentence. */
function requireSizes(shape: readonly number[], least: number, names: string): void {
  const negative = shape.find((size) => size < 0);
  if (negative !== undefined) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `Trying to create tensor with negative dimension ${negative}: ${formatShape(shape)}; ${names} must be ${least} or more`,
    );
  }
  if (shape.some((size) => size < least)) {
    throw rangeError('ERR_CONV1D_VALUE', `${names} must be ${least} or more, but got ${formatShape(shape)}`);
  }
}

/**
 * The input times the transposed weight, plus the bias. PyTorch's `torch.nn.Linear`.
 *
 * @example
 * new nn.Linear(3, 5).forward(rand(4, 3)).shape;   // [4, 5]
 * @category Layer
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** (outFeatures, inFeatures). */
  readonly weight: Parameter;
  /** (outFeatures), or null for a layer without bias. */
  readonly bias: Parameter | null;
  readonly #layer: Layer;
  readonly #learned: LearnedViews;

  /**
   * Makes a layer with random weights: the ones that PyTorch makes after the same `manualSeed`.
   *
   * @param inFeatures   features of the input, 1 or more
   * @param outFeatures  features of the output, 1 or more
   * @param options      bias true, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
   * @throws RangeError ERR_CONV1D_SHAPE, ERR_CONV1D_MEMORY  when the weight is too large
   */
  constructor(inFeatures: number, outFeatures: number, options?: LinearOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['bias', 'dtype'], 'Linear');
    const { bias = true, dtype = 'float32' } = options ?? {};
    this.inFeatures = integer(inFeatures, 'Linear: inFeatures');
    this.outFeatures = integer(outFeatures, 'Linear: outFeatures');
    const shape = [this.outFeatures, this.inFeatures];
    requireSizes(shape, 1, 'inFeatures and outFeatures');
    const kind = readFloatDtype(dtype);
    const hasBias = boolean(bias, 'bias');
    const parameters = linearParameters(this.inFeatures, this.outFeatures, kind);
    this.weight = kaimingUniform(this.inFeatures, shape, kind);
    this.bias = hasBias ? biasUniform(this.inFeatures, [this.outFeatures], kind) : null;
    this.#learned = new LearnedViews([this.weight, this.bias]);
    this.#layer = makeLayer(parameters, elementsOf(this.weight), this.bias === null ? null : elementsOf(this.bias));
    makeFieldsReadOnly(this);
  }

  /**
   * @param input  (..., inFeatures), of the layer's dtype
   * @returns      (..., outFeatures)
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when the input is no tensor, or of another dtype
   * @throws RangeError ERR_CONV1D_SHAPE  when it has other features
   */
  override forward<D extends FloatDtype, R extends number>(input: Tensor<D, R>): Tensor<D, R> {
    requireModule(this, 'forward');
    this.refresh();
    const x = viewArgument(input, "linear(): argument 'input' (position 1)");
    return apply(linear, [x], { layer: layerWithin(this) }, this.learned(this.#learned)) as Tensor<D, R>;
  }

  /** @internal */
  static layerOf(value: Module): Layer | undefined {
    return #layer in value ? value.#layer : undefined;
  }

  /** @internal */
  override get knowsNorms(): boolean {
    return true;
  }

  /** @internal Evaluation mode packs a snapshot of weight and bias for the kernels. */
  protected override onMode(training: boolean): void {
    if (training) unpackLayer(this.#layer);
    else packLayer(this.#layer);
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Linear';
  }

  /** @internal */
  protected override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pythonBool(this.bias !== null)}`;
  }
}

function layerWithin(module: Module): Layer {
  const layer = Linear.layerOf(module);
  if (layer !== undefined) return layer;
  throw typeError('ERR_CONV1D_TYPE', 'forward must be called on a Linear: layer.forward');
}

/** The options of `nn.Embedding`. */
export interface EmbeddingLayerOptions {
  /** A row of zeros that is not learned; it counts from the end where it is negative. Default none. */
  readonly paddingIdx?: number | null | undefined;
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

/**
 * Rows of a weight by their indices. PyTorch's `torch.nn.Embedding`.
 *
 * @example
 * new nn.Embedding(10, 3).forward(tensor([[1, 2], [9, 0]], { dtype: 'int64' })).shape;   // [2, 2, 3]
 * @category Layer
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  /** (numEmbeddings, embeddingDim). */
  readonly weight: Parameter;

  /**
   * Makes a layer with random weights: the ones that PyTorch makes after the same `manualSeed`.
   *
   * @param numEmbeddings  rows
   * @param embeddingDim   features of each
   * @param options        paddingIdx none, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
   * @throws RangeError ERR_CONV1D_SHAPE, ERR_CONV1D_MEMORY  when the weight is too large
   */
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingLayerOptions) {
    super();
    if (options !== undefined) refuseUnknownOptions(options, ['paddingIdx', 'dtype'], 'Embedding');
    const { paddingIdx, dtype = 'float32' } = options ?? {};
    this.numEmbeddings = integer(numEmbeddings, 'Embedding: numEmbeddings');
    this.embeddingDim = integer(embeddingDim, 'Embedding: embeddingDim');
    this.paddingIdx = readPaddingIdx(paddingIdx, this.numEmbeddings);
    const shape = [this.numEmbeddings, this.embeddingDim];
    requireSizes(shape, 0, 'numEmbeddings and embeddingDim');
    const values = allocate(readFloatDtype(dtype), numelOf(shape));
    normal(values);
    if (this.paddingIdx !== null) {
      values.fill(0, this.paddingIdx * this.embeddingDim, (this.paddingIdx + 1) * this.embeddingDim);
    }
    this.weight = new Parameter(values, shape);
    makeFieldsReadOnly(this);
  }

  /**
   * @param input  indices of any shape, int64 or int32
   * @returns      (..., embeddingDim)
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when the input is no tensor of integers
   * @throws RangeError ERR_CONV1D_VALUE  when an index is negative, or not below the number of rows
   */
  override forward(input: Tensor<'int64' | 'int32'>): Tensor {
    requireModule(this, 'forward');
    this.refresh();
    return embedding(input, this.weight, { paddingIdx: this.paddingIdx });
  }

  /** @internal */
  override get knowsNorms(): boolean {
    return true;
  }

  /** @internal */
  protected override get typeName(): string {
    return 'Embedding';
  }

  /** @internal */
  protected override extraRepr(): string {
    const padding = this.paddingIdx === null ? '' : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}
