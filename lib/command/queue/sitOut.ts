import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'bullmq';
import type { QueueConnection } from './connection.ts';
import { explainRefusal, tryWriting } from './refusal.ts';

/** The pause before a server that refused is asked again, in milliseconds. */
const PAUSE = 1000;

/**
 * Has a worker wait while its server refuses to write: BullMQ would ask again thousands of times per second. The worker reports it once, and
 * once more when the server takes writes again.
 *
 * @param stopped  ends the waiting
 * @returns        what takes the errors of the worker: true for a refusal
 */
export function sitOut(
  worker: Worker<unknown>,
  { redis, address: { shown } }: QueueConnection,
  tell: (sentence: string) => void,
  stopped: AbortSignal,
): (error: Error) => boolean {
  let waiting = false;

  async function wait(reason: string): Promise<void> {
    tell(`the queue at ${shown} refuses: ${reason}; trying again`);
    await worker.pause(true);
    let refuses = true;
    while (refuses && !stopped.aborted) {
      await sleep(PAUSE, undefined, { signal: stopped }).catch(() => {});
      refuses = await tryWriting(redis).then(
        () => false,
        () => true,
      );
    }
    if (stopped.aborted) return;
    await worker.resume();
    tell(`the queue at ${shown} takes writes again`);
    waiting = false;
  }

  return (error) => {
    const reason = explainRefusal(error);
    if (reason === undefined) return false;
    if (!waiting && !stopped.aborted) {
      waiting = true;
      void wait(reason);
    }
    return true;
  };
}
