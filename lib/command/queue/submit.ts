import { access, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { isOfTheSystem } from '../../check/caught.ts';
import { isPlainObject } from '../../check/unknownOption.ts';
import type { FileResult } from '../batch/convolveFile.ts';
import { explainUnreadable } from '../batch/unreadable.ts';
import { QUEUE_NAME, type QueueConnection } from './connection.ts';
import { type FileJob, type JobLayer, jobId, readFileJob, readFileResult, workOf } from './fileJob.ts';
import { explainRefusal, orReason } from './refusal.ts';
import type { WorkResult } from './work.ts';

/** An input and what it becomes. */
export type QueuedFile = Pick<FileJob, 'input' | 'output' | 'format' | 'picture' | 'mono' | 'truncated'>;

export interface SubmitOptions {
  /** How often workers try a file before it is a dead letter. */
  readonly attempts: number;
  /** Milliseconds before the second try; each further pause is twice as long. */
  readonly backoff: number;
  /** Files of this submitter in the queue at once, unless it is detached: bounds the memory here and in Redis. */
  readonly window: number;
  /** Whether to return when everything is in the queue, in place of when everything is done. */
  readonly detach: boolean;
  /** Milliseconds without news after which it puts files that the server has forgotten in once more. */
  readonly resubmitAfter: number;
  /** Milliseconds without news after which it looks whether anybody works, and again after the same time. */
  readonly unattendedAfter: number;
  /** Takes no more files and waits no longer; what is in the queue stays there. */
  readonly signal: AbortSignal;
}

/** What the submitter learns. */
export interface SubmitEvents {
  done(file: QueuedFile, result: FileResult): void;
  /** It was done already when it was submitted. */
  doneBefore(file: QueuedFile): void;
  failed(file: QueuedFile, reason: string): void;
  /** Files wait, and no worker is connected. Called once. */
  unattended(): void;
}

/** Files put into the queue at once. */
const BATCH = 500;
/** Finished jobs that the server remembers: no worker runs a file again that is among them. */
const REMEMBERED = 100_000;
/** Milliseconds between two looks at what has become of the files; ten more for every hundred of them. */
const LOOK_INTERVAL = 200;

/**
 * Puts files into a queue and follows them until each is done or a dead letter. It only follows
 * those which are in it already, does not run again those done already, and tries again those which failed earlier. Done is an
 * output that these weights and these parameters made last, of this input, and that is there in full; a job for the same output
 * that waits for an earlier command becomes this one's.
 *
 * It looks at the server's own sets and relies on no message: one that is lost is no file lost.
 *
 * @returns how many are still in the queue: 0, unless detached or aborted
 * @throws Error ERR_CONV1D_QUEUE  when the server refuses
 */
export async function submit(
  connection: QueueConnection,
  files: Iterable<QueuedFile> | AsyncIterable<QueuedFile>,
  layer: JobLayer,
  options: SubmitOptions,
  events: SubmitEvents,
): Promise<number> {
  const queue: Queue<FileJob> = new connection.packages.bullmq.Queue(QUEUE_NAME, { connection: connection.redis });
  queue.on('error', () => {}); // Told by whoever holds the connection.
  try {
    return await orReason(
      connection.address.shown,
      new Submission(connection, queue, layer, options, events).run(files),
    );
  } finally {
    await queue.close();
  }
}

interface Entry {
  readonly file: QueuedFile;
  readonly job: FileJob;
  /** {@link workOf} the job. */
  readonly work: string;
}

/** A job was given to somebody else's command while this one followed it. */
const SUPERSEDED =
  'another command has asked for the same output since, with another input, weights or parameters; run one after the other, or give each its own --out';
const OTHER_VERSION = 'the worker was one of another version of conv1d; use the same version everywhere';

class Submission {
  readonly #pending = new Map<string, Entry>();
  readonly #connection: QueueConnection;
  readonly #queue: Queue<FileJob>;
  readonly #layer: JobLayer;
  readonly #options: SubmitOptions;
  readonly #events: SubmitEvents;
  /** Files in the queue, followed or not. */
  #left = 0;
  #news = Date.now();
  #lookedForWorkers = 0;
  #toldUnattended = false;

  constructor(
    connection: QueueConnection,
    queue: Queue<FileJob>,
    layer: JobLayer,
    options: SubmitOptions,
    events: SubmitEvents,
  ) {
    this.#connection = connection;
    this.#queue = queue;
    this.#layer = layer;
    this.#options = options;
    this.#events = events;
  }

  async run(files: Iterable<QueuedFile> | AsyncIterable<QueuedFile>): Promise<number> {
    const { signal, detach, window } = this.#options;
    const size = detach ? BATCH : Math.min(BATCH, window);
    for await (const batch of batches(files, size)) {
      while (!detach && !signal.aborted && this.#pending.size > window - size) await this.#follow();
      if (signal.aborted) break;
      await this.#put(batch);
    }
    while (!detach && !signal.aborted && this.#pending.size > 0) await this.#follow();
    return this.#left;
  }

  async #put(files: readonly QueuedFile[]): Promise<void> {
    const entries = new Map<string, Entry>();
    for (const file of files) {
      let job: FileJob;
      try {
        const { size, mtimeMs } = await stat(file.input);
        job = { ...file, layer: this.#layer, identity: { size, modified: mtimeMs } };
      } catch (error) {
        if (!isOfTheSystem(error)) throw error;
        this.#events.failed(file, await explainUnreadable(file.input, error));
        continue;
      }
      entries.set(jobId(job), { file, job, work: workOf(job) });
    }

    const ids = [...entries.keys()];
    const [completed, failed] = await Promise.all([this.#among('completed', ids), this.#among('failed', ids)]);
    const results = await this.#read(completed, 'returnvalue');
    for (const [i, id] of completed.entries()) {
      const entry = entries.get(id)!;
      if (await isDone(entry, results[i])) {
        entries.delete(id);
        this.#events.doneBefore(entry.file);
      } else {
        await this.#again(id, entry.job, 'completed');
      }
    }
    for (const id of failed) await this.#again(id, entries.get(id)!.job, 'failed');
    const ended = new Set([...completed, ...failed]);
    await this.#renew(new Map([...entries].filter(([id]) => !ended.has(id))));

    await this.#add(entries);
    for (const [id, entry] of entries) {
      if (!this.#options.detach) this.#pending.set(id, entry);
    }
    this.#left += entries.size;
  }

  /** A job that is in the queue already stays as it is. */
  async #add(entries: ReadonlyMap<string, Entry>): Promise<void> {
    const { attempts, backoff } = this.#options;
    await this.#queue.addBulk(
      [...entries].map(([id, { job }]) => ({
        name: 'convolve',
        data: job,
        opts: {
          jobId: id,
          attempts,
          backoff: { type: 'exponential', delay: backoff },
          removeOnComplete: { count: REMEMBERED },
          stackTraceLimit: 0,
        },
      })),
    );
  }

  /** Jobs that wait or run for another command, with other weights or parameters, become those of this one. */
  async #renew(entries: ReadonlyMap<string, Entry>): Promise<void> {
    const known = await this.#read([...entries.keys()], 'data');
    for (const [i, [id, { job, work }]] of [...entries].entries()) {
      if (known[i] === undefined || workOfData(known[i]) === work) continue;
      await this.#attempt(async () => (await this.#queue.getJob(id))?.updateData(job));
    }
  }

  async #again(id: string, data: FileJob, state: 'completed' | 'failed'): Promise<void> {
    await this.#attempt(async () => {
      const job = await this.#queue.getJob(id);
      await job?.updateData(data); // The weights may lie elsewhere now.
      await job?.retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true });
    });
  }

  /** Another submitter or a worker may be faster; following the job shows what became of it. */
  async #attempt(change: () => Promise<unknown>): Promise<void> {
    try {
      await change();
    } catch (error) {
      if (explainRefusal(error) !== undefined) throw error;
    }
  }

  /** Waits a little, then reports the files that have come to an end. */
  async #follow(): Promise<void> {
    const { signal } = this.#options;
    await sleep(LOOK_INTERVAL + this.#pending.size / 10, undefined, { signal }).catch(() => {});
    const ids = [...this.#pending.keys()];
    for (let from = 0; from < ids.length && !signal.aborted; from += BATCH) {
      const some = ids.slice(from, from + BATCH);
      const [completed, failed] = await Promise.all([this.#among('completed', some), this.#among('failed', some)]);
      const jobs = await Promise.all([...completed, ...failed].map((id) => this.#queue.getJob(id)));
      for (const [i, id] of [...completed, ...failed].entries()) {
        await this.#see(id, i < completed.length ? 'completed' : 'failed', jobs[i]);
      }
    }
    await this.#lookForWorkers();
    if (Date.now() - this.#news > this.#options.resubmitAfter) await this.#putForgotten();
  }

  /** Tells of a job that has come to an end, unless it ended for an earlier command and is still to be run for this one. */
  async #see(id: string, state: 'completed' | 'failed', job: Job<FileJob> | undefined): Promise<void> {
    const { work, job: own } = this.#pending.get(id)!;
    const result: unknown = job?.returnvalue;
    const asked = state === 'completed' ? textIn(result, 'asked') : undefined;
    const isOurs = job === undefined || workOfData(job.data) === work;
    if (asked === work || (state === 'failed' && isOurs)) {
      const file = this.#end(id);
      if (state === 'completed') this.#events.done(file, readFileResult(file, result));
      else this.#events.failed(file, job?.failedReason ?? 'unknown');
    } else if (isOurs && asked !== undefined) {
      this.#news = Date.now();
      await this.#again(id, own, state);
    } else {
      this.#events.failed(this.#end(id), isOurs ? OTHER_VERSION : SUPERSEDED);
    }
  }

  async #lookForWorkers(): Promise<void> {
    const { unattendedAfter, signal } = this.#options;
    const since = Math.max(this.#news, this.#lookedForWorkers);
    if (this.#toldUnattended || signal.aborted || this.#pending.size === 0 || Date.now() - since < unattendedAfter)
      return;
    this.#lookedForWorkers = Date.now();
    // A server that does not list its clients does not show that there are none.
    const workers = await this.#queue.getWorkersCount().catch(() => undefined);
    if (workers !== 0) return;
    this.#toldUnattended = true;
    this.#events.unattended();
  }

  #end(id: string): QueuedFile {
    const { file } = this.#pending.get(id)!;
    this.#pending.delete(id);
    this.#left--;
    this.#news = Date.now();
    return file;
  }

  /** A server that came back without its memory has lost the jobs; their names are known here. */
  async #putForgotten(): Promise<void> {
    this.#news = Date.now();
    // For those it remembers, this changes nothing.
    const entries = [...this.#pending];
    for (let from = 0; from < entries.length; from += BATCH)
      await this.#add(new Map(entries.slice(from, from + BATCH)));
  }

  /** A property of each job, parsed; undefined where there is none. One round trip for all of them. */
  async #read(ids: readonly string[], property: 'data' | 'returnvalue'): Promise<unknown[]> {
    if (ids.length === 0) return [];
    const pipeline = this.#connection.redis.pipeline();
    for (const id of ids) pipeline.hget(this.#queue.toKey(id), property);
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, text]) => {
      if (error !== null) throw error;
      return typeof text === 'string' ? parse(text) : undefined;
    });
  }

  /** Which of the jobs are in a set of finished ones: one round trip for all of them. */
  async #among(state: 'completed' | 'failed', ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const scores = await this.#connection.redis.zmscore(this.#queue.toKey(state), ...ids);
    return ids.filter((_, i) => scores[i] !== null);
  }
}

/** Whether a finished job made what is wanted, and that is still there. */
async function isDone({ job: { output, picture }, work }: Entry, result: unknown): Promise<boolean> {
  if (textIn(result, 'made') !== work) return false;
  const stats = await stat(output).catch(() => undefined);
  const { outputBytes } = readFileResult({ input: '', output }, result);
  return stats?.size === outputBytes && (picture === null || (await exists(picture)));
}

/** {@link workOf} the data of a job; undefined when it is none of this version. */
function workOfData(data: unknown): string | undefined {
  try {
    return workOf(readFileJob(data));
  } catch {
    return undefined;
  }
}

function textIn(result: unknown, name: keyof WorkResult & ('asked' | 'made')): string | undefined {
  if (!isPlainObject(result)) return undefined;
  const text = result[name];
  return typeof text === 'string' ? text : undefined;
}

async function* batches<T>(items: Iterable<T> | AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** JSON; null, which is no job and no result, for what is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
