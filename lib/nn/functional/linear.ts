import { rangeError, typeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { integer } from '../../check/validate.ts';
import { layerOver } from '../../convolution/layer.ts';
import { recentOperator } from '../../convolution/recentOperators.ts';
import { viewArgument } from '../../tensor/arguments.ts';
import { apply } from '../../tensor/dispatch.ts';
import { type FloatDtype, torchName } from '../../tensor/dtype.ts';
import { formatShape } from '../../tensor/shape.ts';
import { type Tensor, viewOf } from '../../tensor/tensor.ts';
import { floatsOfView } from '../../tensor/view.ts';
import { inputArgument, vectorArgument } from '../arguments.ts';
import { linearParameters } from '../linearParameters.ts';
import { embedding as embeddingOf } from '../ops/embedding.ts';
import { linear as linearOf } from '../ops/linear.ts';

/**
 * The input times the transposed weight, plus the bias: PyTorch's `torch.nn.functional.linear`. Each output is one chain of sums, from the bias
 * over the features in their order.
 *
 * @param input   (..., inFeatures), of floats
 * @param weight  (outFeatures, inFeatures)
 * @param bias    (outFeatures), or null for none
 * @returns       (..., outFeatures)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when the sizes do not fit
 * @example
 * functional.linear(rand(4, 3), rand(5, 3)).shape;   // [4, 5]
 */
export function linear<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  weight: Tensor,
  bias?: Tensor | null,
): Tensor<D, R> {
  const x = inputArgument(input, 'linear');
  const w = viewArgument(weight, "linear(): argument 'weight' (position 2)");
  if (w.dtype !== x.dtype) {
    throw typeError(
      'ERR_CONV1D_DTYPE',
      `expected scalar type ${torchName(x.dtype)} but found ${torchName(w.dtype)}; the input is ${x.dtype}, the weight ${w.dtype}`,
    );
  }
  const [outFeatures, inFeatures] = w.shape;
  if (w.shape.length !== 2 || outFeatures === 0 || inFeatures === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `linear(): expected a weight of shape (outFeatures, inFeatures), each 1 or more, but got ${formatShape(w.shape)}`,
    );
  }
  const b = vectorArgument(
    bias,
    "linear(): argument 'bias' (position 3)",
    x,
    outFeatures!,
    (size) => `linear(): the bias should have ${outFeatures} elements, but has ${size}`,
  );
  const operator = recentOperator(linearParameters(inFeatures!, outFeatures!, x.dtype as FloatDtype));
  const learned = [w, viewOf(bias) ?? null];
  return apply(linearOf, [x], { layer: layerOver(operator, floatsOfView(w), b) }, learned) as Tensor<D, R>;
}

/** The options of `functional.embedding`. */
export interface EmbeddingOptions {
  /** A row that is not learned; it counts from the end where it is negative. Nothing else depends on it. */
  readonly paddingIdx?: number | null | undefined;
}

/**
 * Rows of a weight by their indices: PyTorch's `torch.nn.functional.embedding`.
 *
 * @param input    indices of any shape, int64 or int32
 * @param weight   (rows, features)
 * @param options  `paddingIdx`: none by default
 * @returns        (..., features), of the dtype of the weight
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_SHAPE  when the weight has not two dimensions
 * @throws RangeError ERR_CONV1D_VALUE  when an index is negative, or not below the number of rows
 * @example
 * functional.embedding(tensor([1, 0], { dtype: 'int64' }), tensor([[1, 2], [3, 4]])).toArray();   // [[3, 4], [1, 2]]
 */
export function embedding<D extends FloatDtype>(
  input: Tensor<'int64' | 'int32'>,
  weight: Tensor<D>,
  options?: EmbeddingOptions,
): Tensor<D> {
  const index = viewArgument(input, "embedding(): argument 'input' (position 1)");
  const w = viewArgument(weight, "embedding(): argument 'weight' (position 2)");
  let paddingIdx: number | null = null;
  if (options !== undefined) {
    refuseUnknownOptions(options, ['paddingIdx'], 'functional.embedding');
    paddingIdx = readPaddingIdx(options.paddingIdx, w.shape[0] ?? 0);
  }
  return apply(embeddingOf, [index, w], { paddingIdx }) as Tensor<D>;
}

/** The row that is not learned, counted from the front; null for none. */
export function readPaddingIdx(value: unknown, rows: number): number | null {
  if (value === undefined || value === null) return null;
  const index = integer(value, 'paddingIdx');
  if (index < -rows || index >= rows) {
    throw rangeError('ERR_CONV1D_VALUE', `Padding_idx must be within num_embeddings, ${rows}, but got ${index}`);
  }
  return index < 0 ? index + rows : index;
}
