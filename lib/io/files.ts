import { constants, type Stats } from 'node:fs';
import { type FileHandle, opendir, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../check/caught.ts';
import { inputOutputError, rangeError, typeError } from '../check/errors.ts';
import { fewKeys } from '../check/fewKeys.ts';
import { isBytes, plainBytes } from '../check/typedArray.ts';
import { describe } from '../check/validate.ts';
import { type DecodeMemory, NEW_MEMORY } from './decodeMemory.ts';
import { BESIDE, closeFile, type Descriptor, type FileCalls, statsOf } from './fileCalls.ts';
import { malformed } from './malformed.ts';
import { temporaryName } from './temporary.ts';

/** A decoder's wish: `target` filled with the bytes that begin at `position`. */
export type ReadRequest = { readonly target: Uint8Array; readonly position: number };

/**
 * Turns a file into a value, asking for the bytes it wants next. It knows the file's size from the start, so it can check
 * every length before it asks. Written once, it serves bytes in memory and files of any size alike.
 */
export type Decoder<T> = (source: string, size: number) => Generator<ReadRequest, T, void>;

/** A file that is open, or bytes in memory, to be read at any place. */
export interface OpenFile {
  /** What messages call it: a path, or what else names the bytes. */
  readonly source: string;
  readonly size: number;
  /** Fills the target; everything it asks for lies within the file. */
  read(request: ReadRequest): Promise<void>;
}

/** Bytes that a caller gave, checked. */
function readBytes(given: unknown, source: unknown): Uint8Array {
  if (!isBytes(given)) {
    throw typeError('ERR_CONV1D_TYPE', `the bytes of a file must be a Uint8Array, but got ${describe(given)}`);
  }
  if (typeof source !== 'string') {
    throw typeError('ERR_CONV1D_TYPE', `source, the name of the bytes, must be a string, but got ${describe(source)}`);
  }
  return plainBytes(given);
}

/** Bytes in memory as a file. */
export function fileOfBytes(given: Uint8Array, source: string): OpenFile {
  const bytes = readBytes(given, source);
  return {
    source,
    size: bytes.byteLength,
    read: async ({ target, position }) => target.set(bytes.subarray(position, position + target.byteLength)),
  };
}

/** A stretch of a file as a file of its own. */
export function partOf(file: OpenFile, start: number, size: number): OpenFile {
  return {
    source: file.source,
    size,
    read: ({ target, position }) => file.read({ target, position: start + position }),
  };
}

/** Runs a decoder on a file that is open. */
export async function runDecoder<T>(decoder: Decoder<T>, file: OpenFile): Promise<T> {
  const requests = decoder(file.source, file.size);
  for (;;) {
    const next = requests.next();
    if (next.done) return next.value;
    await file.read(next.value);
  }
}

/** Runs a decoder on bytes in memory. */
export function decodeBytes<T>(decoder: Decoder<T>, given: Uint8Array, source: string): T {
  const bytes = readBytes(given, source);
  const requests = decoder(source, bytes.byteLength);
  for (;;) {
    const next = requests.next();
    if (next.done) return next.value;
    const { target, position } = next.value;
    target.set(bytes.subarray(position, position + target.byteLength));
  }
}

/** Refuses what is no path; one that cannot be opened is for the file system to refuse. */
function requirePath(path: unknown): void {
  if (typeof path === 'string') return;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `the path of a file must be a string, but got ${describe(path)}; fileURLToPath() of node:url makes one of a URL`,
  );
}

/** Up to this size, we read a file for inspection in one piece. */
const WHOLE_BYTES = 32 * 2 ** 20;

/** How a file is read. */
export interface ReadFileOptions {
  /** Is shown all bytes of the file, in order, piece by piece. */
  readonly inspect?: ((bytes: Uint8Array) => void) | undefined;
  /** Where to decode it. Default: memory of its own. */
  readonly memory?: DecodeMemory | undefined;
  /** Who asks the system. Default: another thread. */
  readonly calls?: FileCalls | undefined;
}

