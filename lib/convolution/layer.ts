import { addon } from '../native/addon.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import type { Conv1dParameters } from './parameters.ts';

/** The native handle of one convolution. */
export type Convolution = InstanceType<typeof addon.Convolution>;

/** One layer, whoever asks for its convolution: what it computes, with which weights, and who computes it. */
export interface Layer {
  readonly parameters: Conv1dParameters;
  readonly native: Convolution;
  readonly weight: FloatArray;
  readonly bias: FloatArray | null;
  /** Whether the native side has a snapshot of weight and bias, and reads that. Changes with `eval()` and `train()`. */
  packed: boolean;
}

/** A layer of checked parameters over the memory of its weights, which must stay the same as long as it lives. */
export function makeLayer(parameters: Conv1dParameters, weight: FloatArray, bias: FloatArray | null): Layer {
  const layer = { parameters, native: makeConvolution(parameters), weight, bias, packed: false };
  made.add(layer);
  return layer;
}

const made = new WeakSet<object>();

/** Whether a value is a layer of {@link makeLayer}. */
export function isLayer(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null && made.has(value);
}

/** Has the native side take a snapshot of the weights. */
export function packLayer(layer: Layer): void {
  layer.native.pack(layer.weight, layer.bias);
  layer.packed = true;
}

/** Has the native side read the weights at every call again. */
export function unpackLayer(layer: Layer): void {
  layer.native.unpack();
  layer.packed = false;
}

function makeConvolution(parameters: Conv1dParameters): Convolution {
  return new addon.Convolution(
    parameters.dtype,
    parameters.inChannels,
    parameters.outChannels,
    parameters.kernelSize,
    parameters.stride,
    parameters.padLeft,
    parameters.padRight,
    parameters.dilation,
    parameters.groups,
    parameters.paddingMode,
    parameters.algorithm,
    parameters.maxWeightBytes,
  );
}
