import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve, sep } from 'node:path';
import { isDynamicPattern } from 'tinyglobby';
import { isOfTheSystem } from '../../check/caught.ts';
import { explainFile, UNREADABLE_LETTER } from '../explain.ts';
import { extensionsFor } from './extensions.ts';
import { Outputs } from './outputs.ts';
import { realPlace } from './places.ts';
import { type Unreadable, type Walk, walk } from './walk.ts';

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
  /** What files in directories are read, without the dot. Default: those of signals. */
  readonly extensions?: readonly string[];
  /** The names that the input `-` stands for. */
  readonly list: AsyncIterable<string>;
}

/** What the inputs of a command line are, and those among them that are none. */
export interface FoundInputs {
  readonly inputs: Input[];
  readonly refused: Unreadable[];
  /** Files in directories that are of kinds which are not read: how many, by extension in small letters. */
  readonly otherKinds: ReadonlyMap<string, number>;
  /** Whether outputs come to lie beside inputs, where only a manifest tells them apart. */
  readonly inPlace: boolean;
}

/**
 * Turns the inputs of a command line into files:
 *
 *     a/x.wav      itself, written as x
 *     a            all files of the kinds that are read below the directory, a/b/x.wav as b/x; hidden ones are left out
 *     'a/**\/x*'   what the pattern matches; folders are kept from the first that is a pattern on
 *     -            the files of the list, each like a file of the command line
 *
 * What lies in the output folder is no input of a directory, of a pattern or of a `base` around it. Only names are held, however many
 * there are. What a directory or a pattern yields is in the order of its names.
 *
 * @throws RangeError ERR_CONV1D_FORMAT  when the list cannot be read
 */
export async function findInputs(args: readonly string[], options: FindOptions): Promise<FoundInputs> {
  const search = new Search(options, await Outputs.in(options.out));
  for (const arg of args) await search.add(arg);
  return search;
}

/** The inputs of one command line. */
class Search implements FoundInputs {
  readonly inputs: Input[] = [];
  readonly refused: Unreadable[] = [];
  readonly otherKinds = new Map<string, number>();
  inPlace = false;
  readonly #options: FindOptions;
  readonly #outputs: Outputs;
  #isListed = false;
  /** The real paths of the folders that files were named in. */
  readonly #places = new Map<string, Promise<string>>();
  /** What is an output, and no input below `base`. */
  #isOutput: Promise<(real: string) => boolean> | undefined;

  constructor(options: FindOptions, outputs: Outputs) {
    this.#options = options;
    this.#outputs = outputs;
  }

  get #extensions(): readonly string[] {
    return this.#options.extensions ?? extensionsFor(undefined);
  }

  async add(arg: string): Promise<void> {
    if (arg === '-') return this.#addList();
    const stats = await stat(arg).catch(() => undefined);
    if (stats?.isDirectory()) return this.#addFolder(arg);
    const pattern = stats === undefined ? await splitPattern(arg) : undefined;
    if (pattern !== undefined) return this.#addPattern(arg, pattern);
    return this.#addFile(arg);
  }

  /** Its names are there once: a second `-` has nothing more to give. */
  async #addList(): Promise<void> {
    if (this.#isListed) return;
    this.#isListed = true;
    let names = 0;
    for await (const path of this.#options.list) {
      names++;
      await this.#addFile(path);
    }
    if (names === 0) this.refused.push({ path: '-', reason: 'the list on stdin is empty; give it a file name a line' });
  }

  async #addFile(path: string): Promise<void> {
    const { base } = this.#options;
    if (base !== undefined && (await this.#isOutputBelow(base, path))) return;
    // Two such names may look the same, and are two failures.
    const error = path.includes(UNREADABLE_LETTER) ? await stat(path).catch((error: unknown) => error) : undefined;
    if (isOfTheSystem(error)) this.refused.push({ path, reason: explainFile(path, error) });
    else this.inputs.push({ path, base: base ?? dirname(path) });
  }

  async #isOutputBelow(base: string, path: string): Promise<boolean> {
    const folder = dirname(path);
    const place = this.#places.get(folder) ?? realPlace(folder);
    this.#places.set(folder, place);
    this.#isOutput ??= this.#outputs.below(base);
    return (await this.#isOutput)(join(await place, basename(path)));
  }

  async #addFolder(folder: string): Promise<void> {
    const extensions = this.#extensions;
    const [alone] = extensions.length === 1 ? extensions : [`{${extensions.join(',')}}`];
    const found = await this.#walk(folder, `**/*.${alone}`, false);
    for (const [kind, count] of found.otherKinds) this.otherKinds.set(kind, (this.otherKinds.get(kind) ?? 0) + count);
    if (found.files.length > 0 || found.unreadable.length > 0) return;
    const kinds = extensions.map((extension) => `.${extension}`).join(' or ');
    this.refused.push({ path: folder, reason: `this directory has no ${kinds} files` });
  }

  async #addPattern(arg: string, { folder, pattern }: Pattern): Promise<void> {
    const found = (await isFolder(folder)) ? await this.#walk(folder, pattern, true) : undefined;
    if (found !== undefined && (found.files.length > 0 || found.unreadable.length > 0)) return;
    this.refused.push({ path: arg, reason: 'no such file, and as a pattern it matches none' });
  }

  async #walk(folder: string, pattern: string, caseSensitiveMatch: boolean): Promise<Walk> {
    const isOutput = await this.#outputs.below(folder);
    const found = await walk(folder, { pattern, caseSensitiveMatch, isOutput, extensions: this.#extensions });
    const { base = folder } = this.#options;
    for (const path of found.files) {
      if (path.includes(UNREADABLE_LETTER)) await this.#addFile(path);
      else this.inputs.push({ path, base });
    }
    this.refused.push(...found.unreadable);
    this.inPlace ||= await this.#outputs.areIn(base);
    return found;
  }
}

/**
 * The path of an input's output below the output folder, without an extension; undefined when the input does not lie below its base.
 */
export function outputName({ path, base }: Input): string | undefined {
  const name = relative(base, path);
  if (name === '' || name.startsWith(`..${sep}`) || resolve(name) === name) return undefined;
  return name.slice(0, name.length - extname(name).length);
}

/** A folder, and what is matched below it. */
type Pattern = { readonly folder: string; readonly pattern: string };

/**
 * `a/b/*.wav` as the folder `a/b` and the pattern `*.wav`; undefined for a path without anything to match. A folder that
 * exists goes by its name, `rec (1)` too. On Windows, `\` stands between folders as well, and never for itself.
 */
async function splitPattern(path: string): Promise<Pattern | undefined> {
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
