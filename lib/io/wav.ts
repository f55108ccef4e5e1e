import { quote } from '../check/quote.ts';
import { allocate } from '../tensor/allocate.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { Tensor } from '../tensor/tensor.ts';
import { reorder } from './elements.ts';
import { decodeBytes, decodeFile, type ReadRequest } from './files.ts';
import { malformed } from './malformed.ts';
import { HEAD_BYTES, recognize } from './recognize.ts';

// A RIFF file: 'RIFF', a size, 'WAVE', then chunks: a name of 4 characters, a size (uint32), the content, and a byte
// of padding where the size is odd. 'fmt ' says what the samples are, 'data' has them; other chunks are skipped. The
// size behind 'RIFF' repeats the file's own and is left unset by many programs, so nothing is read from it.

/**
 * How a .wav file stores a sample: integers of 8 (unsigned) to 32 bits, or floats.
 *
 * @category Files
 */
export type WavFormat = 'pcm8' | 'pcm16' | 'pcm24' | 'pcm32' | 'float32' | 'float64';

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
};

type Encoding = {
  readonly bytes: 1 | 2 | 3 | 4 | 8;
  /** A block of samples as numbers; in the machine's byte order. */
  readonly numbers: (block: ArrayBuffer) => Numbers;
  /** What stands for silence, and for full scale above it. */
  readonly zero: number;
  readonly full: number;
};

type Numbers = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

const ENCODINGS: Readonly<Record<WavFormat, Encoding>> = {
  pcm8: { bytes: 1, numbers: (block) => new Uint8Array(block), zero: 2 ** 7, full: 2 ** 7 },
  pcm16: { bytes: 2, numbers: (block) => new Int16Array(block), zero: 0, full: 2 ** 15 },
  pcm24: { bytes: 3, numbers: widenInt24, zero: 0, full: 2 ** 23 },
  pcm32: { bytes: 4, numbers: (block) => new Int32Array(block), zero: 0, full: 2 ** 31 },
  float32: { bytes: 4, numbers: (block) => new Float32Array(block), zero: 0, full: 1 },
  float64: { bytes: 8, numbers: (block) => new Float64Array(block), zero: 0, full: 1 },
};

const TAG_PCM = 1;
const TAG_FLOAT = 3;
const TAG_EXTENSIBLE = 0xfffe;
// What else is met in the wild, for the message.
const TAG_NAMES: Readonly<Record<number, string>> = { 2: 'ADPCM', 6: 'A-law', 7: 'mu-law', 17: 'IMA ADPCM', 85: 'MP3' };
// The last 14 bytes of the GUID that extends a format tag to an extensible format.
const SUBFORMAT_TAIL = Buffer.from('000000001000800000aa00389b71', 'hex');
const RIFF_BYTES = 12;
const FMT_BYTES = 16;
const EXTENSIBLE_FMT_BYTES = 40;

// Written by a program that could not know the length: ffmpeg's value, and that of sox and espeak-ng.
const UNKNOWN_LENGTHS: readonly number[] = [0xffffffff, 0x7ffff000];
// Real files have a handful; each costs a read.
const MAX_CHUNKS = 1000;
const BLOCK_BYTES = 2 ** 20;

type WavHeader = {
  readonly format: WavFormat;
  readonly channels: number;
  readonly sampleRate: number;
  readonly dataStart: number;
  readonly frames: number;
};

/**
 * Loads a .wav file: PCM of 8, 16, 24 or 32 bits, or floats of 32 or 64, with any number of channels.
 *
 * A file cut off within its samples is refused, but one whose length was left open (ffmpeg, sox or espeak-ng writing to a
 * pipe) is read to its end.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when the file is not valid or is encoded otherwise
 * @throws RangeError ERR_CONV1D_MEMORY  when the samples do not fit into memory
 * @throws Error ENOENT, EACCES         when the file cannot be opened: Node's own error
 * @example
 * const { samples, sampleRate } = await loadWav('examples/speech.wav');   // samples.shape is [1, frames]
 * @category Files
 */
export function loadWav(path: string): Promise<Wav> {
  return readWav(path);
}

/** Like {@link loadWav}; `inspect` is shown all bytes of the file, in order, piece by piece. */
export function readWav(path: string, inspect?: (bytes: Uint8Array) => void): Promise<Wav> {
  return decodeFile(decodeWav, path, inspect);
}

