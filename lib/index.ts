/**
 * The package: `import { Conv1d } from 'conv1d'`.
 *
 * @module conv1d
 */
export { Conv1d, type ForwardAsyncOptions, type ForwardManyOptions, type ForwardOptions } from './conv1d.ts';
export type { ErrorCode } from './errors.ts';
/** @category Layer */
export * as functional from './functional.ts';
export { loadNpy, parseNpy, saveNpy, serializeNpy } from './io/npy.ts';
export { type LoadSafetensorsOptions, loadSafetensors, saveSafetensors } from './io/safetensors.ts';
export { loadWav, parseWav, type Wav, type WavFormat } from './io/wav.ts';
export type { Conv1dOptions, FunctionalConv1dOptions, Padding, PaddingMode } from './options.ts';
export { type CpuInfo, cpuInfo, getNumThreads, type Isa, setNumThreads } from './runtime.ts';
export type { IncompatibleKeys, LoadStateDictOptions, StateDict } from './stateDict.ts';
export type { Chunk } from './streaming/adapters.ts';
export type { StreamState } from './streaming/state.ts';
export type { Conv1dStream, PushOptions, StreamOptions } from './streaming/stream.ts';
export type { Dtype, FloatArray } from './tensor/dtype.ts';
export {
  ones,
  rand,
  randn,
  type SizesAndOptions,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
} from './tensor/factories.ts';
export { Parameter } from './tensor/parameter.ts';
export { manualSeed } from './tensor/random.ts';
export { type Index, type NestedArray, Tensor } from './tensor/tensor.ts';
