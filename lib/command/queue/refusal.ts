import type { Redis } from 'ioredis';
import { messageOf, nameOf } from '../../check/caught.ts';
import { environmentError } from '../../check/errors.ts';
import { QUEUE_NAME } from './name.ts';

/** What to do about a refusal, by the word that a server's reply has for it. */
const ADVICE: Readonly<Record<string, string>> = {
  OOM: 'its memory is full: raise its maxmemory or remove what else it holds, then run the same command again',
  READONLY: 'it is a replica, which takes no writes: give the address of its primary',
  NOAUTH: 'it asks for a password: set CONV1D_QUEUE_PASSWORD, or write redis://user:password@host',
  WRONGPASS: 'it knows no such user with this password: correct the address or CONV1D_QUEUE_PASSWORD',
  NOPERM: 'the user may not do this: give it all commands on the keys of the queue (ACL SETUSER name ~bull:* +@all)',
  LOADING: 'it is loading its data: try again in a moment',
  MISCONF: 'it cannot save its data and takes no writes: make room on its disk, and see its log',
  NOREPLICAS: 'too few of its replicas are there, and it takes no writes: bring them back',
  MASTERDOWN: 'it is a replica without its primary: give the address of the primary',
  CLUSTERDOWN: 'it belongs to a cluster, which is not supported: give the address of a server of its own',
  CROSSSLOT: 'it belongs to a cluster, which is not supported: give the address of a server of its own',
  MOVED: 'it belongs to a cluster, which is not supported: give the address of a server of its own',
};

const WORDS = new RegExp(`\\b(${Object.keys(ADVICE).join('|')})\\b`);

/**
 * Why a server refused, and what to do about it; undefined when the error is no answer of a server, but one of this process.
 * The answer's own words stand in parentheses where they say more.
 */
export function explainRefusal(error: unknown): string | undefined {
  const message = messageOf(error);
  const word = WORDS.exec(message)?.[1];
  // BullMQ makes errors of its own of some replies.
  const isReply = nameOf(error) === 'ReplyError' || (word !== undefined && message.startsWith(word));
  if (!isReply) return undefined;
  return word === undefined ? `it answers: ${message.split('\n')[0]}` : `${ADVICE[word]} (${word})`;
}

/** An error of a command for the one who called it: a refusal of the server is no fault of this library. */
export function queueError(shown: string, error: unknown): unknown {
  const reason = explainRefusal(error);
  return reason === undefined
    ? error
    : environmentError('ERR_CONV1D_QUEUE', `cannot use the queue at ${shown}: ${reason}`);
}

/** Gives what an operation on the queue gives; a refusal of the server becomes a sentence. */
export async function orReason<T>(shown: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw queueError(shown, error);
  }
}

/** Asks a server for a write that leaves nothing behind; rejects as any other write of the queue would. */
export async function tryWriting(redis: Redis): Promise<void> {
  await redis.set(`bull:${QUEUE_NAME}:writable`, '', 'PX', 1);
}
