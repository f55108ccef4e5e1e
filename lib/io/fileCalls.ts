import fs, { type Stats } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { codeOf } from '../check/caught.ts';

/** An open file. Whoever opens it closes it. */
export type Descriptor = number;

type Given<T> = T | Promise<T>;

/**
 * What reading and writing files asks of the system. A FileHandle of node:fs/promises would close itself when it is forgotten, but for
 * that its calls take twice the time.
 */
export interface FileCalls {
  /** Undefined where nothing is. */
  stat(path: string): Given<Stats | undefined>;
  open(path: string, flags: number, mode?: number): Given<Descriptor>;
  /** Reads from a position on, as many bytes as fit or fewer; gives back how many, 0 at the end. */
  read(file: Descriptor, target: Uint8Array, position: number): Given<number>;
  /** Writes the chunks where the last write ended, all or fewer bytes; gives back how many. */
  write(file: Descriptor, chunks: readonly Uint8Array[]): Given<number>;
  sync(file: Descriptor): Given<void>;
  rename(from: string, to: string): Given<void>;
}

const stat = promisify(fs.stat);

// Not by promisify: what it gives for calls of several results, { bytesRead, buffer }, is Node's own addition, which Deno lacks for writev.

function read(file: Descriptor, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.read(file, target, 0, target.byteLength, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

function write(file: Descriptor, chunks: readonly Uint8Array[]): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.writev(file, chunks, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** On a thread of Node's: the event loop stays free, whatever the disk does. */
export const BESIDE: FileCalls = {
  async stat(path) {
    try {
      return await stat(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  open: promisify(fs.open),
  read,
  write,
  sync: promisify(fs.fsync),
  rename: promisify(fs.rename),
};

const IN_PLACE = {
  stat: (path) => fs.statSync(path, { throwIfNoEntry: false }),
  open: fs.openSync,
  read: (file, target, position) => fs.readSync(file, target, 0, target.byteLength, position),
  write: (file, chunks) => fs.writevSync(file, chunks),
  sync: fs.fsyncSync,
  rename: fs.renameSync,
} as const satisfies FileCalls;

/** More is worth another thread: copying it takes longer than asking one. */
const LARGE_BYTES = 512 * 2 ** 10;
/** Where the system answers from memory, it takes microseconds; a disk, a network, or somebody else's turn on the processor takes longer. */
const SLOW_MILLISECONDS = 1;
const FIRST_PAUSE = 16;
const LONGEST_PAUSE = 1024;

/**
 * In place as long as the system answers at once, which saves two thirds of what a call beside takes; after a slow answer, beside for
 * some time. For programs that do nothing else meanwhile.
 */
export function inPlaceWhileQuick(now: () => number = performance.now.bind(performance)): FileCalls {
  const choose = <Name extends keyof FileCalls>(name: Name) => {
    const [inPlace, beside] = [IN_PLACE[name], BESIDE[name]] as unknown as [Call<Name>, Call<Name>];
    let pause = FIRST_PAUSE;
    let left = 0;
    return ((...args) => {
      if (left > 0) {
        left--;
        return beside(...args);
      }
      const start = now();
      try {
        return inPlace(...args);
      } finally {
        const isSlow = now() - start > SLOW_MILLISECONDS;
        if (isSlow) left = pause;
        pause = isSlow ? Math.min(2 * pause, LONGEST_PAUSE) : FIRST_PAUSE;
      }
    }) as Call<Name>;
  };
  const [quickRead, quickWrite] = [choose('read'), choose('write')];
  return {
    stat: choose('stat'),
    open: choose('open'),
    read: (file, target, position) =>
      (target.byteLength > LARGE_BYTES ? BESIDE.read : quickRead)(file, target, position),
    write: (file, chunks) => (bytesOf(chunks) > LARGE_BYTES ? BESIDE.write : quickWrite)(file, chunks),
    sync: choose('sync'),
    rename: choose('rename'),
  };
}

type Call<Name extends keyof FileCalls> = (...args: Parameters<FileCalls[Name]>) => ReturnType<FileCalls[Name]>;

function bytesOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

/** Undefined where nothing is, or nobody says what. */
export async function statsOrNone(path: string, calls: FileCalls): Promise<Stats | undefined> {
  try {
    return await calls.stat(path);
  } catch {
    return undefined;
  }
}

// Neither goes to the disk or over a network: opening has asked already, and what was written is synced. They are done sooner than
// another thread would hear of them.

export function statsOf(file: Descriptor): Stats {
  return fs.fstatSync(file);
}

export function closeFile(file: Descriptor): void {
  fs.closeSync(file);
}
