import { DEFAULT_MAX_WEIGHT_BYTES } from '../convolution/algorithm.ts';
import { type Conv1dParameters, makeParameters } from '../convolution/parameters.ts';
import type { FloatDtype } from '../tensor/dtype.ts';

/** A linear layer as a convolution: each row of its input is a signal of length 1 with a channel for each feature. */
export function linearParameters(inFeatures: number, outFeatures: number, dtype: FloatDtype): Conv1dParameters {
  const shared = {
    stride: 1,
    padding: 0,
    dilation: 1,
    groups: 1,
    algorithm: 'direct',
    maxWeightBytes: DEFAULT_MAX_WEIGHT_BYTES,
  } as const;
  return makeParameters([outFeatures, inFeatures, 1], shared, 'zeros', dtype);
}
