import { performance } from 'node:perf_hooks';
import { rangeError } from '../../check/errors.ts';
import { Fits } from '../../convolution/fit.ts';
import { type Conv1dParameters, makeParameters, readFromWeights } from '../../convolution/parameters.ts';
import { littleEndianBytes } from '../../io/elements.ts';
import { Conv1d } from '../../nn/conv1d.ts';
import { readConvolution } from '../../nn/convolutionFile.ts';
import { numelOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { algorithmName } from './algorithmName.ts';
import type { Engine, EngineRun, EngineRunOptions } from './engine.ts';
import { measured } from './measure.ts';
import { completeParameters, type LayerParameters } from './parameters.ts';

/** A layer made from a weights file, ready to run. */
export interface Layer extends Engine {
  readonly conv: Conv1d;
  readonly parameters: Conv1dParameters;
}

/**
 * Makes a layer from a .safetensors file. A weight under weight norm is folded.
 *
 * @param key    what the names of its tensors begin with: weight and bias are `key + 'weight'` and `key + 'bias'`. Undefined
 *               for a file with a single convolution
 * @param given  parameters that win over those in the file's metadata
 * @throws RangeError ERR_CONV1D_VALUE   when the key names no weight of three dimensions, or is needed and missing
 * @throws RangeError ERR_CONV1D_FORMAT  when the file or its metadata cannot be read
 */
export async function loadLayer(path: string, key: string | undefined, given: LayerParameters): Promise<Layer> {
  const { prefix, weight, bias, metadata } = await readConvolution(path, { prefix: key, chosenBy: '--key' });
  const { sampleRate, ...options } = completeParameters(given, metadata, prefix);
  const { shared, paddingMode } = readFromWeights(options);
  const shape = weight.shape as [number, number, number];
  const parameters = makeParameters(shape, shared, paddingMode, weight.dtype);
  const conv = Conv1d.fromWeights(weight, bias, options).eval();
  const complexPairs = saysComplexPairs(metadata, prefix, parameters.outChannels);
  const { inChannels, outChannels, stride, padLeft, span, dtype, algorithm } = parameters;
  return {
    conv,
    parameters,
    complexPairs,
    sampleRate,
    dtype,
    algorithm,
    input: { kind: 'signal', channels: inChannels, takesVectors: false },
    outputs: ['features'],
    growth: outChannels / inChannels / stride,
    identity: () => ({
      described: { parameters: relevant(parameters), complexPairs, sampleRate },
      bytes: parameterBytes(conv),
    }),
    stepTimes: (rate) => ({ sampleRate: rate, hop: stride, center: (span - 1) / 2 - padLeft }),
    run: ([samples], run) => convolve({ conv, parameters }, samples as Tensor, run),
  };
}

/** Without what is new and off: manifests that are older than the choice of an algorithm hold for 'direct'. */
function relevant(parameters: Conv1dParameters): Partial<Conv1dParameters> {
  const { algorithm, maxWeightBytes, ...others } = parameters;
  return algorithm === 'direct' ? others : parameters;
}

function* parameterBytes(conv: Conv1d): Generator<Uint8Array> {
  for (const tensor of conv.parameters()) yield* littleEndianBytes(tensor.data);
}

async function convolve(
  { conv, parameters }: Pick<Layer, 'conv' | 'parameters'>,
  samples: Tensor,
  options: EngineRunOptions,
): Promise<EngineRun> {
  const { features, milliseconds } = options.measure
    ? convolveHere(conv, samples)
    : await convolveElsewhere(conv, parameters, samples, options);
  const { outChannels, inChannels, groups, kernelSize } = parameters;
  const batch = features.ndim === 3 ? features.shape[0]! : 1;
  return {
    outputs: [features],
    milliseconds,
    operations: 2 * batch * outChannels * (inChannels / groups) * kernelSize * features.shape.at(-1)!,
    algorithm: algorithmName(conv, samples.shape.at(-1)!, batch),
  };
}

function convolveHere(conv: Conv1d, samples: Tensor): { features: Tensor; milliseconds: number } {
  const { result, milliseconds } = measured(
    () => conv.forward(samples),
    (out) => conv.forward(samples, { out }),
  );
  return { features: result, milliseconds };
}

async function convolveElsewhere(
  conv: Conv1d,
  parameters: Conv1dParameters,
  samples: Tensor,
  { signal, workspace }: EngineRunOptions,
): Promise<{ features: Tensor; milliseconds: number }> {
  const start = performance.now();
  const out = workspace && featuresIn(workspace, parameters, samples);
  const features = await conv.forwardAsync(samples, { signal, out, borrow: true });
  return { features, milliseconds: performance.now() - start };
}

function featuresIn(
  workspace: NonNullable<EngineRunOptions['workspace']>,
  parameters: Conv1dParameters,
  samples: Tensor,
): Tensor {
  const { outShape } = new Fits(parameters).of(samples.shape);
  return new Tensor(workspace.features(parameters.dtype, numelOf(outShape)), outShape);
}

function saysComplexPairs(metadata: Readonly<Record<string, string>>, prefix: string, outChannels: number): boolean {
  const channels = (metadata[`${prefix}channels`] ?? metadata.channels)?.replace(/\s/g, '');
  if (channels !== 'real,imaginary') return false;
  if (outChannels % 2 !== 0) {
    throw rangeError(
      'ERR_CONV1D_FORMAT',
      `its metadata says channels is 'real,imaginary', which come in pairs, but its weight has ${outChannels} channels`,
    );
  }
  return true;
}
