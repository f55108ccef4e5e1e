import { hostname } from 'node:os';
import { dirname } from 'node:path';
import type { Job } from 'bullmq';
import { codeOf, isOfTheSystem, isOwnRefusal } from '../../check/caught.ts';
import { environmentError } from '../../check/errors.ts';
import { removeLeftovers } from '../../io/temporary.ts';
import { convolveFile, type FileResult } from '../batch/convolveFile.ts';
import { explain } from '../explain.ts';
import { QUEUE_NAME, type QueueConnection, withinPatience } from './connection.ts';
import { readFileJob, workOf } from './fileJob.ts';
import { LayerCache } from './layerCache.ts';
import { queueError, tryWriting } from './refusal.ts';
import { sitOut } from './sitOut.ts';

/** How a worker works. Every figure is a whole number, 1 or more. */
export interface WorkOptions {
  /** Files in hand at once. */
  readonly concurrency: number;
  /** Milliseconds after which a file whose worker gives no sign of life is free for another. A living one renews every half of it. */
  readonly lockDuration: number;
  /** Milliseconds between two looks for such files. */
  readonly stalledInterval: number;
  /** How often a file may lose its worker; once more, and it is a dead letter: it may be what kills them. */
  readonly takeovers: number;
  /** Whether to end when nothing is left in the queue. */
  readonly untilEmpty: boolean;
}

/** What a worker gives back for a file. */
export interface WorkResult extends FileResult {
  /** What it was asked to make: {@link workOf} its job. */
  readonly asked: string;
  /** The same with the input as it was when it was read. */
  readonly made: string;
}

/** What a worker reports of its work. */
export interface WorkEvents {
  done(result: FileResult): void;
  /** `retries`: whether a worker will try the file again. */
  failed(input: string, reason: string, retries: boolean): void;
  /** A file of another worker is back in the queue. */
  takenOver(): void;
  trouble(sentence: string): void;
}

/** A worker at work. */
export interface Working {
  /** Takes no more files, finishes those in hand, and settles `ended`. */
  stop(): void;
  /** Settles when the worker has stopped and holds no connection any more. */
  readonly ended: Promise<void>;
}

/** How often a worker looks whether the queue is empty, in milliseconds. */
const EMPTY_INTERVAL = 500;

/**
 * Takes files out of a queue and convolves them, until it is stopped.
 *
 * A server that refuses writes meanwhile is waited for, see {@link sitOut}.
 *
 * @throws Error ERR_CONV1D_QUEUE  when the server goes away or refuses before the worker could begin
 */
export async function work(connection: QueueConnection, options: WorkOptions, events: WorkEvents): Promise<Working> {
  const { redis } = connection;
  const { Worker, UnrecoverableError } = connection.packages.bullmq;
  const layers = new LayerCache();

  const cleaned = new Map<string, Promise<void>>();

  /** Removes what killed workers have left, once for each folder and before anything is written there. */
  function clean(folder: string): Promise<void> {
    const done = cleaned.get(folder) ?? removeLeftovers(folder);
    cleaned.set(folder, done);
    return done;
  }

  async function take(job: Job<unknown>): Promise<WorkResult> {
    let result: WorkResult;
    try {
      const given = readFileJob(job.data);
      const { input, output, format, picture, mono = false, truncated = false, layer } = given;
      const drawn = picture === null ? {} : { picture };
      await clean(dirname(output));
      const file = await convolveFile(await layers.get(layer), input, output, { format, mono, truncated, ...drawn });
      const identity = { size: file.inputBytes, modified: file.inputModified };
      result = { ...file, asked: workOf(given), made: workOf({ ...given, identity }) };
    } catch (error) {
      const reason = explain(error);
      if (isDeterministic(error)) throw new UnrecoverableError(reason);
      throw new Error(reason);
    }
    events.done(result);
    return result;
  }

  const worker = new Worker<unknown>(QUEUE_NAME, take, {
    connection: redis,
    name: `${hostname()}-${process.pid}`,
    concurrency: options.concurrency,
    lockDuration: options.lockDuration,
    stalledInterval: options.stalledInterval,
    maxStalledCount: options.takeovers,
    autorun: false,
  });
  worker.on('failed', (job, error) => {
    const { attemptsMade = 0, opts } = job ?? {};
    const retries = error.name !== 'UnrecoverableError' && attemptsMade < (opts?.attempts ?? 1);
    events.failed(inputOf(job), error.message, retries);
  });
  worker.on('stalled', () => events.takenOver());
  const stopping = new AbortController();
  const isRefusal = sitOut(worker, connection, (sentence) => events.trouble(sentence), stopping.signal);
  worker.on('error', (error) => {
    if (isRefusal(error)) return;
    // Whoever holds a connection reports its loss; BullMQ repeats it for every command.
    if (!('code' in error) && !/^Connection is closed/.test(error.message)) events.trouble(error.message);
  });

  try {
    await withinPatience(worker.waitUntilReady());
    await withinPatience(tryWriting(redis));
  } catch (error) {
    // BullMQ's own connection was cut while it was made: it would wait for ever, and take no file.
    await worker.close(true);
    const refusal = queueError(connection.address.shown, error);
    if (refusal !== error) throw refusal;
    throw environmentError('ERR_CONV1D_QUEUE', `cannot use the queue at ${connection.address.shown}: it hung up`);
  }
  const running = worker.run();

  let stop = (): void => {};
  const stopped = new Promise<void>((resolve, reject) => {
    stop = () => {
      stopping.abort();
      resolve();
    };
    // It fulfils whenever the worker pauses: only stopping ends a healthy worker.
    running.catch(reject);
  });
  const watch = options.untilEmpty ? whenEmpty(connection, stop) : undefined;
  const ended = stopped.finally(async () => {
    await worker.close();
    await watch?.close();
  });
  return { stop, ended };
}

/** Calls `then` when no file waits, no try is left and no worker holds one. */
function whenEmpty({ packages, redis }: QueueConnection, then: () => void): { close(): Promise<void> } {
  const queue = new packages.bullmq.Queue(QUEUE_NAME, { connection: redis });
  queue.on('error', () => {}); // Told by whoever holds the connection.
  const timer = setInterval(() => {
    queue.getJobCountByTypes('waiting', 'delayed', 'active').then(
      (left) => {
        if (left === 0) then();
      },
      () => {}, // The next look may succeed.
    );
  }, EMPTY_INTERVAL);
  return {
    close: async () => {
      clearInterval(timer);
      await queue.close();
    },
  };
}

/** Refusals that another worker may not share. */
const OF_THIS_MACHINE: ReadonlySet<string> = new Set(['ERR_CONV1D_MEMORY', 'ERR_CONV1D_DEPENDENCY']);

/** Whether every worker would refuse the file for the same reason: what this library refuses, the file system aside. */
function isDeterministic(error: unknown): boolean {
  if (!isOwnRefusal(error) || OF_THIS_MACHINE.has(codeOf(error)!)) return false;
  return !isOfTheSystem((error as Error).cause);
}

/** The input of a job that may be of another make. */
function inputOf(job: Job<unknown> | undefined): string {
  const { data } = job ?? {};
  return typeof data === 'object' && data !== null && 'input' in data && typeof data.input === 'string'
    ? data.input
    : `job ${job?.id}`;
}
