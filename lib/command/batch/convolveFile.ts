import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { rangeError } from '../../check/errors.ts';
import { Fits } from '../../convolution/fit.ts';
import type { Conv1dParameters } from '../../convolution/parameters.ts';
import type { FileCalls } from '../../io/fileCalls.ts';
import { writeFileAtomic, writeTarget } from '../../io/files.ts';
import { makeFolder } from '../../io/folder.ts';
import type { Conv1d } from '../../nn/conv1d.ts';
import { numelOf } from '../../tensor/shape.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { drawSpectrogram } from '../picture/spectrogram.ts';
import { algorithmName } from './algorithmName.ts';
import type { StepTimes } from './arrow.ts';
import { failedWrite } from './failedWrite.ts';
import type { Layer } from './layer.ts';
import { encodeFeatures, type OutputFormat } from './outputFormat.ts';
import { type ReadOptions, readSignal } from './signal.ts';
import type { Workspace } from './workspace.ts';

/** How a file is convolved. */
export interface ConvolveFileOptions extends ReadOptions {
  readonly format: OutputFormat;
  /** Where to draw a picture of the features, a PNG. Default: nowhere. */
  readonly picture?: string;
  /** Convolve a short input up to five times, on this thread, and report the fastest. Default false. */
  readonly measure?: boolean;
  /** What the system says about the input. Default: we ask it. */
  readonly stats?: Stats;
  /** Whether to sync the folder of the output, too: without, a power cut may take the output away as a whole. Default true. */
  readonly syncFolder?: boolean;
  /** Also give the SHA-256 of the input's bytes. Default false. */
  readonly hash?: boolean;
  /** Where to read, convolve and keep the features until they are written. Default: new memory. */
  readonly workspace?: Workspace | undefined;
  /** Who asks the system. Default: another thread. */
  readonly calls?: FileCalls | undefined;
  /** Aborts the convolution; what it has written gets its name all the same. */
  readonly signal?: AbortSignal;
}

/** What a file became, and what that took. */
export interface FileResult {
  readonly input: string;
  readonly output: string;
  /** Undefined when none was asked for, or the batch is empty. */
  readonly picture: string | undefined;
  /** Of the features. */
  readonly shape: readonly number[];
  /** The length of the recording; null for arrays. */
  readonly seconds: number | null;
  /** Of the recording, in Hz; null for arrays. */
  readonly sampleRate: number | null;
  readonly inputBytes: number;
  /** When the input was last written to, before it was read: milliseconds since 1970. */
  readonly inputModified: number;
  /** Of the input's bytes, in hexadecimal digits. Undefined unless asked for. */
  readonly sha256: string | undefined;
  readonly outputBytes: number;
  /** The time of the convolution alone, without reading, writing and drawing. */
  readonly milliseconds: number;
  /** Multiplications and additions of the direct sum. */
  readonly operations: number;
  /** The name of the algorithm; 'direct' for all that keep the order of the sum. */
  readonly algorithm: string;
}

/** How often we measure a convolution at most, and after how many milliseconds we do not run it again. */
const RUNS = 5;
const ENOUGH_MILLISECONDS = 250;

/**
 * Convolves one .wav or .npy file and writes the features, and the folders above them. Whatever can be wrong throws
 * before it writes the first byte; it writes each file under another name, syncs and renames it, so that it holds the old content
 * or all of the new, whenever the process is killed. Any number of calls may be under way; each holds its input and its features
 * in memory.
 *
 * @param layer   from `loadLayer`
 * @param input   a .wav file of the layer's sample rate and as many channels as it takes (any number with `mono`), or a .npy file (channels, length) or (batch, channels, length)
 * @param output  the file to write, whatever its name
 * @throws RangeError ERR_CONV1D_FORMAT  when the input cannot be read
 * @throws RangeError ERR_CONV1D_SHAPE   when the input does not fit the layer
 * @throws RangeError ERR_CONV1D_VALUE   when the input has another sample rate, or the output is the input or cannot be written
 * @throws Error      ERR_CONV1D_DEPENDENCY  when the format needs a package that is not installed
 * @throws Error      ENOENT and its like when the input is not there; an AbortError when the signal aborts
 * @example
 * const layer = await loadLayer('examples/filterbank.safetensors', undefined, {});
 * const { shape } = await convolveFile(layer, 'examples/speech.wav', 'features/speech.npy', { format: 'npy' });
 */
