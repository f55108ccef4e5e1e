import type { Job, Queue } from 'bullmq';
import { QUEUE_NAME, type QueueConnection } from './connection.ts';
import { explainRefusal, orReason } from './refusal.ts';

/** What is in a queue. */
export interface QueueStatus {
  readonly waiting: number;
  readonly active: number;
  /** Failed files that wait for their next try. */
  readonly retrying: number;
  /** Of the last 100,000. */
  readonly done: number;
  /** Files that have failed for good. */
  readonly failed: number;
  /** Workers that are connected, on all machines. */
  readonly workers: number;
  readonly deadLetters: readonly DeadLetter[];
}

/** A file that has failed for good. */
export interface DeadLetter {
  readonly id: string;
  readonly input: string | null;
  readonly reason: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** When it failed, as ISO 8601. */
  readonly failedAt: string;
}

/** Jobs read at once. */
const PAGE = 500;

/** Counts what is in the queue, and lists the newest dead letters, at most `listed` of them. */
export async function readStatus(connection: QueueConnection, listed: number): Promise<QueueStatus> {
  return withQueue(connection, async (queue) => {
    const [counts, workers] = await Promise.all([
      queue.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed'),
      queue.getWorkersCount(),
    ]);
    const jobs = listed === 0 ? [] : await queue.getFailed(0, listed - 1);
    return {
      waiting: counts.waiting ?? 0,
      active: counts.active ?? 0,
      retrying: counts.delayed ?? 0,
      done: counts.completed ?? 0,
      failed: counts.failed ?? 0,
      workers,
      deadLetters: jobs.map(deadLetter),
    };
  });
}

/**
 * Puts dead letters back into the queue, with all their tries before them.
 *
 * @param ids  which; all of them when undefined
 * @returns    how many went back, and which of `ids` are no dead letters
 */
export async function retryDeadLetters(
  connection: QueueConnection,
  ids: readonly string[] | undefined,
): Promise<{ retried: number; unknown: string[] }> {
  return withQueue(connection, async (queue) => {
    let retried = 0;
    if (ids !== undefined) {
      const unknown: string[] = [];
      for (const id of ids) {
        const job = await queue.getJob(id);
        if (job !== undefined && (await job.isFailed()) && (await retry(job))) retried++;
        else unknown.push(id);
      }
      return { retried, unknown };
    }
    // The oldest first, and no more than there are now: one that fails again at once is not met twice.
    let left = await queue.getFailedCount();
    while (left > 0) {
      const page = await queue.getJobs('failed', 0, Math.min(left, PAGE) - 1, true);
      const results = await Promise.all(page.map(retry));
      retried += results.filter(Boolean).length;
      left = page.length === 0 ? 0 : left - page.length;
    }
    return { retried, unknown: [] };
  });
}

/** False when the job has left the dead letters meanwhile. */
async function retry(job: Job): Promise<boolean> {
  return job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }).then(
    () => true,
    (error) => {
      if (explainRefusal(error) !== undefined) throw error;
      return false;
    },
  );
}

function deadLetter(job: Job): DeadLetter {
  const { input } = (job.data ?? {}) as { input?: unknown };
  return {
    id: job.id ?? '',
    input: typeof input === 'string' ? input : null,
    reason: job.failedReason ?? '',
    attempts: job.attemptsMade,
    failedAt: new Date(job.finishedOn ?? job.timestamp).toISOString(),
  };
}

async function withQueue<T>(
  { packages, redis, address }: QueueConnection,
  use: (queue: Queue) => Promise<T>,
): Promise<T> {
  const queue = new packages.bullmq.Queue(QUEUE_NAME, { connection: redis });
  queue.on('error', () => {});
  try {
    return await orReason(address.shown, use(queue));
  } finally {
    await queue.close();
  }
}
