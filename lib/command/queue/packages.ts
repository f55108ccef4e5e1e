import { codeOf } from '../../check/caught.ts';
import { environmentError } from '../../check/errors.ts';

/** The packages a queue needs. They are optional: most users of this library never queue anything. */
export interface QueuePackages {
  readonly bullmq: typeof import('bullmq');
  readonly Redis: typeof import('ioredis').Redis;
}

/**
 * Loads BullMQ and its Redis client.
 *
 * @throws Error ERR_CONV1D_DEPENDENCY  when one of them is not installed, with the command that installs them
 */
export async function loadQueuePackages(): Promise<QueuePackages> {
  const [bullmq, { Redis }] = await Promise.all([
    installed('bullmq', () => import('bullmq')),
    installed('ioredis', () => import('ioredis')),
  ]);
  return { bullmq, Redis };
}

async function installed<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw environmentError(
      'ERR_CONV1D_DEPENDENCY',
      `a queue needs the package ${name}, which is not installed: npm install bullmq ioredis`,
    );
  }
}