/** Opens a regular file for `use`, and closes it. The errors of the file system (`ENOENT` and its like) are Node's own. */
export async function withFile<T>(
  path: string,
  use: (file: OpenFile) => Promise<T>,
  calls: FileCalls = BESIDE,
): Promise<T> {
  requirePath(path);
  // O_NONBLOCK: opening a named pipe would wait for its writer. Windows has neither.
  const file = await calls.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = statsOf(file);
    if (stats.isDirectory()) throw malformed(path, `this is a directory; give a file in it${await examplesIn(path)}`);
    if (!stats.isFile()) throw malformed(path, 'expected a regular file, but this is a pipe or a device');
    return await use({ source: path, size: stats.size, read: (request) => fill(calls, file, path, request) });
  } finally {
    closeFile(file);
  }
}

/** Runs a decoder on a file; errors as for {@link withFile}. */
export function decodeFile<T>(
  decoder: Decoder<T>,
  path: string,
  { inspect, memory = NEW_MEMORY, calls }: ReadFileOptions = {},
): Promise<T> {
  return withFile(
    path,
    async (file) => {
      if (inspect === undefined) return runDecoder(decoder, file);
      const piece = memory.file(Math.min(file.size, WHOLE_BYTES));
      for (let position = 0; position < file.size; position += piece.length) {
        const target = piece.subarray(0, file.size - position);
        await file.read({ target, position });
        inspect(target);
      }
      return piece.length === file.size ? decodeBytes(decoder, piece, path) : runDecoder(decoder, file);
    },
    calls,
  );
}

/** As many entries of a directory are looked at for a message. */
const LOOKED_AT = 1000;

/** The names of files in a directory that can be read, for a message: `: "model.safetensors"`. */
async function examplesIn(path: string): Promise<string> {
  const names: string[] = [];
  try {
    let entries = 0;
    for await (const { name } of await opendir(path)) {
      if (/\.(?:safetensors|npy|npz|wav|pt|pth|ckpt)$/i.test(name)) names.push(name);
      entries++;
      if (entries === LOOKED_AT) break;
    }
  } catch {
    // Not to be read: then without examples.
  }
  return names.length === 0 ? '' : `: ${fewKeys(names.sort())}`;
}

async function fill(
  calls: FileCalls,
  file: Descriptor,
  path: string,
  { target, position }: ReadRequest,
): Promise<void> {
  let filled = 0;
  while (filled < target.byteLength) {
    const bytesRead = await calls.read(file, target.subarray(filled), position + filled);
    if (!(bytesRead > 0)) {
      const end = position + target.byteLength;
      throw malformed(path, `became shorter while it was read: byte ${position + filled} of ${end} is gone; try again`);
    }
    filled += bytesRead;
  }
}

/** Where a file goes, as the system has it. */
export interface WriteTarget {
  /** The path, with links followed: a link stays a link. */
  readonly path: string;
  /** The permissions: a private file stays private. */
  readonly mode: number;
  /** What is there now; undefined where nothing is. */
  readonly stats: Stats | undefined;
}

/** How to write a file. */
export interface WriteOptions {
  /** Where to, from `writeTarget`. Default: what that gives for the path. */
  readonly target?: WriteTarget;
  /** Whether to sync the folder, too. Without, a power cut may take the new name away, with the content. Default true. */
  readonly syncFolder?: boolean;
  /** Who asks the system. Default: another thread. */
  readonly calls?: FileCalls | undefined;
}

// Node's permission model forbids to sync a file, from Node 24 on; each write to one that was opened with O_SYNC is synced by the system.
const isRestricted = process.permission !== undefined;
const NEW_FILE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (isRestricted ? (constants.O_SYNC ?? 0) : 0);

/**
 * Writes the chunks, one after the other, as the file `path`: under another name beside it first, and renamed when all is
 * on the disk. Whatever happens, `path` holds the old content or the new one, never a part; once this is fulfilled, the new one,
 * whatever happens to the power.
 */
