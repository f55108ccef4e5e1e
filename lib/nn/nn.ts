// PyTorch's torch.nn: modules, and what belongs to them.

export { ModuleList, Sequential, type TensorModule } from './containers.ts';
export { Conv1d } from './conv1d.ts';
export { ConvTranspose1d } from './convTranspose1d.ts';
export {
  ELU,
  GELU,
  Hardtanh,
  type HardtanhOptions,
  LeakyReLU,
  ReLU,
  Sigmoid,
  SiLU,
  Softplus,
  type SoftplusOptions,
  Tanh,
} from './layers/activations.ts';
export { Dropout, PReLU, type PReLUOptions, Snake, type SnakeOptions, Upsample } from './layers/channels.ts';
export { Flatten, GLU, Identity, LogSoftmax, Softmax } from './layers/dimensions.ts';
export { Embedding, type EmbeddingLayerOptions, Linear, type LinearOptions } from './layers/linear.ts';
export {
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  L1Loss,
  MSELoss,
  NLLLoss,
  SmoothL1Loss,
} from './layers/losses.ts';
export {
  BatchNorm1d,
  GroupNorm,
  type GroupNormOptions,
  InstanceNorm1d,
  LayerNorm,
  type LayerNormOptions,
  type RunningNormLayerOptions,
} from './layers/norms.ts';
export { ConstantPad1d, type Ends, ReflectionPad1d, ReplicationPad1d, ZeroPad1d } from './layers/padding.ts';
export { AdaptiveAvgPool1d, AdaptiveMaxPool1d, AvgPool1d, MaxPool1d } from './layers/pooling.ts';
export { GRU, LSTM, type RecurrentOptions } from './layers/recurrent.ts';
export { Module } from './module.ts';
export { Parameter } from './parameter.ts';
export { removeWeightNorm, weightNorm } from './weightNormFunctions.ts';
