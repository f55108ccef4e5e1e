import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rangeError } from '../../check/errors.ts';
import type { FileCalls } from '../../io/fileCalls.ts';
import { writeFileAtomic, writeTarget } from '../../io/files.ts';
import { makeFolder } from '../../io/folder.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { drawSpectrogram } from '../picture/spectrogram.ts';
import type { StepTimes } from './arrow.ts';
import type { Engine } from './engine.ts';
import { failedWrite } from './failedWrite.ts';
import { readInputs } from './inputFile.ts';
import { encodeOutputs, type OutputFormat } from './outputFormat.ts';
import type { ReadOptions } from './signal.ts';
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
  /** Undefined when none was asked for, the batch is empty, or the output is none of channels and steps. */
  readonly picture: string | undefined;
  /** Of the features; of several outputs, of the first. */
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
  /** Of a recording that was written: the largest magnitude, full scale being 1, and how many samples were beyond that. */
  readonly peak?: number | undefined;
  readonly clipped?: number | undefined;
}

/**
 * Runs a file through a layer or a network and writes the features, and the folders above them. Whatever can be wrong throws
 * before it writes the first byte; it writes each file under another name, syncs and renames it, so that it holds the old content
 * or all of the new, whenever the process is killed. Any number of calls may be under way; each holds its input and its features
 * in memory.
 *
 * @param engine  from `loadLayer` or `loadNetworkEngine`
 * @param input   a .wav file of the engine's sample rate and as many channels as it takes (any number with `mono`), or a .npy file (channels, length) or (batch, channels, length);
 *                for a network of several inputs a file with tensors of their names
 * @param output  the file to write, whatever its name
 * @throws RangeError ERR_CONV1D_FORMAT  when the input cannot be read
 * @throws RangeError ERR_CONV1D_SHAPE   when the input does not fit
 * @throws RangeError ERR_CONV1D_VALUE   when the input has another sample rate, or the output is the input or cannot be written
 * @throws Error      ERR_CONV1D_DEPENDENCY  when the format needs a package that is not installed
 * @throws Error      ENOENT and its like when the input is not there; an AbortError when the signal aborts
 * @example
 * const layer = await loadLayer('examples/filterbank.safetensors', undefined, {});
 * const { shape } = await convolveFile(layer, 'examples/speech.wav', 'features/speech.npy', { format: 'npy' });
 */
export async function convolveFile(
  engine: Engine,
  input: string,
  output: string,
  options: ConvolveFileOptions,
): Promise<FileResult> {
  const { calls } = options;
  const { size, mtimeMs, ino, dev } = options.stats ?? (await stat(input));
  const target = await writeResult(output, () => writeTarget(output, calls));
  if (target.stats?.ino === ino && target.stats.dev === dev) {
    // `conv1d run w.safetensors x.npy --out .` would replace its own input.
    throw rangeError('ERR_CONV1D_VALUE', `the features in ${output} would replace it; choose another --out`);
  }
  const hash = options.hash ? createHash('sha256') : undefined;
  const { mono = false, truncated = false, workspace, measure = false, signal } = options;
  const { tensors, sampleRate } = await readInputs(input, engine, {
    mono,
    truncated,
    inspect: hash && ((bytes) => hash.update(bytes)),
    memory: workspace,
    calls,
  });
  const { outputs, milliseconds, operations, algorithm } = await engine.run(tensors, { measure, signal, workspace });
  const [features] = outputs as [Tensor];
  const times = engine.stepTimes(sampleRate, tensors, outputs);
  const picture = options.picture === undefined ? undefined : drawn(engine, features, times);

  const { chunks, peak, clipped } = await encodeOutputs(outputs, options.format, {
    names: engine.outputs,
    times,
    sampleRate: outputRate(engine, sampleRate, times),
  });
  const { syncFolder = true } = options;
  await writeResult(output, () => writeFileAtomic(output, chunks, { target, syncFolder, calls }));
  if (picture !== undefined) {
    const path = options.picture!;
    await writeResult(path, () => writeFileAtomic(path, [picture], { syncFolder, calls }));
  }
  return {
    input,
    output,
    picture: picture === undefined ? undefined : options.picture,
    shape: features.shape,
    seconds: sampleRate === null ? null : tensors[0]!.shape.at(-1)! / sampleRate,
    sampleRate,
    inputBytes: size,
    inputModified: mtimeMs,
    sha256: hash?.digest('hex'),
    outputBytes: chunks.reduce((sum, { byteLength }) => sum + byteLength, 0),
    milliseconds,
    operations,
    algorithm,
    ...(peak === undefined ? {} : { peak, clipped }),
  };
}

/** A PNG of features (channels, steps); of a batch, its first item. Undefined for anything else, and for nothing. */
function drawn({ complexPairs }: Engine, features: Tensor, times: StepTimes): Uint8Array | undefined {
  if (features.numel === 0 || (features.ndim !== 2 && features.ndim !== 3)) return undefined;
  return drawSpectrogram(features.ndim === 3 ? features.at(0) : features, { complexPairs, ...times });
}

/** Of the recording that is written: the engine says it, or it is that of the input, where each sample becomes one. */
function outputRate(
  { outputRate, sampleRate }: Engine,
  recorded: number | null,
  { hop }: StepTimes,
): number | undefined {
  return outputRate ?? sampleRate ?? (recorded !== null && hop === 1 ? recorded : undefined);
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
