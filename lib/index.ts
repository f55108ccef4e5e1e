/**
 * The package: `import { Conv1d } from 'conv1d'`.
 *
 * @module conv1d
 */

import './autograd/connect.ts';

export type { ErrorCode } from './check/errors.ts';
export type {
  ExplainOptions,
  ForwardAsyncOptions,
  ForwardManyOptions,
  ForwardOptions,
} from './convolution/callOptions.ts';
export type { Explanation } from './convolution/explain.ts';
export type {
  Algorithm,
  Conv1dFromSafetensorsOptions,
  Conv1dFromWeightsOptions,
  Conv1dOptions,
  FunctionalConv1dOptions,
  Padding,
  PaddingMode,
} from './convolution/parameters.ts';
export type {
  ConvTranspose1dForwardAsyncOptions,
  ConvTranspose1dForwardOptions,
  OutputSizeOption,
} from './convolution/transposedCallOptions.ts';
export type {
  ConvTranspose1dOptions,
  FunctionalConvTranspose1dOptions,
} from './convolution/transposedParameters.ts';
export { loadCheckpoint, parseCheckpoint } from './io/checkpoint/loadCheckpoint.ts';
export type { LoadCheckpointOptions, ParseCheckpointOptions } from './io/checkpoint/options.ts';
export { loadNpy, parseNpy, saveNpy, serializeNpy } from './io/npy.ts';
export {
  type LoadSafetensorsOptions,
  loadSafetensors,
  type ParseSafetensorsOptions,
  parseSafetensors,
  type SkippedTensor,
  saveSafetensors,
} from './io/safetensors.ts';
export { loadWav, parseWav, type Wav, type WavFormat, type WavOptions } from './io/wav.ts';
export { type CpuInfo, cpuInfo, getNumThreads, type Isa, setNumThreads } from './native/runtime.ts';
export { compile } from './network/compile.ts';
export {
  loadNetwork,
  type ParseNetworkOptions,
  parseNetwork,
  saveNetwork,
  serializeNetwork,
} from './network/file/networkFile.ts';
export type { NamedResult, NamedTensors } from './network/named.ts';
export { Network } from './network/network.ts';
export type { CompileOptions, NetworkAsyncOptions, NetworkInput } from './network/options.ts';
export type { Profile, ProfileStep } from './network/report/profile.ts';
export type { Summary, SummaryStep } from './network/report/summary.ts';
export type { NetworkValue } from './network/report/values.ts';
export type { NetworkHandle } from './network/share/handle.ts';
export { NetworkStream } from './network/stream/networkStream.ts';
export { NetworkStreams, type RowChunks, type RowsPushOptions } from './network/stream/networkStreams.ts';
export type {
  NetworkPushOptions,
  NetworkStreamOptions,
  NetworkStreamsOptions,
  RowOptions,
} from './network/stream/options.ts';
export type { NetworkStreamState } from './network/stream/standing.ts';
export { Conv1d } from './nn/conv1d.ts';
export { ConvTranspose1d } from './nn/convTranspose1d.ts';
/** @category Layer */
export * as functional from './nn/functional.ts';
export { Module } from './nn/module.ts';
/** @category Layer */
export * as nn from './nn/nn.ts';
export { Parameter } from './nn/parameter.ts';
export type { IncompatibleKeys, LoadStateDictOptions, StateDict } from './nn/stateDict.ts';
export type { OnnxLimits } from './onnx/limits.ts';
export { loadOnnx, type OnnxNetwork, type OnnxResult, parseOnnx } from './onnx/load.ts';
export type { OnnxOptions } from './onnx/options.ts';
/** @category Gradients */
export * as optim from './optim/optim.ts';
export type { Chunk } from './streaming/adapters.ts';
export type { PushOptions, StreamOptions } from './streaming/options.ts';
export type { StreamState } from './streaming/state.ts';
export type { Conv1dStream } from './streaming/stream.ts';
export { cat, stack, where } from './tensor/combine.ts';
export type { DataOf, Dtype, Elements, FloatArray, FloatDtype } from './tensor/dtype.ts';
export {
  ones,
  rand,
  randn,
  type SizesAndOptions,
  type TensorData,
  type TensorFactory,
  type TensorOptions,
  tensor,
  zeros,
} from './tensor/factories.ts';
export { enableGrad, isGradEnabled, noGrad } from './tensor/gradMode.ts';
export type { GradFn } from './tensor/history.ts';
export type { BackwardOptions } from './tensor/methods/gradients.ts';
export type {
  Dims,
  ReduceOptions,
  SortOptions,
  TopkOptions,
  ValuesAndIndices,
  VarianceOptions,
} from './tensor/methods/reductions.ts';
export type { Index } from './tensor/ops/at.ts';
export { type PrintOptions, setPrintOptions } from './tensor/printOptions.ts';
export { manualSeed } from './tensor/random/random.ts';
export type { TensorRecord } from './tensor/record.ts';
export { type NestedArray, Tensor } from './tensor/tensor.ts';
export type { NestedOf } from './tensor/types.ts';
