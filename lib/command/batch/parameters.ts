import { existsSync } from 'node:fs';
import { messageOf } from '../../check/caught.ts';
import { rangeError } from '../../check/errors.ts';
import { ALGORITHMS, type Algorithm } from '../../convolution/algorithm.ts';
import { isPaddingName } from '../../convolution/padding.ts';
import { type Conv1dOptions, PADDING_MODES, type Padding, type PaddingMode } from '../../convolution/parameters.ts';
import { MAX_THREADS } from '../../native/maxThreads.ts';
import { UNREADABLE_LETTER } from '../explain.ts';

/** The parameters of a layer that its weights do not show. */
export type LayerParameters = Omit<Conv1dOptions, 'bias' | 'dtype' | 'maxWeightBytes'> & {
  /** Samples a second of the recordings that the layer is for. */
  sampleRate?: number | undefined;
};

/** Larger counts are typing errors; Conv1d checks the sizes they lead to. */
const LARGEST = 2 ** 31 - 1;

/** A whole number, 1 or more, in digits only. */
export function parsePositive(text: string): number {
  return parseInteger(text, 1);
}

/** A sample rate in Hz, also as Python writes a float: 16000.0. */
export function parseSampleRate(text: string): number {
  return parseInteger(text.replace(/\.0+$/, ''), 1);
}

/** How many threads to use. */
export function parseThreads(text: string): number {
  return parseInteger(text, 1, MAX_THREADS);
}

/** A span of time in seconds, from a hundredth of one to a day. */
export function parseSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= 0.01 && seconds <= 86_400)) {
    throw rangeError('ERR_CONV1D_VALUE', 'expected seconds, from 0.01 to 86400');
  }
  return seconds;
}

/** The name of a folder; not an empty one, which an unset variable of the shell leaves. */
export function parseFolder(text: string): string {
  if (text === '') throw rangeError('ERR_CONV1D_VALUE', 'expected the name of a folder; . is this one');
  // Node gives this letter for bytes that are not UTF-8; the folder it would make has another name then.
  if (text.includes(UNREADABLE_LETTER) && !existsSync(text)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `expected a name in UTF-8, which this one is not where ${UNREADABLE_LETTER} stands`,
    );
  }
  return text;
}

/** `3`, `3,5`, `same`, `valid` or `causal`. */
export function parsePadding(text: string): Padding {
  if (isPaddingName(text)) return text;
  const ends = text.split(',').map((end) => end.trim());
  if (ends.length > 2 || !ends.every((end) => /^\d+$/.test(end))) {
    throw rangeError('ERR_CONV1D_VALUE', 'expected a number, LEFT,RIGHT, same, valid or causal');
  }
  const [left, right] = ends.map((end) => parseInteger(end, 0));
  return right === undefined ? left! : [left!, right];
}

export function parsePaddingMode(text: string): PaddingMode {
  const mode = PADDING_MODES.find((known) => known === text);
  if (mode === undefined) throw rangeError('ERR_CONV1D_VALUE', `expected one of ${PADDING_MODES.join(', ')}`);
  return mode;
}

export function parseAlgorithm(text: string): Algorithm {
  const algorithm = ALGORITHMS.find((known) => known === text);
  if (algorithm === undefined) throw rangeError('ERR_CONV1D_VALUE', `expected one of ${ALGORITHMS.join(', ')}`);
  return algorithm;
}

/**
 * The given parameters, and where one is not given, what the weights file states: `stride`, `padding`, `dilation`, `groups`
 * `padding_mode` (or `paddingMode`) and `sample_rate` (or `sampleRate`) in its metadata, each preferably with the layer's prefix (`conv1.stride`), as its
 * tensors have it. What is given is not looked up: it can replace a value that cannot be read. Whoever runs the layer chooses the
 * algorithm; the file has no say in it.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when a value cannot be read
 */
export function completeParameters(
  given: LayerParameters,
  metadata: Readonly<Record<string, string>>,
  prefix: string,
): LayerParameters {
  const read = <T>(parse: (text: string) => T, ...names: string[]): T | undefined =>
    readMetadata(metadata, parse, ...names.map((bare) => prefix + bare), ...names);
  return {
    stride: given.stride ?? read(parsePositive, 'stride'),
    padding: given.padding ?? read(parsePadding, 'padding'),
    dilation: given.dilation ?? read(parsePositive, 'dilation'),
    groups: given.groups ?? read(parsePositive, 'groups'),
    paddingMode: given.paddingMode ?? read(parsePaddingMode, 'padding_mode', 'paddingMode'),
    sampleRate: given.sampleRate ?? read(parseSampleRate, 'sample_rate', 'sampleRate'),
    algorithm: given.algorithm,
  };
}

/**
 * What metadata say under the first of these names that is there; undefined where none is.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when it cannot be read
 */
export function readMetadata<T>(
  metadata: Readonly<Record<string, string>>,
  parse: (text: string) => T,
  ...names: readonly string[]
): T | undefined {
  const name = names.find((key) => Object.hasOwn(metadata, key));
  if (name === undefined) return undefined;
  const text = metadata[name]!;
  try {
    return parse(text.trim());
  } catch (error) {
    throw rangeError('ERR_CONV1D_FORMAT', `its metadata says ${name} is '${text}': ${messageOf(error)}`);
  }
}

function parseInteger(text: string, smallest: number, largest = LARGEST): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= smallest && value <= largest)) {
    throw rangeError('ERR_CONV1D_VALUE', `expected a whole number from ${smallest} to ${largest}`);
  }
  return value;
}
