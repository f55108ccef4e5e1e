import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Conv1d } from '../conv1d.ts';
import { rangeError } from '../errors.ts';
import { writeFileAtomic } from '../io/files.ts';
import { saveNpy } from '../io/npy.ts';
import { cpuInfo, setNumThreads } from '../runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { makeFolder } from './folder.ts';
import { type Layer, loadLayer } from './layer.ts';
import type { LayerParameters } from './parameters.ts';
import { formatReport, type Measurement } from './report.ts';
import { readSignal } from './signal.ts';
import { drawSpectrogram } from './spectrogram.ts';
import { EXIT, explain, printable, type Terminal } from './terminal.ts';

/** What `conv1d run` can be told. */
export interface RunFlags extends LayerParameters {
  readonly out: string;
  readonly key?: string;
  readonly threads?: number;
  readonly plot?: boolean;
}

/** An input and the files it becomes. */
export interface Task {
  readonly input: string;
  readonly features: string;
  readonly picture: string;
}

/** How often a convolution runs at most, and after how many milliseconds it is not run again. */
const RUNS = 5;
const ENOUGH_MILLISECONDS = 250;

/** Convolves the inputs one by one, writes what they become, and prints what it took. One that fails stops no other. */
export async function convolveFiles(
  weights: string,
  tasks: readonly Task[],
  flags: RunFlags,
  terminal: Terminal,
): Promise<void> {
  try {
    if (flags.threads !== undefined) setNumThreads(flags.threads);
  } catch (error) {
    terminal.fail(`--threads: ${explain(error)}`, EXIT.usage);
    return;
  }
  let layer: Layer;
  try {
    layer = await loadLayer(weights, flags.key, flags);
  } catch (error) {
    terminal.fail(about(weights, error));
    return;
  }

  const measurements: Measurement[] = [];
  for (const task of tasks) {
    try {
      measurements.push(await convolveFile(layer, task, flags.plot ?? false, terminal));
    } catch (error) {
      terminal.fail(about(task.input, error));
    }
  }
  if (measurements.length === 0) return;
  const { isa, threads } = cpuInfo();
  terminal.print(`\n${formatReport(measurements, isa, threads, terminal)}`);
}

/** Everything that can be refused is, before the first byte is written. */
async function convolveFile(layer: Layer, task: Task, plot: boolean, terminal: Terminal): Promise<Measurement> {
  const { inChannels, outChannels, kernelSize, groups, dtype } = layer.parameters;
  await refuseSameFile(task.input, task.features);
  const { samples, sampleRate } = await readSignal(task.input, inChannels, dtype);
  const { features, milliseconds } = convolve(layer.conv, samples);
  const picture = plot && features.numel > 0 ? draw(layer, features, sampleRate) : undefined;

  await writeResult(task.features, () => saveNpy(task.features, features));
  if (picture !== undefined) await writeResult(task.picture, () => writeFileAtomic(task.picture, [picture]));
  let written = task.features;
  if (picture !== undefined) written += `, ${task.picture}`;
  else if (plot) written += ' (no picture: the batch is empty)';
  terminal.print(terminal.colors.dim(printable(`${task.input} -> ${written}`)));

  const batch = features.ndim === 3 ? features.shape[0]! : 1;
  const outLength = features.shape.at(-1)!;
  return {
    file: basename(task.input),
    seconds: sampleRate === null ? null : samples.shape.at(-1)! / sampleRate,
    shape: features.shape,
    milliseconds,
    operations: 2 * batch * outChannels * (inChannels / groups) * kernelSize * outLength,
  };
}

/**
 * The features, and the time of the fastest run. The first run meets cold caches and fresh memory; the others write to
 * the same memory again. So a long input is convolved once, and a short one is measured well.
 */
function convolve(conv: Conv1d, input: Tensor): { features: Tensor; milliseconds: number } {
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

/** A PNG of the features; of a batch, its first item. */
function draw({ parameters, complexPairs }: Layer, features: Tensor, sampleRate: number | null): Uint8Array {
  const { stride, padLeft, span } = parameters;
  return drawSpectrogram(features.ndim === 3 ? features.at(0) : features, {
    complexPairs,
    sampleRate,
    hop: stride,
    center: (span - 1) / 2 - padLeft,
  });
}

/** `conv1d run w.safetensors x.npy --out .` would replace its own input. */
async function refuseSameFile(input: string, output: string): Promise<void> {
  const [read, written] = await Promise.all([stat(input), stat(output).catch(() => undefined)]);
  if (written !== undefined && written.ino === read.ino && written.dev === read.dev) {
    throw rangeError('ERR_CONV1D_VALUE', `the features in ${output} would replace it; choose another --out`);
  }
}

/** Makes the folder and writes into it; a failure is about the output, not about the input. */
async function writeResult(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await makeFolder(dirname(path));
    await write();
  } catch (error) {
    throw rangeError('ERR_CONV1D_VALUE', `cannot write ${path}: ${explain(error)}`);
  }
}

/** The failure with the file it is about in front; the readers name it themselves. */
function about(file: string, error: unknown): string {
  const sentence = explain(error);
  return sentence.startsWith(`${file}: `) ? sentence : `${file || "''"}: ${sentence}`;
}
