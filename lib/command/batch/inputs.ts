import { stat } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { convertPathToPattern, glob, isDynamicPattern } from 'tinyglobby';

/** A file to convolve. */
export interface Input {
  readonly path: string;
  /** The folder below which the output keeps the input's own folders. */
  readonly base: string;
}

/** How to find inputs. */
export interface FindOptions {
  /** Where the results go: the search leaves it out, when it lies in a directory of inputs. */
  readonly out: string;
  /** The folder below which the output keeps folders, in place of each input's own. */
  readonly base: string | undefined;
  /** The names that the input `-` stands for. */
  readonly list: AsyncIterable<string>;
}

/** What the inputs of a command line are, and those among them that are none. */
export interface FoundInputs {
  readonly inputs: Input[];
  readonly refused: { readonly path: string; readonly reason: string }[];
}

const WALK = '**/*.{wav,npy}';

/**
 * Turns the inputs of a command line into files:
 *
 *     a/x.wav      itself, written as x
 *     a            all .wav and .npy files below the directory, a/b/x.wav as b/x; hidden ones are left out
 *     'a/**\/x*'   what the pattern matches; folders are kept from the first that is a pattern on
 *     -            the files of the list, each like a file of the command line
 *
 * It holds names only, however many there are. What a directory or a pattern yields is in the order of its names.
 */
export async function findInputs(args: readonly string[], options: FindOptions): Promise<FoundInputs> {
  const inputs: Input[] = [];
  const refused: FoundInputs['refused'] = [];
  const add = (path: string, base: string) => inputs.push({ path, base: options.base ?? base });
  for (const arg of args) {
    if (arg === '-') {
      for await (const path of options.list) add(path, dirname(path));
      continue;
    }
    const stats = await stat(arg).catch(() => undefined);
    const pattern = stats === undefined ? await splitPattern(arg) : undefined;
    if (stats?.isDirectory()) {
      const names = await find(WALK, arg, options.out, false);
      for (const name of names) add(join(arg, name), arg);
      if (names.length === 0) refused.push({ path: arg, reason: 'this directory has no .wav or .npy files' });
    } else if (pattern !== undefined) {
      const names = await find(pattern.pattern, pattern.folder, options.out, true);
      for (const name of names) add(join(pattern.folder, name), pattern.folder);
      if (names.length === 0) refused.push({ path: arg, reason: 'no such file, and as a pattern it matches none' });
    } else {
      add(arg, dirname(arg));
    }
  }
  return { inputs, refused };
}

/**
 * The path of an input's output below the output folder, without an extension; undefined when the input does not lie below its base.
 */
export function outputName({ path, base }: Input): string | undefined {
  const name = relative(base, path);
  if (name === '' || name.startsWith(`..${sep}`) || resolve(name) === name) return undefined;
  return name.slice(0, name.length - extname(name).length);
}

/**
 * `a/b/*.wav` as the folder `a/b` and the pattern `*.wav`; undefined for a path without anything to match. A folder that
 * exists goes by its name, `rec (1)` too. On Windows, `\` stands between folders as well, and never for itself.
 */
async function splitPattern(path: string): Promise<{ folder: string; pattern: string } | undefined> {
  const parts = path.replaceAll(sep, '/').split('/');
  const upTo = (end: number) => parts.slice(0, end).join('/');
  let first = 0;
  while (first < parts.length - 1 && (!isDynamicPattern(parts[first]!) || (await isFolder(upTo(first + 1))))) first++;
  const pattern = parts.slice(first).join('/');
  if (!isDynamicPattern(pattern)) return undefined;
  return { folder: dirname([...parts.slice(0, first), '*'].join('/')), pattern };
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

/** The files below a folder that match, sorted. */
async function find(pattern: string, folder: string, out: string, caseSensitiveMatch: boolean): Promise<string[]> {
  const inside = relative(folder, out);
  const ignore = inside === '' || inside.startsWith('..') ? [] : [`${convertPathToPattern(inside)}/**`];
  const names = await glob(pattern, { cwd: folder, ignore, caseSensitiveMatch, expandDirectories: false });
  return names.sort();
}
