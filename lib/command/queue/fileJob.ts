import { createHash } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { rangeError } from '../../check/errors.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import { ALGORITHMS, type Algorithm } from '../../convolution/algorithm.ts';
import { readPadding } from '../../convolution/padding.ts';
import { PADDING_MODES } from '../../convolution/parameters.ts';
import type { FileResult } from '../batch/convolveFile.ts';
import { OUTPUT_FORMATS, type OutputFormat } from '../batch/outputFormat.ts';
import type { LayerParameters } from '../batch/parameters.ts';
import type { ReadOptions } from '../batch/signal.ts';

/** The parameters of a layer that its weights do not show, as JSON carries them. */
export type JobParameters = Pick<
  LayerParameters,
  'stride' | 'padding' | 'dilation' | 'groups' | 'paddingMode' | 'sampleRate' | 'algorithm'
>;

/** The layer or the network of a job. */
export interface JobLayer {
  /** An absolute path of a .safetensors file or an ONNX model. */
  readonly path: string;
  /** What `digestOfWeights` says of it, in hexadecimal digits: weights with another one are refused. */
  readonly sha256: string;
  /** What the names of its tensors begin with; null where the file has a single convolution. */
  readonly key: string | null;
  readonly parameters: JobParameters;
  /** Whether it is a whole network. Default false. */
  readonly isNetwork?: boolean;
}

/** One file to be convolved: all that a worker on another machine has to know. Paths are absolute and the same everywhere. */
export interface FileJob extends ReadOptions {
  readonly input: string;
  readonly output: string;
  readonly format: OutputFormat;
  /** Where to draw a picture of the features; null for nowhere. */
  readonly picture: string | null;
  readonly layer: JobLayer;
  /** The input at the time of submission: bytes, and milliseconds since 1970. */
  readonly identity: { readonly size: number; readonly modified: number };
}

/**
 * The name of a job in the queue: the same for the same output, as the manifest of a local run has one record for each output. So
 * an output is made by one worker at a time, and what was made last is known.
 */
export function jobId({ output }: Pick<FileJob, 'output'>): string {
  return `file-${digest(output)}`;
}

/**
 * What a job makes, whatever the names of its weights: equal work, equal bytes of the output. An input that was rewritten is
 * another one.
 */
export function workOf({ input, output, format, picture, mono, truncated, layer, identity }: FileJob): string {
  const { stride, padding, dilation, groups, paddingMode, sampleRate, algorithm } = layer.parameters;
  return digest([
    output,
    format,
    picture,
    input,
    identity.size,
    identity.modified,
    layer.sha256,
    layer.key,
    stride ?? null,
    padding ?? null,
    dilation ?? null,
    groups ?? null,
    paddingMode ?? null,
    sampleRate ?? null,
    mono ?? false,
    truncated ?? false,
    ...algorithmOf(layer.isNetwork ?? false, algorithm),
  ]);
}

/** A network without one has that of its file. */
function algorithmOf(isNetwork: boolean, algorithm: Algorithm | undefined): readonly unknown[] {
  if (isNetwork) return ['network', algorithm ?? null];
  // What is done of jobs that are older than the choice of an algorithm is done.
  return algorithm === undefined || algorithm === 'direct' ? [] : [algorithm];
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

/**
 * Checks what came out of a queue, where anything may lie. A worker reads and writes nothing for what does not pass.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when it is not a job of this version
 */
export function readFileJob(data: unknown): FileJob {
  const job = record(data, 'the job');
  const layer = record(job.layer, 'layer');
  const identity = record(job.identity, 'identity');
  const sha256 = text(layer.sha256, 'layer.sha256');
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw wrong('layer.sha256');
  return {
    input: path(job.input, 'input'),
    output: path(job.output, 'output'),
    format: readFormat(job.format),
    picture: job.picture === null ? null : path(job.picture, 'picture'),
    ...flag(job.mono, 'mono'),
    ...flag(job.truncated, 'truncated'),
    layer: {
      path: path(layer.path, 'layer.path'),
      sha256,
      key: layer.key === null ? null : text(layer.key, 'layer.key'),
      parameters: readParameters(record(layer.parameters, 'layer.parameters')),
      ...flag(layer.isNetwork, 'isNetwork'),
    },
    identity: {
      size: number(identity.size, 'identity.size'),
      modified: number(identity.modified, 'identity.modified'),
    },
  };
}

/** What a worker reports of a file it has written; figures that are missing or make no sense are zeros. */
export function readFileResult({ input, output }: Pick<FileJob, 'input' | 'output'>, value: unknown): FileResult {
  const given = isPlainObject(value) ? value : {};
  const count = (name: string): number => (Number.isFinite(given[name]) ? (given[name] as number) : 0);
  const { picture, seconds, sampleRate, shape, algorithm } = given;
  return {
    input,
    output,
    picture: typeof picture === 'string' ? picture : undefined,
    shape: Array.isArray(shape) && shape.every(Number.isFinite) ? shape : [],
    seconds: typeof seconds === 'number' ? count('seconds') : null,
    sampleRate: typeof sampleRate === 'number' && sampleRate > 0 ? sampleRate : null,
    inputBytes: count('inputBytes'),
    inputModified: count('inputModified'),
    sha256: undefined,
    outputBytes: count('outputBytes'),
    milliseconds: count('milliseconds'),
    operations: count('operations'),
    algorithm: typeof algorithm === 'string' ? algorithm : 'direct',
    ...(Number.isFinite(given.peak) ? { peak: count('peak'), clipped: count('clipped') } : {}),
  };
}

/** Only the kinds: whether a stride of -1 makes sense is for the layer to say. */
function readParameters(given: Record<string, unknown>): JobParameters {
  const parameters: JobParameters = {};
  for (const name of ['stride', 'dilation', 'groups', 'sampleRate'] as const) {
    if (given[name] !== undefined) parameters[name] = number(given[name], name);
  }
  if (given.padding !== undefined) parameters.padding = padding(given.padding);
  if (given.paddingMode !== undefined) {
    const mode = PADDING_MODES.find((known) => known === given.paddingMode);
    if (mode === undefined) throw wrong('paddingMode');
    parameters.paddingMode = mode;
  }
  if (given.algorithm !== undefined) {
    const algorithm = ALGORITHMS.find((known) => known === given.algorithm);
    if (algorithm === undefined) throw wrong('algorithm');
    parameters.algorithm = algorithm;
  }
  return parameters;
}

function readFormat(value: unknown): OutputFormat {
  const format = OUTPUT_FORMATS.find((known) => known === value);
  if (format === undefined) throw wrong('format');
  return format;
}

function padding(value: unknown): NonNullable<JobParameters['padding']> {
  try {
    return readPadding(value);
  } catch {
    throw wrong('padding');
  }
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (!isPlainObject(value)) throw wrong(name);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrong(name);
  return value;
}

function path(value: unknown, name: string): string {
  const given = text(value, name);
  if (!isAbsolute(given) || given.includes('\0')) throw wrong(name);
  return given;
}

function flag<Name extends string>(value: unknown, name: Name): { [name in Name]?: boolean } {
  if (value === undefined) return {};
  if (typeof value !== 'boolean') throw wrong(name);
  return { [name]: value } as { [name in Name]?: boolean };
}

function number(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(name);
  return value;
}

function wrong(name: string): RangeError {
  return rangeError(
    'ERR_CONV1D_FORMAT',
    `${name} is not what 'conv1d run --queue' of this version writes; use the same version everywhere`,
  );
}