/**
 * Like {@link loadWav}, from bytes in memory.
 *
 * @param source  what the bytes are called in messages: a file's name, a URL
 * @throws TypeError ERR_CONV1D_TYPE     when the bytes are no Uint8Array
 * @throws RangeError ERR_CONV1D_FORMAT  when they are not valid or encoded otherwise
 * @throws RangeError ERR_CONV1D_MEMORY  when the samples do not fit into memory
 * @example
 * const { format } = parseWav(await readFile('examples/speech.wav'));   // format is 'pcm16'
 * parseWav(new Uint8Array(3), 'body of a request');                     // ERR_CONV1D_FORMAT
 * @category Files
 */
export function parseWav(bytes: Uint8Array, source = 'wav'): Wav {
  return decodeBytes(decodeWav, bytes, source);
}

function* decodeWav(source: string, size: number): Generator<ReadRequest, Wav, void> {
  const { format, channels, sampleRate, dataStart, frames } = yield* readHeader(source, size);
  const { bytes, numbers, zero, full } = ENCODINGS[format];
  const frameBytes = bytes * channels;
  const samples = allocate('float32', channels * frames);
  const blockFrames = Math.max(1, Math.min(frames, Math.floor(BLOCK_BYTES / frameBytes)));
  const block = new Uint8Array(blockFrames * frameBytes);
  for (let first = 0; first < frames; first += blockFrames) {
    const count = Math.min(blockFrames, frames - first);
    const target = block.subarray(0, count * frameBytes);
    yield { target, position: dataStart + first * frameBytes };
    if (bytes !== 1 && bytes !== 3) reorder(target, bytes, 'LE');
    const interleaved = numbers(block.buffer);
    for (let channel = 0; channel < channels; channel++) {
      scale(interleaved, channel, channels, zero, full, samples.subarray(channel * frames + first).subarray(0, count));
    }
  }
  return { sampleRate, channels, samples: new Tensor(samples, [channels, frames]), format };
}

/** One channel of interleaved samples, scaled. A loop over numbers: a call for each sample takes ten times as long. */
function scale(from: Numbers, first: number, step: number, zero: number, full: number, to: FloatArray): void {
  for (let i = 0, at = first; i < to.length; i++, at += step) to[i] = (from[at]! - zero) / full;
}

/** Little-endian integers of 24 bits, whatever the machine's order. */
function widenInt24(block: ArrayBuffer): Int32Array {
  const bytes = new Uint8Array(block);
  const wide = new Int32Array(bytes.length / 3);
  for (let i = 0, at = 0; i < wide.length; i++, at += 3) {
    wide[i] = ((bytes[at]! << 8) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 24)) >> 8;
  }
  return wide;
}

/** Walks the chunks up to the samples. */
function* readHeader(source: string, size: number): Generator<ReadRequest, WavHeader, void> {
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
  yield { target: head, position: 0 };
  if (size < RIFF_BYTES) {
    const sentence = `a .wav file has at least 44 bytes, but this has ${size}`;
    throw malformed(source, recognize(head, source, 'wav') ?? sentence);
  }
  checkRiff(source, head);

  let fmt: Omit<WavHeader, 'dataStart' | 'frames'> | undefined;
  let emptyData: number | undefined;
  let position = RIFF_BYTES;
  for (let chunks = 0; size - position >= 8; chunks++) {
    if (chunks === MAX_CHUNKS) throw malformed(source, `more than ${MAX_CHUNKS} chunks come before the samples`);
    const chunk = Buffer.alloc(8);
    yield { target: chunk, position };
    const name = chunk.toString('latin1', 0, 4);
    const length = chunk.readUInt32LE(4);
    const start = position + 8;
    if (!/^[ -~]{4}$/.test(name)) {
      throw malformed(
        source,
        `the chunk at byte ${position} is named ${quote(name)}, which is not text; is the file damaged?`,
      );
    }
    const open = name === 'data' && UNKNOWN_LENGTHS.includes(length);
    if (length > size - start && !open) {
      throw malformed(
        source,
        `chunk ${quote(name)} should have ${length} bytes, but only ${size - start} follow; is the file cut off?`,
      );
    }
    if (name === 'fmt ') {
      if (fmt !== undefined) throw malformed(source, "it has two 'fmt ' chunks");
      const content = Buffer.alloc(Math.min(length, EXTENSIBLE_FMT_BYTES));
      yield { target: content, position: start };
      fmt = parseFmt(source, content);
    } else if (name === 'data') {
      if (fmt === undefined) throw malformed(source, "the 'data' chunk comes before the 'fmt ' chunk that explains it");
      const available = size - start;
      const frameBytes = ENCODINGS[fmt.format].bytes * fmt.channels;
      // A stream may end anywhere; a file may not.
      const bytes = open ? available - (available % frameBytes) : length;
      if (bytes % frameBytes !== 0) {
        throw malformed(source, `the samples take ${length} bytes, not a multiple of the ${frameBytes} of one frame`);
      }
      if (bytes > 0) return { ...fmt, dataStart: start, frames: bytes / frameBytes };
      emptyData ??= start;
    }
    position = start + length + (length % 2);
  }
  if (fmt === undefined) throw malformed(source, "it has no 'fmt ' chunk");
  if (emptyData === undefined) throw malformed(source, "it has no 'data' chunk");
  if (position < size) throw malformed(source, `it ends with ${size - position} bytes that are not a chunk`);
  return { ...fmt, dataStart: emptyData, frames: 0 };
}