export async function writeFileAtomic(
  path: string,
  chunks: readonly Uint8Array[],
  options: WriteOptions = {},
): Promise<void> {
  requirePath(path);
  const { calls = BESIDE } = options;
  const lengths = chunks.map(({ byteLength }) => byteLength);
  const target = options.target ?? (await writeTarget(path, calls));
  const folder = dirname(target.path);
  const temporary = join(folder, temporaryName());
  const file = await calls.open(temporary, NEW_FILE, target.mode);
  try {
    try {
      await writeWhole(calls, file, path, chunks, lengths);
      if (!isRestricted) await calls.sync(file);
    } finally {
      closeFile(file);
    }
    await renameOver(temporary, target.path, { ...SYSTEM, rename: calls.rename });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (options.syncFolder ?? true) await syncFolder(folder);
}

/** The most milliseconds between two attempts; twice that in all. */
const LONGEST_PAUSE = 512;

/** What {@link renameOver} stands on. */
const SYSTEM = {
  platform: process.platform as string,
  rename: BESIDE.rename,
  pause: (ms: number) => setTimeout(ms) as Promise<unknown>,
};

/**
 * Renames a file, which may replace another. Windows refuses that while someone else has the other one open or is replacing it:
 * another writer, an indexer, a virus scanner. They are soon done.
 */
export async function renameOver(from: string, to: string, { platform, rename, pause } = SYSTEM): Promise<void> {
  for (let ms = 1; ; ms *= 2) {
    try {
      return await rename(from, to);
    } catch (error) {
      const refused = ['EPERM', 'EACCES', 'EBUSY'].includes(codeOf(error) ?? '');
      if (platform !== 'win32' || !refused || ms > LONGEST_PAUSE) throw error;
    }
    await pause(ms);
  }
}

/** Puts a file's content on the disk, where Node may ask for it. */
export async function syncFile(handle: FileHandle): Promise<void> {
  if (!isRestricted) await handle.sync();
}

/**
 * Puts a folder's names on the disk, where the system can be asked to: not on Windows, nor in a folder that may be written to
 * but not read, nor on file systems that know no such request, nor under Node's permission model.
 */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32' || isRestricted) return;
  try {
    const folder = await BESIDE.open(path, constants.O_RDONLY);
    try {
      await BESIDE.sync(folder);
    } finally {
      closeFile(folder);
    }
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EINVAL' && code !== 'ENOTSUP') throw error;
  }
}

/** Writes chunks that had these lengths when the writing began: one that lost its memory since would leave a hole. */
export async function writeWhole(
  calls: FileCalls,
  file: Descriptor,
  path: string,
  chunks: readonly Uint8Array[],
  lengths = chunks.map(({ byteLength }) => byteLength),
): Promise<void> {
  let next = 0;
  let written = 0; // of the next chunk
  const skipWritten = () => {
    for (; next < chunks.length && written >= lengths[next]!; next++) written -= lengths[next]!;
  };
  for (skipWritten(); next < chunks.length; skipWritten()) {
    if (chunks.some(({ byteLength }, i) => byteLength !== lengths[i])) {
      throw typeError(
        'ERR_CONV1D_DETACHED',
        `${path}: the memory to be written was detached meanwhile; nothing is changed`,
      );
    }
    const count = await calls.write(file, [chunks[next]!.subarray(written), ...chunks.slice(next + 1)]);
    if (!(count > 0)) {
      throw inputOutputError(`${path}: i/o error: the system takes none of the bytes and gives no reason`);
    }
    written += count;
  }
}

/** The chunks as one array. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  let whole: Uint8Array;
  try {
    whole = new Uint8Array(size);
  } catch {
    throw rangeError(
      'ERR_CONV1D_MEMORY',
      `can't allocate memory: you tried to allocate ${size} bytes; write to a file instead`,
    );
  }
  let position = 0;
  for (const chunk of chunks) {
    whole.set(chunk, position);
    position += chunk.byteLength;
  }
  return whole;
}

/**
 * Where `path` leads, and with which permissions to write there.
 *
 * @throws RangeError ERR_CONV1D_VALUE  when it is no regular file
 */
export async function writeTarget(path: string, calls: FileCalls = BESIDE): Promise<WriteTarget> {
  const stats = await calls.stat(path);
  if (stats === undefined) return { path, mode: 0o666, stats };
  if (!stats.isFile()) {
    throw rangeError('ERR_CONV1D_VALUE', `${path} is a directory, a pipe or a device; give the path of a regular file`);
  }
  return { path: await realpath(path), mode: stats.mode & 0o777, stats };
}