export async function convolveFile(
  layer: Layer,
  input: string,
  output: string,
  options: ConvolveFileOptions,
): Promise<FileResult> {
  const { inChannels, outChannels, kernelSize, groups, dtype } = layer.parameters;
  const { calls } = options;
  const { size, mtimeMs, ino, dev } = options.stats ?? (await stat(input));
  const target = await writeResult(output, () => writeTarget(output, calls));
  if (target.stats?.ino === ino && target.stats.dev === dev) {
    // `conv1d run w.safetensors x.npy --out .` would replace its own input.
    throw rangeError('ERR_CONV1D_VALUE', `the features in ${output} would replace it; choose another --out`);
  }
  const hash = options.hash ? createHash('sha256') : undefined;
  const { mono = false, truncated = false, workspace } = options;
  const { samples, sampleRate } = await readSignal(input, inChannels, dtype, {
    mono,
    truncated,
    sampleRate: layer.sampleRate,
    inspect: hash && ((bytes) => hash.update(bytes)),
    memory: workspace,
    calls,
  });
  const { features, milliseconds } = options.measure
    ? measure(layer.conv, samples)
    : await convolve(layer, samples, options);
  const isDrawn = options.picture !== undefined && features.numel > 0;
  const times = stepTimes(layer, sampleRate);
  const picture = isDrawn ? draw(layer, features, times) : undefined;

  const chunks = await encodeFeatures(features, options.format, times);
  const { syncFolder = true } = options;
  await writeResult(output, () => writeFileAtomic(output, chunks, { target, syncFolder, calls }));
  if (picture !== undefined) {
    const path = options.picture!;
    await writeResult(path, () => writeFileAtomic(path, [picture], { syncFolder, calls }));
  }

  const batch = features.ndim === 3 ? features.shape[0]! : 1;
  const outLength = features.shape.at(-1)!;
  return {
    input,
    output,
    picture: isDrawn ? options.picture : undefined,
    shape: features.shape,
    seconds: sampleRate === null ? null : samples.shape.at(-1)! / sampleRate,
    sampleRate,
    inputBytes: size,
    inputModified: mtimeMs,
    sha256: hash?.digest('hex'),
    outputBytes: chunks.reduce((sum, { byteLength }) => sum + byteLength, 0),
    milliseconds,
    operations: 2 * batch * outChannels * (inChannels / groups) * kernelSize * outLength,
    algorithm: algorithmName(layer.conv, samples.shape.at(-1)!, batch),
  };
}

/** On a background thread. */
async function convolve(
  { conv, parameters }: Layer,
  input: Tensor,
  { signal, workspace }: ConvolveFileOptions,
): Promise<{ features: Tensor; milliseconds: number }> {
  const start = performance.now();
  const out = workspace && featuresIn(workspace, parameters, input);
  const features = await conv.forwardAsync(input, { signal, out, borrow: true });
  return { features, milliseconds: performance.now() - start };
}

function featuresIn(workspace: Workspace, parameters: Conv1dParameters, input: Tensor): Tensor {
  const { outShape } = new Fits(parameters).of(input.shape);
  return new Tensor(workspace.features(parameters.dtype, numelOf(outShape)), outShape);
}

/**
 * The features, and the time of the fastest run. The first run meets cold caches and fresh memory; the others write to
 * the same memory again. So it convolves a long input once, and measures a short one well.
 */
function measure(conv: Conv1d, input: Tensor): { features: Tensor; milliseconds: number } {
  const start = performance.now();
  const features = conv.forward(input);
  let milliseconds = performance.now() - start;
  for (let runs = 1; runs < RUNS && performance.now() - start < ENOUGH_MILLISECONDS; runs++) {
    const again = performance.now();
    conv.forward(input, { out: features });
    milliseconds = Math.min(milliseconds, performance.now() - again);
  }
  return { features, milliseconds };
}

function stepTimes({ parameters }: Layer, sampleRate: number | null): StepTimes {
  const { stride, padLeft, span } = parameters;
  return { sampleRate, hop: stride, center: (span - 1) / 2 - padLeft };
}

/** A PNG of the features; of a batch, its first item. */
function draw({ complexPairs }: Layer, features: Tensor, times: StepTimes): Uint8Array {
  return drawSpectrogram(features.ndim === 3 ? features.at(0) : features, { complexPairs, ...times });
}

/** Writes, or looks where to; a failure is about the output, not about the input. A missing folder is made. */
async function writeResult<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await makeFolder(dirname(path));
      return write();
    });
  } catch (error) {
    throw failedWrite(path, error);
  }
}
