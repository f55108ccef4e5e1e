import { quote } from '../check/quote.ts';
import type { ReadRequest } from './files.ts';
import { malformed } from './malformed.ts';
import { HEAD_BYTES, recognize } from './recognize.ts';
import { EXTENSIBLE_FMT_BYTES, parseFmt, type SampleFormat } from './wavFormat.ts';

// A RIFF file: 'RIFF', a size, 'WAVE', then chunks: a name of 4 characters, a size (uint32), the content, and a byte
// of padding where the size is odd. 'fmt ' says what the samples are, 'data' has them; other chunks are skipped. The
// size behind 'RIFF' repeats the file's own and is left unset by many programs, so nothing is read from it.
//
// RF64 (EBU Tech 3306) and BW64 (ITU-R BS.2088) are the same for more than 4 GiB: where a chunk's size is 0xffffffff, the
// chunk 'ds64' has it in 64 bits.

/** A file's samples: what they are and where. */
export type WavHeader = SampleFormat & { readonly dataStart: number; readonly frames: number };

type Step<T> = Generator<ReadRequest, T, void>;

// Real files have a handful; each costs a read.
const MAX_CHUNKS = 1000;
const RIFF_BYTES = 12;
const IN_DS64 = 0xffffffff;

/** Walks the chunks up to the samples. `truncated`: a file that ends too early, or within a frame, has the whole frames that are there. */
export function* readHeader(source: string, size: number, truncated: boolean): Step<WavHeader> {
  const head = Buffer.alloc(Math.min(size, HEAD_BYTES));
  yield { target: head, position: 0 };
  if (size < RIFF_BYTES) {
    const sentence = `a .wav file has at least 44 bytes, but this has ${size}`;
    throw malformed(source, recognize(head, source, 'wav') ?? sentence);
  }
  checkRiff(source, head);

  let long: ReadonlyMap<string, number> = new Map();
  let fmt: SampleFormat | undefined;
  /** Where the samples of a 'data' chunk of 0 bytes would begin. */
  let emptyData: number | undefined;
  let position = RIFF_BYTES;
  for (let chunks = 0; size - position >= 8; chunks++) {
    if (chunks === MAX_CHUNKS) throw malformed(source, `more than ${MAX_CHUNKS} chunks come before the samples`);
    const chunk = yield* readChunkHead(position);
    const { name } = chunk;
    const length = (chunk.length === IN_DS64 ? long.get(name) : undefined) ?? chunk.length;
    const start = position + 8;
    // A program that never came back to fill in the length has left it at 0: what follows are samples.
    if (position === emptyData && !isChunk(name, length, size - start)) break;
    if (!isText(name)) {
      throw malformed(
        source,
        `the chunk at byte ${position} is named ${quote(name)}, which is not text; is the file damaged?`,
      );
    }
    if (name === 'data') {
      if (fmt === undefined) throw malformed(source, "the 'data' chunk comes before the 'fmt ' chunk that explains it");
      if (length > 0) {
        const bytes = yield* dataBytes(source, size, { start, length, frameBytes: frameBytesOf(fmt), truncated });
        return placed(fmt, start, bytes);
      }
      emptyData ??= start;
    } else if (length > size - start) {
      throw cutOff(source, name, length, size - start, '');
    } else if (name === 'fmt ') {
      if (fmt !== undefined) throw malformed(source, "it has two 'fmt ' chunks");
      const content = Buffer.alloc(Math.min(length, EXTENSIBLE_FMT_BYTES));
      yield { target: content, position: start };
      fmt = parseFmt(source, content);
    } else if (name === 'ds64') {
      long = yield* readDs64(source, start, length);
    }
    position = yield* afterChunk(size, start + length);
  }
  if (fmt === undefined) throw malformed(source, "it has no 'fmt ' chunk");
  if (emptyData === undefined) throw malformed(source, "it has no 'data' chunk");
  if (position === emptyData) return placed(fmt, emptyData, size - emptyData);
  if (position < size) throw malformed(source, `it ends with ${size - position} bytes that are not a chunk`);
  return placed(fmt, emptyData, 0);
}

/** The whole frames of the bytes from `dataStart` on: a stream may end anywhere. */
function placed(fmt: SampleFormat, dataStart: number, bytes: number): WavHeader {
  return { ...fmt, dataStart, frames: Math.floor(bytes / frameBytesOf(fmt)) };
}

function frameBytesOf({ bytes, channels }: SampleFormat): number {
  return bytes * channels;
}

function* readChunkHead(position: number): Step<{ name: string; length: number }> {
  const chunk = Buffer.alloc(8);
  yield { target: chunk, position };
  return { name: chunk.toString('latin1', 0, 4), length: chunk.readUInt32LE(4) };
}

/** Where the next chunk may begin: at an even place, but some programs leave out the padding. */
function* afterChunk(size: number, end: number): Step<number> {
  if (end % 2 === 0) return end;
  const isPadded = size - end < 8 || !KNOWN_CHUNKS.test((yield* readChunkHead(end)).name);
  return isPadded ? end + 1 : end;
}

