import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean } from '../check/validate.ts';
import { scaleSamples } from '../native/samples.ts';
import { type FloatArray, isFloat32 } from '../tensor/dtype.ts';
import { Tensor } from '../tensor/tensor.ts';
import { type DecodeMemory, NEW_MEMORY } from './decodeMemory.ts';
import { reorder } from './elements.ts';
import { type Decoder, decodeBytes, decodeFile, type ReadFileOptions, type ReadRequest } from './files.ts';
import { A_LAW, MU_LAW } from './g711.ts';
import type { WavFormat } from './wavFormat.ts';
import { readHeader } from './wavHeader.ts';

export type { WavFormat };

/**
 * A recording.
 *
 * @category Files
 */
export type Wav = {
  /** Samples per second and channel. */
  readonly sampleRate: number;
  /** The first size of `samples`. */
  readonly channels: number;
  /** (channels, frames), float32. Integers are scaled to [-1, 1), floats are as they are. */
  readonly samples: Tensor;
  /** How the file stored the samples. */
  readonly format: WavFormat;
  /** How many bits of a stored sample mean something: 12 or 16 of a `pcm16`, 8 of A-law and mu-law. */
  readonly bits: number;
};

/**
 * The options of {@link loadWav} and {@link parseWav}.
 *
 * @category Files
 */
export interface WavOptions {
  /**
   * Whether to read a file that ends before its header says, or within a frame, up to its last whole frame. Default false: such a
   * file is an error.
   */
  truncated?: boolean | undefined;
}

type Encoding = {
  /** A block of samples as numbers; in the machine's byte order. */
  readonly numbers: (block: Uint8Array) => Numbers;
  /** What stands for silence, and for full scale above it: a power of two. */
  readonly zero: number;
  readonly full: number;
};

type Numbers = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

// Integers are left-justified: where 12 bits stand in two bytes, the lower four are 0, and full scale is that of 16.
const ENCODINGS: Readonly<Record<WavFormat, Encoding>> = {
  pcm8: { numbers: (block) => block, zero: 2 ** 7, full: 2 ** 7 },
  pcm16: { numbers: (block) => new Int16Array(...placeOf(block, 2)), zero: 0, full: 2 ** 15 },
  pcm24: { numbers: widenInt24, zero: 0, full: 2 ** 23 },
  pcm32: { numbers: (block) => new Int32Array(...placeOf(block, 4)), zero: 0, full: 2 ** 31 },
  float32: { numbers: (block) => new Float32Array(...placeOf(block, 4)), zero: 0, full: 1 },
  float64: { numbers: (block) => new Float64Array(...placeOf(block, 8)), zero: 0, full: 1 },
  alaw: { numbers: (block) => lookUp(A_LAW, block), zero: 0, full: 2 ** 15 },
  mulaw: { numbers: (block) => lookUp(MU_LAW, block), zero: 0, full: 2 ** 15 },
};

const BLOCK_BYTES = 2 ** 20;

/**
 * Loads a .wav file: PCM of 8 to 32 bits, floats of 32 or 64, A-law or mu-law, with any number of channels, as RIFF, RF64 or BW64.
 *
 * A file that ends within its samples is an error, unless `truncated` is set. Where the program that wrote the file left its length open
 * (arecord, ffmpeg, lame, sox or espeak-ng writing to a pipe; a length of 0 before samples), the samples go on to its end.
 *
 * @param options  `truncated`: read a file that was cut off up to its last whole frame; default false
 * @throws TypeError ERR_CONV1D_TYPE     when the options are not a plain object, or `truncated` is neither true nor false
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is not valid or is encoded otherwise
 * @throws RangeError ERR_CONV1D_MEMORY  when the samples do not fit into memory
 * @throws Error ENOENT, EACCES         when the file cannot be opened: Node's own error
 * @example
 * const { samples, sampleRate } = await loadWav('examples/speech.wav');   // samples.shape is [1, frames]
 * const { bits } = await loadWav('examples/speech.wav', { truncated: true });   // bits is 16
 * @category Files
 */
export async function loadWav(path: string, options?: WavOptions): Promise<Wav> {
  return readWav(path, checkOptions(options, 'loadWav'));
}

/** Like {@link loadWav}, for a caller that has memory for it or wants to see its bytes. */
export function readWav(path: string, truncated: boolean, options: ReadFileOptions = {}): Promise<Wav> {
  return decodeFile(wavDecoder(truncated, options.memory), path, options);
}

