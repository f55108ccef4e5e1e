import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { type FileCalls, inPlaceWhileQuick, statsOrNone } from '../../io/fileCalls.ts';
import { syncFolder } from '../../io/files.ts';
import { makeFolder } from '../../io/folder.ts';
import { removeLeftovers } from '../../io/temporary.ts';
import { getNumThreads } from '../../native/runtime.ts';
import { convolveFile, type FileResult } from './convolveFile.ts';
import type { Engine } from './engine.ts';
import { failedWrite, isLasting } from './failedWrite.ts';
import { fingerprint } from './fingerprint.ts';
import { type Input, outputName } from './inputs.ts';
import { ANNOUNCED, isUpToDate, MANIFEST_NAME, Manifest, type ManifestRecord } from './manifest.ts';
import type { OutputFormat } from './outputFormat.ts';
import type { ReadOptions } from './signal.ts';
import { explainUnreadable } from './unreadable.ts';
import { Workspaces } from './workspace.ts';

/** How files are convolved. */
export interface BatchOptions extends ReadOptions {
  /** The folder for the results; made when it is missing. */
  readonly out: string;
  readonly format: OutputFormat;
  /** Whether each output gets a picture beside it. */
  readonly plot: boolean;
  /** Convolve one after the other, and each short input several times. Else many are under way. */
  readonly measure: boolean;
  /** Whether to keep a manifest in the folder. */
  readonly manifest: boolean;
  /** Whether outputs come to lie among the inputs, where the manifest has to know each before it is there. */
  readonly inPlace: boolean;
  /** Whether to leave out what the manifest says is done. */
  readonly resume: boolean;
  /** Whether to begin no further file after one that failed. */
  readonly strict: boolean;
  /** Once aborted, the run begins no further file and finishes those under way. */
  readonly stop: AbortSignal;
}

/** What became of an input. */
export type FileOutcome =
  | { readonly status: 'written'; readonly input: string; readonly output: string; readonly result: FileResult }
  | {
      readonly status: 'skipped';
      readonly input: string;
      readonly output: string;
      /** Of the recording, where it is known. */
      readonly sampleRate?: number | null;
    }
  | { readonly status: 'failed'; readonly input: string; readonly output: string; readonly error: unknown };

/** The most that inputs and features may take up at a time, as estimated; a file that takes more runs alone. */
const MAX_BYTES = 128 * 2 ** 20;
/** Files under way beyond one for each thread: the run reads and writes them while it convolves others. */
const AHEAD = 6;
const FILES_PER_TURN = 16;

/**
 * Convolves files, several at a time, and writes what they become. One that fails stops no other, but a full or read-only disk ends
 * the run: the error alone speaks of the files that it keeps from being written. Memory does not grow with the
 * number of inputs, beyond their names.
 *
 * Whenever the process ends, every output in the folder is complete; with a manifest, the next run with `resume` does the rest
 * and ends with the files that a run in one go would have written. The next run that comes
 * to a folder removes what a killed one has left half-written there.
 *
 * @param inputs  as `findInputs` gives them, without collisions
 * @param see     hears what became of each input, as it happens
 * @throws RangeError ERR_CONV1D_VALUE  when the manifest cannot be read or written, or no further output can be
 */
export async function runBatch(
  engine: Engine,
  inputs: readonly Input[],
  options: BatchOptions,
  see: (outcome: FileOutcome) => void,
): Promise<void> {
  const calls = inPlaceWhileQuick();
  const manifest = options.manifest ? await openManifest(options, calls) : undefined;
  const batch = new Batch(engine, options, calls, manifest, see);
  await batch.run(inputs);
}

async function openManifest({ out, resume }: BatchOptions, calls: FileCalls): Promise<Manifest> {
  try {
    await makeFolder(out);
    return await Manifest.open(out, resume, calls);
  } catch (error) {
    throw failedWrite(join(out, MANIFEST_NAME), error);
  }
}

/** One run over many files. */
class Batch {
  readonly #engine: Engine;
  readonly #fingerprint: string;
  readonly #options: BatchOptions;
  readonly #calls: FileCalls;
  readonly #manifest: Manifest | undefined;
  readonly #see: (outcome: FileOutcome) => void;
  readonly #limit: number;
  readonly #workspaces = new Workspaces();
  readonly #underWay = new Set<Promise<void>>();
  readonly #cleaned = new Map<string, Promise<void>>();
  /** Those that outputs were written into. */
  readonly #folders = new Set<string>();
  /** Outputs that may be written and are not yet, where they would lie among the inputs. */
  readonly #announced = new Set<string>();
  #bytes = 0;
  #failed = false;
  /** Why the run cannot go on. */
  #broken: unknown;

