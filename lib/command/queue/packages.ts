import { loadOptional } from '../optionalPackage.ts';

/** The packages a queue needs. They are optional: most users of this library never queue anything. */
export interface QueuePackages {
  readonly bullmq: typeof import('bullmq');
  readonly Redis: typeof import('ioredis').Redis;
}

/** One without the other is of no use. */
const INSTALLED = 'bullmq ioredis';

/**
 * Loads BullMQ and its Redis client.
 *
 * @throws Error ERR_CONV1D_DEPENDENCY  when one of them is not installed, with the command that installs them
 */
export async function loadQueuePackages(): Promise<QueuePackages> {
  const [bullmq, { Redis }] = await Promise.all([
    loadOptional('bullmq', () => import('bullmq'), 'a queue needs', INSTALLED),
    loadOptional('ioredis', () => import('ioredis'), 'a queue needs', INSTALLED),
  ]);
  return { bullmq, Redis };
}