/**
 * Like {@link loadWav}, from bytes in memory.
 *
 * @param source   what the bytes are called in messages: a file's name, a URL
 * @param options  `truncated`: read bytes that were cut off up to the last whole frame; default false
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are no Uint8Array, or the options not as {@link loadWav} takes them
 * @throws TypeError ERR_CONV1D_OPTION   when an option's name is unknown
 * @throws RangeError ERR_CONV1D_FORMAT  when they are not valid or encoded otherwise
 * @throws RangeError ERR_CONV1D_MEMORY  when the samples do not fit into memory
 * @example
 * const bytes = await readFile('examples/speech.wav');
 * const { format } = parseWav(bytes);                                   // format is 'pcm16'
 * parseWav(new Uint8Array(3), 'body of a request');                     // ERR_CONV1D_FORMAT
 * parseWav(bytes.subarray(0, 1001), 'a part', { truncated: true });     // the first frames
 * @category Files
 */
export function parseWav(bytes: Uint8Array, source = 'wav', options?: WavOptions): Wav {
  return decodeBytes(wavDecoder(checkOptions(options, 'parseWav')), bytes, source);
}

/** Whether a file that was cut off is read. */
function checkOptions(options: WavOptions | undefined, what: string): boolean {
  if (options !== undefined) refuseUnknownOptions(options, ['truncated'], what);
  const { truncated = false } = options ?? {};
  return boolean(truncated, 'the option truncated');
}

function wavDecoder(truncated: boolean, memory: DecodeMemory = NEW_MEMORY): Decoder<Wav> {
  return (source, size) => decodeWav(source, size, truncated, memory);
}

function* decodeWav(
  source: string,
  size: number,
  truncated: boolean,
  memory: DecodeMemory,
): Generator<ReadRequest, Wav, void> {
  const header = yield* readHeader(source, size, truncated);
  const { format, bytes, bits, channels, sampleRate, dataStart, frames } = header;
  const { numbers, zero, full } = ENCODINGS[format];
  const frameBytes = bytes * channels;
  const samples = memory.elements('float32', channels * frames);
  const blockFrames = Math.max(1, Math.min(frames, Math.floor(BLOCK_BYTES / frameBytes)));
  const block = memory.block(blockFrames * frameBytes);
  const low = format === 'pcm32' && bits === 24 ? new LowBits() : undefined;
  for (let first = 0; first < frames; first += blockFrames) {
    const count = Math.min(blockFrames, frames - first);
    const target = block.subarray(0, count * frameBytes);
    yield { target, position: dataStart + first * frameBytes };
    if (bytes !== 1 && bytes !== 3) reorder(target, bytes, 'LE');
    const interleaved = numbers(block);
    low?.see(interleaved.subarray(0, count * channels));
    for (let channel = 0; channel < channels; channel++) {
      scale(interleaved, channel, channels, zero, full, samples.subarray(channel * frames + first).subarray(0, count));
    }
  }
  // Exact: a power of two.
  if (low?.areSamples) for (let i = 0; i < samples.length; i++) samples[i]! *= 2 ** 8;
  return { sampleRate, channels, samples: new Tensor(samples, [channels, frames]), format, bits };
}

/**
 * Where 24 bits stand in four bytes: the format wants them in the upper ones, but ALSA's arecord -f S24_LE writes them into the lower
 * ones. The header is the same. In the first case all lowest bytes are 0, in the second all highest ones repeat the sign.
 */
class LowBits {
  #areUsed = false;
  #areAll = true;

  see(numbers: Numbers): void {
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i]!;
      this.#areUsed ||= (number & 0xff) !== 0;
      this.#areAll &&= (number << 8) >> 8 === number;
    }
  }

  get areSamples(): boolean {
    return this.#areUsed && this.#areAll;
  }
}

/** The arguments of a typed array of numbers of `size` bytes over a block. */
function placeOf(
  { buffer, byteOffset, byteLength }: Uint8Array,
  size: number,
): [buffer: ArrayBufferLike, byteOffset: number, length: number] {
  return [buffer, byteOffset, Math.floor(byteLength / size)];
}

/** One channel of interleaved samples, scaled. A loop over numbers: a call for each sample takes ten times as long. */
function scale(from: Numbers, first: number, step: number, zero: number, full: number, to: FloatArray): void {
  // Exact: a power of two, as all of them are.
  const unit = 1 / full;
  if (isInt16(from) && isFloat32(to)) scaleSamples(from, first, step, unit, to);
  else for (let i = 0, at = first; i < to.length; i++, at += step) to[i] = (from[at]! - zero) * unit;
}

/** What most recordings are. Their silence is 0. */
function isInt16(numbers: Numbers): numbers is Int16Array {
  return numbers.BYTES_PER_ELEMENT === 2;
}

/** Little-endian integers of 24 bits, whatever the machine's order. */
function widenInt24(bytes: Uint8Array): Int32Array {
  const wide = new Int32Array(bytes.length / 3);
  for (let i = 0, at = 0; i < wide.length; i++, at += 3) {
    wide[i] = ((bytes[at]! << 8) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 24)) >> 8;
  }
  return wide;
}

function lookUp(table: Int16Array, bytes: Uint8Array): Int16Array {
  const numbers = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) numbers[i] = table[bytes[i]!]!;
  return numbers;
}
