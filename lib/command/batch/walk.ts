import type { Dirent, Stats } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { type FileSystemAdapter, glob } from 'tinyglobby';
import { MANIFEST_NAME } from './manifest.ts';
import { isWithin, realPlace } from './places.ts';
import { explainUnreadable } from './unreadable.ts';

/** What is looked for below a folder. */
export interface WalkOptions {
  readonly pattern: string;
  readonly caseSensitiveMatch: boolean;
  /** What is read, without the dot; other kinds are counted. */
  readonly extensions: readonly string[];
  /** Whether the file or folder with this real path belongs to the outputs, which no walk takes for inputs. */
  readonly isOutput: (real: string) => boolean;
}

/** A path and why it cannot be read. */
export interface Unreadable {
  readonly path: string;
  readonly reason: string;
}

/** What a walk finds. Paths begin with the folder as it was given. */
export interface Walk {
  /** Sorted. */
  readonly files: string[];
  /** Folders that the system does not list, and links that lead nowhere. Sorted. */
  readonly unreadable: Unreadable[];
  /** How many files of each kind that `conv1d` does not read there are, by extension in small letters; without hidden files. */
  readonly otherKinds: ReadonlyMap<string, number>;
}

/**
 * Finds the files below a folder that match a pattern. Follows links, except one that leads back to a folder above it.
 */
export async function walk(folder: string, options: WalkOptions): Promise<Walk> {
  const notes = new Notes(folder, options);
  const { pattern, caseSensitiveMatch } = options;
  // The glob passes over in silence what it cannot read, so its file system takes notes.
  const fs = { readdir: notes.readdir, realpath: notes.realpath, stat: notes.stat } as unknown as FileSystemAdapter;
  const names = await glob(pattern, { cwd: folder, caseSensitiveMatch, expandDirectories: false, fs });
  const files: string[] = [];
  const unreadable = [...notes.folders];
  for (const name of names.sort()) {
    const path = join(folder, name);
    const reason = notes.links.get(resolve(path));
    if (reason !== undefined) unreadable.push({ path, reason });
    else files.push(path);
  }
  unreadable.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, unreadable, otherKinds: notes.kinds };
}

type Done<T> = (error: unknown, value?: T) => void;

/** The three calls of the file system that the glob makes, and what they met. */
class Notes {
  readonly folders: Unreadable[] = [];
  /** Links that lead nowhere, by their absolute paths. */
  readonly links = new Map<string, string>();
  readonly kinds = new Map<string, number>();
  readonly #folder: string;
  readonly #isOutput: (real: string) => boolean;
  readonly #read: readonly string[];
  /** The link that led to a real path. */
  readonly #ways = new Map<string, string>();
  /** The real paths of a folder and of those above it, up to where the walk began. */
  readonly #chains = new Map<string, Promise<readonly string[]>>();

  constructor(folder: string, { isOutput, extensions }: WalkOptions) {
    this.#folder = folder;
    this.#isOutput = isOutput;
    this.#read = extensions.map((extension) => `.${extension}`);
  }

  readonly readdir = (path: string, _: unknown, done: Done<Dirent[]>): void => answer(this.#list(resolve(path)), done);
  readonly realpath = (path: string, done: Done<string>): void => answer(this.#follow(resolve(path)), done);
  /** Of what `realpath` gave: a link that leads nowhere stands for the file it should lead to. */
  readonly stat = (path: string, done: Done<Stats>): void =>
    answer(
      stat(path).catch(() => lstat(path)),
      done,
    );

  async #list(path: string): Promise<Dirent[]> {
    try {
      const real = await realpath(path);
      if (this.#isOutput(real)) return [];
      const entries = await readdir(path, { withFileTypes: true });
      const inputs: Dirent[] = [];
      for (const entry of entries) {
        if (entry.isFile()) {
          if (this.#isOutput(join(real, entry.name))) continue;
          this.#count(entry.name);
        }
        inputs.push(entry);
      }
      return inputs;
    } catch (error) {
      const shown = join(this.#folder, relative(resolve(this.#folder), this.#ways.get(path) ?? path));
      this.folders.push({ path: shown, reason: await explainUnreadable(shown, error) });
      return [];
    }
  }

  async #follow(path: string): Promise<string> {
    let real: string;
    let stats: Stats;
    try {
      real = await realpath(path);
      stats = await stat(real);
    } catch (error) {
      const target = await readlink(path).catch(() => path);
      if (this.#isOutput(await realPlace(resolve(dirname(path), target)))) throw error;
      this.links.set(path, await explainUnreadable(path, error));
      this.#count(path);
      return path;
    }
    if (this.#isOutput(real)) throw new Error('an output');
    if (!stats.isDirectory()) {
      this.#count(path);
    } else {
      const above = await this.#chain(dirname(path));
      if (above.some((folder) => isWithin(folder, real))) throw new Error('a link in a circle');
      this.#ways.set(real, path);
    }
    return real;
  }

  #chain(path: string): Promise<readonly string[]> {
    const known = this.#chains.get(path);
    if (known !== undefined) return known;
    const isTop = path === resolve(this.#folder) || path === dirname(path);
    const chain = Promise.all([realpath(path), isTop ? [] : this.#chain(dirname(path))]).then(([own, above]) => [
      own,
      ...above,
    ]);
    this.#chains.set(path, chain);
    return chain;
  }

  #count(path: string): void {
    const name = basename(path);
    const kind = extname(name).toLowerCase();
    if (name.startsWith('.') || name === MANIFEST_NAME || this.#read.includes(kind)) return;
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
  }
}

function answer<T>(result: Promise<T>, done: Done<T>): void {
  result.then((value) => done(null, value), done);
}