function checkRiff(source: string, head: Buffer): void {
  const container = head.toString('latin1', 0, 4);
  if (container === 'RIFF' && head.toString('latin1', 8, 12) === 'WAVE') return;
  if (['RF64', 'BW64', 'RIFX'].includes(container)) {
    throw malformed(source, `${container} files cannot be read; convert it, e.g. with: sox in.wav out.wav`);
  }
  const begins = quote(head.toString('latin1', 0, RIFF_BYTES));
  const sentence = `a .wav file begins with RIFF and WAVE, but this begins with ${begins}`;
  throw malformed(source, recognize(head, source, 'wav') ?? sentence);
}

function parseFmt(source: string, content: Buffer): Omit<WavHeader, 'dataStart' | 'frames'> {
  if (content.length < FMT_BYTES) {
    throw malformed(source, `the 'fmt ' chunk should have ${FMT_BYTES} bytes or more, but has ${content.length}`);
  }
  const channels = content.readUInt16LE(2);
  const sampleRate = content.readUInt32LE(4);
  const frameBytes = content.readUInt16LE(12);
  const format = formatOf(source, formatTag(source, content), content.readUInt16LE(14));
  if (channels === 0) throw malformed(source, 'it has 0 channels; expected at least 1');
  if (sampleRate === 0) throw malformed(source, 'its sample rate is 0; expected at least 1');
  const expected = ENCODINGS[format].bytes * channels;
  if (frameBytes !== expected) {
    throw malformed(
      source,
      `a frame of ${channels} channels in ${format} has ${expected} bytes, but the header says ${frameBytes}`,
    );
  }
  return { format, channels, sampleRate };
}

function formatTag(source: string, content: Buffer): number {
  const tag = content.readUInt16LE(0);
  if (tag !== TAG_EXTENSIBLE) return tag;
  if (content.length < EXTENSIBLE_FMT_BYTES) {
    throw malformed(
      source,
      `an extensible 'fmt ' chunk should have ${EXTENSIBLE_FMT_BYTES} bytes, but has ${content.length}`,
    );
  }
  if (!content.subarray(26, EXTENSIBLE_FMT_BYTES).equals(SUBFORMAT_TAIL)) {
    throw malformed(source, `subformat ${content.toString('hex', 24, EXTENSIBLE_FMT_BYTES)} is neither PCM nor float`);
  }
  return content.readUInt16LE(24);
}

function formatOf(source: string, tag: number, bits: number): WavFormat {
  const kind = tag === TAG_PCM ? 'pcm' : tag === TAG_FLOAT ? 'float' : undefined;
  const format = `${kind}${bits}`;
  if (isWavFormat(format)) return format;
  const found = kind === undefined ? (TAG_NAMES[tag] ?? `format tag ${tag}`) : `${kind} of ${bits} bits`;
  const readable = 'PCM of 8, 16, 24 or 32 bits and float of 32 or 64 are read';
  throw malformed(
    source,
    `the samples are ${found}, but ${readable}; convert it, e.g. with: sox in.wav -e signed -b 16 out.wav`,
  );
}

function isWavFormat(format: string): format is WavFormat {
  return Object.hasOwn(ENCODINGS, format);
}
