import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { codeOf, messageOf } from '../check/caught.ts';
import { rangeError } from '../check/errors.ts';
import { fewKeys } from '../check/fewKeys.ts';
import { quote } from '../check/quote.ts';
import { type OpenFile, partOf } from './files.ts';
import { malformed } from './malformed.ts';

// The package yauzl reads the directory. What it says is checked here before anything is read or allocated: no two entries share bytes, and
// none unpacks to more than deflate can pack into it.

/** What one entry of an archive is and where its bytes lie. */
export interface ArchiveEntry {
  readonly name: string;
  readonly isDeflated: boolean;
  /** Where its bytes begin in the file, and how many there are, as they are stored. */
  readonly start: number;
  readonly storedBytes: number;
  /** As many bytes it unpacks to. */
  readonly bytes: number;
  readonly crc32: number;
}

/** Checkpoints have an entry for each storage; no real one comes near this count. */
const MAX_ENTRIES = 2 ** 18;
/** The shortest entry of the directory, without its name. */
const ENTRY_BYTES = 46;
/** 258 bytes for 2 bits, as deflate's longest match with the shortest codes: no valid stream unpacks to more than this, for each byte. */
const DEFLATE_RATIO = 1032;

type ReadCallback = (error: Error | null, bytesRead?: number) => void;

const STORED = 0;
const DEFLATED = 8;

const inflate = promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.inflateRaw);

/**
 * The entries of a zip archive by name, folders left out.
 *
 * @param accept  called with all names before anything else is checked, to refuse an archive of another kind
 * @throws RangeError ERR_CONV1D_FORMAT  when the archive is damaged, or has entries that are encrypted, overlap, or come twice
 */
export async function readArchive(
  file: OpenFile,
  accept: (names: readonly string[]) => void,
): Promise<ReadonlyMap<string, ArchiveEntry>> {
  // Loaded here and not above: yauzl takes 12 ms, and most programs read no archive.
  const { default: yauzl } = await import('yauzl');
  class Reader extends yauzl.RandomAccessReader {
    override read(buffer: Buffer, offset: number, length: number, position: number, callback: ReadCallback): void {
      if (!(position + length <= file.size)) {
        callback(null, 0);
        return;
      }
      const target = buffer.subarray(offset, offset + length);
      file
        .read({ target, position })
        .then(() => callback(null, length))
        .catch(callback);
    }
  }
  const options = { autoClose: false, strictFileNames: true };
  const zip = await reading(file, yauzl.fromRandomAccessReaderPromise(new Reader(), file.size, options));
  if (zip.entryCount > Math.min(MAX_ENTRIES, file.size / ENTRY_BYTES)) {
    throw malformed(file.source, `the zip archive claims to have ${zip.entryCount} entries, more than it has room for`);
  }
  const found: Entry[] = [];
  await reading(
    file,
    (async () => {
      for await (const entry of zip.eachEntry()) found.push(entry);
    })(),
  );
  accept(found.map(({ fileName }) => fileName));
  return readEntries(file, zip, found);
}

async function readEntries(
  file: OpenFile,
  zip: ZipFile,
  found: readonly Entry[],
): Promise<ReadonlyMap<string, ArchiveEntry>> {
  const entries = new Map<string, ArchiveEntry>();
  const stretches: { name: string; begin: number; end: number }[] = [];
  for (const entry of found) {
    const name = entry.fileName;
    const what = `the entry ${quote(name)} of the zip archive`;
    if (entries.has(name)) throw malformed(file.source, `${what} comes twice`);
    if (entry.isEncrypted())
      throw malformed(file.source, `${what} is encrypted; unpack the archive and pack it without`);
    const { compressionMethod: method, compressedSize: storedBytes, uncompressedSize: bytes } = entry;
    if (method !== STORED && method !== DEFLATED) {
      throw malformed(file.source, `${what} is packed by method ${method}; only stored and deflated ones can be read`);
    }
    if (method === DEFLATED && bytes > DEFLATE_RATIO * storedBytes) {
      throw malformed(file.source, `${what} claims that ${storedBytes} bytes unpack to ${bytes}, which no deflate can`);
    }
    const { fileDataStart: start } = await reading(file, zip.readLocalFileHeaderPromise(entry, { minimal: true }));
    stretches.push({ name, begin: entry.relativeOffsetOfLocalHeader, end: start + storedBytes });
    if (name.endsWith('/')) continue;
    entries.set(name, { name, isDeflated: method === DEFLATED, start, storedBytes, bytes, crc32: entry.crc32 });
  }
  stretches.sort((a, b) => a.begin - b.begin);
  for (const [i, { name, begin }] of stretches.entries()) {
    const before = stretches[i - 1];
    if (before !== undefined && begin < before.end) {
      throw malformed(file.source, `the entries ${fewKeys([before.name, name])} of the zip archive share bytes`);
    }
  }
  return entries;
}

/** Whether the bytes of an entry can be read where they are. */
export function isInPlace(entry: ArchiveEntry): boolean {
  return !entry.isDeflated;
}

/** An entry that is stored as it is, as a file of its own. */
export function entryInPlace(file: OpenFile, { start, bytes }: ArchiveEntry): OpenFile {
  return partOf(file, start, bytes);
}

/**
 * The bytes of an entry, unpacked and compared with their checksum.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when it does not unpack to as many bytes as it claims, or to others
 * @throws RangeError ERR_CONV1D_MEMORY  when there is no memory for them
 */
export async function unpackEntry(file: OpenFile, entry: ArchiveEntry): Promise<Uint8Array> {
  const what = `the entry ${quote(entry.name)} of the zip archive`;
  const stored = allocateBytes(entry.storedBytes);
  await file.read({ target: stored, position: entry.start });
  const bytes = entry.isDeflated ? await unpack(file.source, what, stored, entry.bytes) : stored;
  if (bytes.byteLength !== entry.bytes) {
    throw malformed(file.source, `${what} unpacks to ${bytes.byteLength} bytes, but claims to have ${entry.bytes}`);
  }
  if (zlib.crc32(bytes) !== entry.crc32) {
    throw malformed(file.source, `${what} has another checksum than it should; is the file damaged?`);
  }
  return bytes;
}

async function unpack(source: string, what: string, stored: Uint8Array, bytes: number): Promise<Uint8Array> {
  try {
    // zlib wants a limit of at least 1.
    return await inflate(stored, { maxOutputLength: Math.max(1, bytes) });
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw malformed(source, `${what} unpacks to more than the ${bytes} bytes it claims to have`);
    }
    if (codeOf(error) === 'ERR_MEMORY_ALLOCATION_FAILED' || codeOf(error) === 'Z_MEM_ERROR') throw noMemory(bytes);
    throw malformed(source, `${what} is damaged: ${messageOf(error)}`);
  }
}

function allocateBytes(bytes: number): Uint8Array {
  try {
    return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
  } catch {
    throw noMemory(bytes);
  }
}

function noMemory(bytes: number): RangeError {
  return rangeError('ERR_CONV1D_MEMORY', `can't allocate memory: you tried to allocate ${bytes} bytes`);
}

/** What yauzl gives, or its refusal as one of ours. */
async function reading<T>(file: OpenFile, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // Its own errors have no code; those of the file system, and ours, do.
    if (codeOf(error) !== undefined) throw error;
    throw malformed(file.source, `the zip archive is damaged: ${messageOf(error)}`);
  }
}