function isText(name: string): boolean {
  return /^[ -~]{4}$/.test(name);
}

/** What follows the samples in real files, cut off or not. */
const KNOWN_CHUNKS =
  /^(fmt |data|fact|LIST|INFO|cue |smpl|inst|bext|iXML|axml|chna|PEAK|JUNK|junk|PAD |id3 |ID3 |_PMX)$/;

/** Whether 8 bytes read as a chunk's name and length, of which `available` bytes follow. Samples seldom do. */
function isChunk(name: string, length: number, available: number): boolean {
  return KNOWN_CHUNKS.test(name) || (isText(name) && length <= available);
}

type Data = {
  readonly start: number;
  readonly length: number;
  readonly frameBytes: number;
  readonly truncated: boolean;
};

/** How many bytes of samples there are, from the length that the 'data' chunk gives and the size of the file. */
function* dataBytes(source: string, size: number, { start, length, frameBytes, truncated }: Data): Step<number> {
  const available = size - start;
  if (isOpen(length, frameBytes) && !(yield* endsThere(size, start + length))) return available;
  if (truncated) return Math.min(length, available);
  const advice =
    '; to take the whole frames that are there, give the option truncated: true (of the command: --truncated)';
  if (length > available) throw cutOff(source, 'data', length, available, advice);
  if (length % frameBytes !== 0) {
    const reason = `the samples take ${length} bytes, not a multiple of the ${frameBytes} of one frame`;
    throw malformed(source, `${reason}${advice}`);
  }
  return length;
}

/** Lengths near these are written by programs that do not know it: the largest a reader may take for signed, and the largest. */
const LARGEST_SIGNED = 2 ** 31;
const LARGEST = 2 ** 32;
const LARGEST_IN_64_BITS = 2 ** 53;
/** sox and espeak-ng write 2^31 less a page, others take the header's bytes off. */
const PAGE = 4096;

/**
 * Whether a length stands for an open one: 0x80000000 (arecord), 0x7fffffff (lame, oggdec), 0x7ffff000 (sox, espeak-ng), 0xffffffff
 * (ffmpeg, mpg123), those less a header, and each less what is over from whole frames.
 */
function isOpen(length: number, frameBytes: number): boolean {
  if (length >= LARGEST_IN_64_BITS) return true;
  const slack = PAGE + frameBytes;
  return (
    (length > LARGEST_SIGNED - slack && length <= LARGEST_SIGNED + PAGE) ||
    (length > LARGEST - slack && length < LARGEST)
  );
}

/** Whether a chunk may end at `end`: with the file, or where another chunk begins. A length of that many bytes may be meant. */
function* endsThere(size: number, end: number): Step<boolean> {
  if (end > size) return false;
  const next = yield* afterChunk(size, end);
  if (size - next < 8) return true;
  const { name, length } = yield* readChunkHead(next);
  return isChunk(name, length, size - next - 8);
}

function cutOff(source: string, name: string, length: number, available: number, advice: string): RangeError {
  return malformed(
    source,
    `chunk ${quote(name)} should have ${length} bytes, but only ${available} follow; is the file cut off?${advice}`,
  );
}

const DS64_BYTES = 28;
const TABLE_ENTRY_BYTES = 12;

/** The lengths of 64 bits: that of 'data', and a table for other chunks. */
function* readDs64(source: string, start: number, length: number): Step<Map<string, number>> {
  if (length < DS64_BYTES) {
    throw malformed(source, `the 'ds64' chunk should have ${DS64_BYTES} bytes or more, but has ${length}`);
  }
  const content = Buffer.alloc(Math.min(length, DS64_BYTES + MAX_CHUNKS * TABLE_ENTRY_BYTES));
  yield { target: content, position: start };
  const long = new Map<string, number>();
  const end = DS64_BYTES + content.readUInt32LE(24) * TABLE_ENTRY_BYTES;
  for (let at = DS64_BYTES; at + TABLE_ENTRY_BYTES <= Math.min(end, content.length); at += TABLE_ENTRY_BYTES) {
    long.set(content.toString('latin1', at, at + 4), Number(content.readBigUInt64LE(at + 4)));
  }
  return long.set('data', Number(content.readBigUInt64LE(8)));
}

function checkRiff(source: string, head: Buffer): void {
  const container = head.toString('latin1', 0, 4);
  const isWave = head.toString('latin1', 8, 12) === 'WAVE';
  if (['RIFF', 'RF64', 'BW64'].includes(container) && isWave) return;
  if (container === 'RIFX' && isWave) {
    throw malformed(source, 'RIFX files cannot be read; convert it, e.g. with: sox in.wav out.wav');
  }
  const begins = quote(head.toString('latin1', 0, RIFF_BYTES));
  const sentence = `a .wav file begins with RIFF and WAVE, but this begins with ${begins}`;
  throw malformed(source, recognize(head, source, 'wav') ?? sentence);
}
