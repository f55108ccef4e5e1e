import { type FileHandle, open } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isPlainObject } from '../../check/unknownOption.ts';
import type { Algorithm } from '../../convolution/algorithm.ts';
import { BESIDE, type FileCalls, statsOrNone } from '../../io/fileCalls.ts';
import { syncFile, writeWhole } from '../../io/files.ts';
import { sha256 } from '../../io/sha256.ts';
import { nameKey } from './nameKey.ts';

/** The name of the manifest in the output folder. */
export const MANIFEST_NAME = 'conv1d-manifest.jsonl';

/** What the manifest says about a file that is done. */
export interface ManifestRecord {
  /** Its path below the output folder. */
  readonly output: string;
  readonly outputBytes: number;
  readonly input: string;
  readonly inputBytes: number;
  /** When the input was last written to, in milliseconds since 1970. */
  readonly inputModified: number;
  /** Of the input's bytes. */
  readonly sha256: string;
  /** Of the recording, in Hz; null for arrays. Manifests of old have none. */
  readonly sampleRate?: number | null;
  /** Which algorithms the layer was allowed. Manifests of old have none: those runs had 'direct' alone. */
  readonly algorithm?: Algorithm;
  /** See `fingerprint`. */
  readonly layer: string;
}

/** Lines that may be lost when the power fails: the next run convolves their files again. */
const LINES_PER_SYNC = 256;
// In place of an output's size.
/** Announced, and not yet written. */
export const ANNOUNCED = -1;
const RETRACTED = -2;
const UNKNOWN = { input: '', inputBytes: -1, inputModified: -1, sha256: '', layer: '' };

const READ_BYTES = 2 ** 18;
const LINE_FEED = 0x0a;

/**
 * Which outputs are done, and from what: JSON, one line for each, appended once the output is on the disk. Of several lines for
 * an output, the last holds. A line that a killed process has left unfinished counts as not there. Memory holds
 * the place of each line in the file, not the line.
 */
export class Manifest {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #calls: FileCalls;
  /** Where the line of an output is, by the key of its name. */
  readonly #places: Map<number, Place>;
  #waiting: string[] = [];
  /** The write that the waiting lines go with, and the last one of all. */
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();
  #unsynced = 0;

  private constructor(handle: FileHandle, path: string, calls: FileCalls, places: Map<number, Place>) {
    this.#handle = handle;
    this.#path = path;
    this.#calls = calls;
    this.#places = places;
  }