  constructor(
    engine: Engine,
    options: BatchOptions,
    calls: FileCalls,
    manifest: Manifest | undefined,
    see: (outcome: FileOutcome) => void,
  ) {
    this.#engine = engine;
    const { format, plot, mono, truncated } = options;
    // Undefined where they are off, so that a manifest from before them holds.
    this.#fingerprint = fingerprint(engine, {
      format,
      plot,
      mono: mono || undefined,
      truncated: truncated || undefined,
    });
    this.#options = options;
    this.#calls = calls;
    this.#manifest = manifest;
    this.#see = see;
    this.#limit = options.measure ? 1 : getNumThreads() + AHEAD;
  }

  async run(inputs: readonly Input[]): Promise<void> {
    if (this.#options.inPlace) await this.#write(this.#manifestPath, () => this.#announce(inputs));
    for (const [i, input] of inputs.entries()) {
      // Files that are done, or fail at once, take no turn of the event loop, in which signals come.
      if (i % FILES_PER_TURN === 0) await turn();
      // Whoever reads a missing file reports it.
      const stats = await statsOrNone(input.path, this.#calls);
      const bytes = this.#estimate(input.path, stats?.size ?? 0);
      while (this.#isFull(bytes)) await Promise.race(this.#underWay);
      if (this.#isOver()) break;
      this.#begin(input, stats, bytes);
    }
    await Promise.all(this.#underWay);
    // Once for each folder and not for each file: an output whose name is lost is not done, whatever the manifest says.
    for (const folder of this.#folders) await this.#write(folder, () => syncFolder(folder));
    await this.#write(this.#manifestPath, async () => this.#manifest?.retract([...this.#announced]));
    await this.#write(this.#manifestPath, async () => this.#manifest?.close());
    if (this.#broken !== undefined) throw this.#broken;
  }

  async #announce(inputs: readonly Input[]): Promise<void> {
    for (const input of inputs) {
      const output = `${outputName(input)}.${this.#options.format}`;
      const record = await this.#manifest?.find(output);
      // What is done stays done.
      if (record !== undefined && record.outputBytes >= 0) continue;
      // A file that no run has written or begun is somebody's own, perhaps an input.
      if (record?.outputBytes !== ANNOUNCED && (await exists(join(this.#options.out, output)))) continue;
      this.#announced.add(output);
    }
    await this.#manifest?.announce([...this.#announced]);
  }

  get #manifestPath(): string {
    return join(this.#options.out, MANIFEST_NAME);
  }

  /** A write for all files: when it fails, the run ends. Of several failures, the run reports the first. */
  async #write(path: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.#broken ??= failedWrite(path, error);
    }
  }

  #isOver(): boolean {
    return this.#options.stop.aborted || this.#broken !== undefined || (this.#failed && this.#options.strict);
  }

  #isFull(bytes: number): boolean {
    if (this.#underWay.size === 0) return false;
    return this.#underWay.size >= this.#limit || this.#bytes + bytes > MAX_BYTES;
  }

  #begin(input: Input, stats: Stats | undefined, bytes: number): void {
    this.#bytes += bytes;
    const work = this.#convolve(input, stats)
      .catch((error: unknown) => {
        this.#broken ??= error;
      })
      .finally(() => {
        this.#bytes -= bytes;
        this.#underWay.delete(work);
      });
    this.#underWay.add(work);
  }

  async #convolve({ path: input, base }: Input, stats: Stats | undefined): Promise<void> {
    const { out, format, plot, measure, mono = false, truncated = false } = this.#options;
    const name = outputName({ path: input, base })!;
    const outputBelow = `${name}.${format}`;
    const output = join(out, outputBelow);
    const more = { ...(plot ? { picture: join(out, `${name}.png`) } : {}), ...(stats ? { stats } : {}) };
    const workspace = this.#workspaces.take();
    let result: FileResult;
    try {
      await this.#clean(dirname(output));
      const done = await this.#findDone(input, outputBelow, output);
      if (done !== undefined) {
        this.#see({ status: 'skipped', input, output, sampleRate: done.sampleRate ?? null });
        return;
      }
      const hash = this.#manifest !== undefined;
      const settings = {
        format,
        measure,
        hash,
        mono,
        truncated,
        syncFolder: false,
        workspace,
        calls: this.#calls,
        ...more,
      };
      result = await convolveFile(this.#engine, input, output, settings);
    } catch (error) {
      if (isLasting(error)) {
        this.#broken ??= error;
        return;
      }
      this.#failed = true;
      const { code } = error as NodeJS.ErrnoException;
      this.#see({
        status: 'failed',
        input,
        output,
        error: code === 'ENOENT' ? await explainUnreadable(input, error) : error,
      });
      return;
    } finally {
      this.#workspaces.give(workspace);
    }
    this.#announced.delete(outputBelow);
    this.#folders.add(dirname(output));
    const { outputBytes, inputBytes, inputModified, sha256, sampleRate } = result;
    const record: ManifestRecord = {
      output: outputBelow,
      outputBytes,
      input,
      inputBytes,
      inputModified,
      sha256: sha256!,
      sampleRate,
      algorithm: this.#engine.algorithm,
      layer: this.#fingerprint,
    };
    await this.#write(this.#manifestPath, async () => this.#manifest?.add(record));
    // Written, whether or not the manifest could take note of it.
    this.#see({ status: 'written', input, output, result });
  }

  /** What the manifest says about an output that need not be written again. */
  async #findDone(input: string, outputBelow: string, output: string): Promise<ManifestRecord | undefined> {
    if (!this.#options.resume) return undefined;
    const record = await this.#manifest?.find(outputBelow);
    return record !== undefined && (await isUpToDate(record, input, output, this.#fingerprint, this.#calls))
      ? record
      : undefined;
  }

  /** Once for each folder, and before anything is written there. */
  #clean(folder: string): Promise<void> {
    const cleaned = this.#cleaned.get(folder) ?? removeLeftovers(folder);
    this.#cleaned.set(folder, cleaned);
    return cleaned;
  }

  /** About how many bytes a file takes while it is under way: its own, as samples, the copy that is computed, and the features. */
  #estimate(path: string, bytes: number): number {
    const { dtype, growth } = this.#engine;
    // Most recordings have two bytes per sample.
    const samples = extname(path).toLowerCase() === '.wav' ? bytes / 2 : bytes / 4;
    const features = samples * growth;
    const copies = this.#options.format === 'arrow' ? 3 : 1;
    return bytes + (2 * samples + copies * features) * (dtype === 'float32' ? 4 : 8);
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
