import { addon } from '../native/addon.ts';
import type { SharedNetwork } from '../native/sharedNetwork.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { Fits } from './fit.ts';
import type { Conv1dParameters } from './parameters.ts';

/** The native handle of one convolution. */
export type Convolution = InstanceType<typeof addon.Convolution>;

/** Convolves with the weights that the native side has packed. */
export type PackedForward = ReturnType<Convolution['pack']>;

/** What is computed, and who computes it: all of a layer but its weights. */
export interface Operator {
  readonly parameters: Conv1dParameters;
  readonly native: Convolution;
  readonly fits: Fits;
}

/** One layer, whoever asks for its convolution. */
export interface Layer extends Operator {
  readonly weight: FloatArray;
  readonly bias: FloatArray | null;
  /** Where the native side has a snapshot of weight and bias, and reads that: how. Changes with `eval()` and `train()`. */
  packed: PackedForward | null;
}

/** An operator of checked parameters. */
export function makeOperator(parameters: Conv1dParameters): Operator {
  const native = new addon.Convolution(...nativeArguments(parameters));
  return { parameters, native, fits: new Fits(parameters) };
}

/** A layer over the memory of its weights, which must stay the same as long as it lives. */
export function layerOver(operator: Operator, weight: FloatArray, bias: FloatArray | null): Layer {
  const { parameters, native, fits } = operator;
  return { parameters, native, fits, weight, bias, packed: null };
}

/** The same, of checked parameters; {@link isLayer} knows it. */
export function makeLayer(parameters: Conv1dParameters, weight: FloatArray, bias: FloatArray | null): Layer {
  const layer = layerOver(makeOperator(parameters), weight, bias);
  made.add(layer);
  return layer;
}

/** A layer of a shared network, whose weights are on the native side alone, in a snapshot: here they are empty. */
export function openLayer(parameters: Conv1dParameters, hasBias: boolean, shared: SharedNetwork, index: number): Layer {
  const native = new addon.Convolution(shared, index);
  const none = new Float32Array(0);
  const layer = layerOver({ parameters, native, fits: new Fits(parameters) }, none, hasBias ? none : null);
  layer.packed = native.adopt(native); // the snapshot that it has
  return layer;
}

const made = new WeakSet<object>();

/** Whether a value is a layer of {@link makeLayer}. */
export function isLayer(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null && made.has(value);
}

/** Has the native side take a snapshot of the weights. */
export function packLayer(layer: Layer): void {
  layer.packed = layer.native.pack(layer.weight, layer.bias);
}

/** Has the native side read the weights at every call again. */
export function unpackLayer(layer: Layer): void {
  layer.native.unpack();
  layer.packed = null;
}

/** All that the native side knows of an operator: those that agree in it compute the same. */
export function nativeArguments(parameters: Conv1dParameters): ConstructorParameters<typeof addon.Convolution> {
  return [
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
    parameters.outputPadding !== undefined,
    parameters.outputPadding,
  ];
}
