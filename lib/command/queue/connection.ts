import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis, RedisOptions } from 'ioredis';
import { environmentError } from '../../check/errors.ts';
import type { QueueAddress } from './address.ts';
import { loadQueuePackages, type QueuePackages } from './packages.ts';
import { explainRefusal } from './refusal.ts';

export { QUEUE_NAME } from './name.ts';

/** A server that answers, and what it takes to talk to it. */
export interface QueueConnection {
  readonly packages: QueuePackages;
  readonly redis: Redis;
  readonly address: QueueAddress;
  close(): void;
}

/** What it reports when the server goes away while in use, and when it is back. */
export interface Outages {
  lost(sentence: string): void;
  back(sentence: string): void;
}

/** A server that has not answered by then counts as unreachable, in milliseconds. */
const PATIENCE = 5000;
/** The pause before the next try of a lost connection grows up to this, in milliseconds. */
const LONGEST_PAUSE = 5000;
const CLOSED = 'the connection was closed';

/**
 * Connects to a queue's server. Before it has answered once, failing is final and quick; afterwards it
 * reports a lost connection once and tries again until it is back, as work is in flight.
 *
 * @throws Error ERR_CONV1D_DEPENDENCY  when BullMQ or ioredis is not installed
 * @throws Error ERR_CONV1D_QUEUE       when nothing answers within 5 seconds, or the server refuses
 */
export async function connect(address: QueueAddress, outages: Outages): Promise<QueueConnection> {
  const packages = await loadQueuePackages();
  let answered = false;
  let lost = false;
  let closing = false;
  let reason = 'it does not answer';
  const { host, port, db, username, password, tls, shown } = address;
  const options = {
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    lazyConnect: true,
    connectTimeout: PATIENCE,
    maxRetriesPerRequest: null, // BullMQ's workers need it so: a command waits for the connection to come back.
    retryStrategy: (times: number) => (answered ? Math.min(100 * 2 ** Math.min(times, 16), LONGEST_PAUSE) : null),
  } satisfies RedisOptions;
  const redis = new packages.Redis(options);
  redis.on('error', (error: Error) => {
    reason = explainConnection(error);
  });

  const timeout = setTimeout(() => redis.disconnect(), PATIENCE);
  try {
    await redis.connect();
    await redis.select(db); // ioredis does it, too, but goes on in database 0 where there is no such one.
  } catch (error) {
    redis.disconnect();
    if (reason === 'it does not answer') reason = explainRefusal(error) ?? reason;
    throw environmentError('ERR_CONV1D_QUEUE', `cannot use the queue at ${shown}: ${reason}`);
  } finally {
    clearTimeout(timeout);
  }
  answered = true;
  reason = CLOSED;

  redis.on('close', () => {
    if (!lost && !closing) outages.lost(`lost the queue at ${shown}: ${reason}; trying again`);
    lost = true;
  });
  redis.on('ready', () => {
    reason = CLOSED;
    if (lost) outages.back(`the queue at ${shown} is back`);
    lost = false;
  });
  return {
    packages,
    redis,
    address,
    close: () => {
      closing = true;
      redis.disconnect();
    },
  };
}

/** Rejects when something takes longer than a server that is well. */
export async function withinPatience<T>(promise: Promise<T>): Promise<T> {
  const giveUp = new AbortController();
  const late = sleep(PATIENCE, undefined, { signal: giveUp.signal }).then(() => {
    throw new Error('it does not answer');
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    giveUp.abort();
  }
}

function explainConnection(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no host of that name';
    case 'ECONNRESET':
    case 'EPIPE':
      return CLOSED;
    case 'ETIMEDOUT':
      return 'it does not answer';
    default:
      return explainRefusal(error) ?? error.message;
  }
}