  /** Opens the manifest of an output folder, which must be there; `read`: also learn what is done. `calls` append to it. */
  static async open(folder: string, read: boolean, calls = BESIDE): Promise<Manifest> {
    const path = join(folder, MANIFEST_NAME);
    const handle = await open(path, 'a+');
    try {
      const places = new Map<number, Place>();
      const endsInLine = await readLines(handle, (line, place) => {
        const record = read ? parseRecord(line) : undefined;
        if (record !== undefined) places.set(nameKey(record.output), place);
      });
      if (!endsInLine) await handle.appendFile('\n');
      return new Manifest(handle, path, calls, places);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The record of an output; undefined when it is not done. */
  async find(output: string): Promise<ManifestRecord | undefined> {
    const place = this.#places.get(nameKey(output));
    if (place === undefined) return undefined;
    const line = Buffer.alloc(place.length);
    await this.#calls.read(this.#handle.fd, line, place.position);
    const record = parseRecord(line);
    return record?.output === output ? record : undefined;
  }

  /** Appends a record. Those that come while others are written go together. */
  add(record: ManifestRecord): Promise<void> {
    this.#waiting.push(`${JSON.stringify(record)}\n`);
    this.#next ??= this.#last = this.#last.then(() => this.#write());
    return this.#next;
  }

  /**
   * Puts on the disk that these outputs may be written, for folders where they lie among inputs: one whose own line is lost with
   * the process is still no input. They do not count as done.
   */
  async announce(outputs: readonly string[]): Promise<void> {
    await Promise.all(outputs.map((output) => this.add({ output, ...UNKNOWN, outputBytes: ANNOUNCED })));
    await this.#handle.sync();
  }

  /** Takes back what was announced and not written: a file of that name is somebody else's. */
  async retract(outputs: readonly string[]): Promise<void> {
    await Promise.all(outputs.map((output) => this.add({ output, ...UNKNOWN, outputBytes: RETRACTED })));
  }

  /** Puts all on the disk. */
  async close(): Promise<void> {
    try {
      await syncFile(this.#handle);
    } finally {
      await this.#handle.close();
    }
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    this.#next = undefined;
    await writeWhole(this.#calls, this.#handle.fd, this.#path, [Buffer.from(lines.join(''))]);
    this.#unsynced += lines.length;
    if (this.#unsynced < LINES_PER_SYNC) return;
    this.#unsynced = 0;
    await syncFile(this.#handle);
  }
}

/** The outputs that the manifest of a folder lists, with / between folders; none where there is no manifest to be read. */
export async function readOutputs(folder: string): Promise<Set<string>> {
  const outputs = new Set<string>();
  const handle = await open(join(folder, MANIFEST_NAME), 'r').catch(() => undefined);
  if (handle === undefined) return outputs;
  try {
    await readLines(handle, (line) => {
      const record = parseRecord(line);
      if (record === undefined) return;
      const output = record.output.replaceAll(sep, '/');
      if (record.outputBytes === RETRACTED) outputs.delete(output);
      else outputs.add(output);
    });
  } catch {
    // Whoever opens it to write tells why it cannot be read.
  } finally {
    await handle.close();
  }
  return outputs;
}

/** A place in a file. */
type Place = { readonly position: number; readonly length: number };

/**
 * Whether an output is there as the record says, and its input and the layer are still those it was made from. It reads the
 * input only when its path or the time of its last write has changed.
 */
export async function isUpToDate(
  record: ManifestRecord,
  input: string,
  outputPath: string,
  layer: string,
  calls = BESIDE,
): Promise<boolean> {
  if (record.layer !== layer) return false;
  const [now, output] = await Promise.all([calls.stat(input), statsOrNone(outputPath, calls)]);
  // Whoever reads a missing input reports it.
  if (now === undefined || output?.size !== record.outputBytes || now.size !== record.inputBytes) return false;
  if (record.input === input && record.inputModified === now.mtimeMs) return true;
  return (await sha256(input)) === record.sha256;
}

/** Goes through the lines of a file. Gives back whether the last one is complete. */
async function readLines(handle: FileHandle, see: (line: Buffer, place: Place) => void): Promise<boolean> {
  const block = Buffer.alloc(READ_BYTES);
  let rest = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const { bytesRead } = await handle.read(block, 0, block.length, position + rest.length);
    if (bytesRead === 0) return rest.length === 0;
    const text = Buffer.concat([rest, block.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = text.indexOf(LINE_FEED); end !== -1; end = text.indexOf(LINE_FEED, start)) {
      see(text.subarray(start, end), { position: position + start, length: end - start });
      start = end + 1;
    }
    rest = text.subarray(start);
    position += start;
  }
}

/** A line as a record; undefined when it is torn, or of another version. */
function parseRecord(line: Buffer): ManifestRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString());
  } catch {
    return undefined;
  }
  if (!isPlainObject(value)) return undefined;
  const { output, outputBytes, input, inputBytes, inputModified, sha256, layer, sampleRate = null } = value;
  const texts = [output, input, sha256, layer].every((text) => typeof text === 'string');
  const numbers = [outputBytes, inputBytes, inputModified].every((number) => typeof number === 'number');
  const rate = sampleRate === null || typeof sampleRate === 'number';
  return texts && numbers && rate ? (value as unknown as ManifestRecord) : undefined;
}
