import { DEFAULT_MAX_WEIGHT_BYTES } from '../convolution/algorithm.ts';
import { type Layer, makeLayer } from '../convolution/layer.ts';
import { makeParameters } from '../convolution/parameters.ts';
import type { WeightShape } from '../convolution/sizes.ts';
import { makeTransposedParameters } from '../convolution/transposedParameters.ts';
import { linearParameters } from '../nn/linearParameters.ts';
import type { FloatArray, FloatDtype } from '../tensor/dtype.ts';

/** The stride, padding and the like of a convolution in a file. */
export interface Steps {
  readonly stride: number;
  readonly dilation: number;
  readonly groups: number;
}

/** The algorithm, which a file does not have; compile() chooses it. */
const CHOICE = { algorithm: 'direct', maxWeightBytes: DEFAULT_MAX_WEIGHT_BYTES } as const;

/** A convolution over the memory of its weights. */
export function convolutionLayer(
  weightShape: WeightShape,
  { stride, dilation, groups }: Steps,
  padding: readonly [number, number],
  dtype: FloatDtype,
  weight: FloatArray,
  bias: FloatArray | null,
): Layer {
  const shared = { stride, dilation, groups, padding, ...CHOICE };
  return makeLayer(makeParameters(weightShape, shared, 'zeros', dtype), weight, bias);
}

/** The same of a transposed one. */
export function transposedLayer(
  weightShape: WeightShape,
  { stride, dilation, groups }: Steps,
  padding: number,
  outputPadding: number,
  dtype: FloatDtype,
  weight: FloatArray,
  bias: FloatArray | null,
): Layer {
  const shared = { stride, dilation, groups, padding, outputPadding, ...CHOICE };
  return makeLayer(makeTransposedParameters(weightShape, shared, dtype), weight, bias);
}

/** A linear layer; the weight is (outFeatures, inFeatures). */
export function linearLayer(
  inFeatures: number,
  outFeatures: number,
  dtype: FloatDtype,
  weight: FloatArray,
  bias: FloatArray | null,
): Layer {
  return makeLayer(linearParameters(inFeatures, outFeatures, dtype), weight, bias);
}
