// PyTorch's torch.nn.functional: functions that hold no weights.

export type { PadMode } from '../tensor/ops/pad.ts';
export {
  elu,
  type GeluOptions,
  gelu,
  hardtanh,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softplus,
  tanh,
} from './functional/activations.ts';
export { glu, logSoftmax, prelu, snake, softmax } from './functional/channels.ts';
export { conv1d, convTranspose1d } from './functional/convolutions.ts';
export { type DropoutOptions, dropout } from './functional/dropout.ts';
export { type InterpolateOptions, interpolate } from './functional/interpolate.ts';
export { type EmbeddingOptions, embedding, linear } from './functional/linear.ts';
export {
  type CrossEntropyLossOptions,
  crossEntropyLoss,
  crossEntropyLoss as crossEntropy,
  type NllLossOptions,
  nllLoss,
} from './functional/losses/classes.ts';
export type { LossOptions } from './functional/losses/options.ts';
export {
  type BceWithLogitsLossOptions,
  bceWithLogitsLoss,
  bceWithLogitsLoss as binaryCrossEntropyWithLogits,
  l1Loss,
  mseLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from './functional/losses/pairs.ts';
export {
  type BatchNormOptions,
  batchNorm,
  groupNorm,
  type InstanceNormOptions,
  instanceNorm,
  layerNorm,
  type NormOptions,
} from './functional/norms.ts';
export { type PadOptions, pad } from './functional/pad.ts';
export {
  type AdaptiveMaxPoolOptions,
  type AvgPoolOptions,
  adaptiveAvgPool1d,
  adaptiveMaxPool1d,
  avgPool1d,
  type MaxPoolOptions,
  maxPool1d,
} from './functional/pooling.ts';
export { type IstftOptions, istft } from './functional/signals/istft.ts';
export { type MelFilterbankOptions, melFilterbank } from './functional/signals/mel.ts';
export { type ResampleOptions, resample } from './functional/signals/resample.ts';
export { type SpectrogramOptions, spectrogram } from './functional/signals/spectrogram.ts';
export { type StftOptions, stft } from './functional/signals/stft.ts';
export {
  bartlettWindow,
  blackmanWindow,
  type HammingWindowOptions,
  hammingWindow,
  hannWindow,
  type KaiserWindowOptions,
  kaiserWindow,
  type WindowOptions,
} from './functional/signals/windows.ts';
