import { addon } from './addon.ts';
import { rangeError, typeError } from './errors.ts';
import { describe } from './validate.ts';

/** Starts a native background job that calls `done` when it has ended, and returns its number. */
export type StartJob = (done: (outcome: 'ok' | 'cancelled' | 'memory') => void) => number;

/**
 * A native background job as a promise.
 *
 * @throws Error      AbortError           when the signal aborts before the job has ended
 * @throws RangeError ERR_CONV1D_MEMORY    when there is no memory or no thread for it
 */
export function runJob(start: StartJob, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    const job = start((outcome) => {
      if (signal !== undefined) jobsOf(signal).delete(job);
      if (signal?.aborted === true) reject(abortError(signal));
      else if (outcome === 'ok') resolve();
      else reject(rangeError('ERR_CONV1D_MEMORY', 'no memory or no thread for a background convolution'));
    });
    if (signal !== undefined) jobsOf(signal).add(job);
  });
}

/** The jobs that a signal would cancel. */
const cancelledBy = new WeakMap<AbortSignal, Set<number>>();

/** One listener a signal, however many jobs: beyond ten of them, Node warns of a leak. */
function jobsOf(signal: AbortSignal): Set<number> {
  let jobs = cancelledBy.get(signal);
  if (jobs === undefined) {
    const made = new Set<number>();
    signal.addEventListener('abort', () => made.forEach((job) => void addon.cancel(job)), { once: true });
    cancelledBy.set(signal, made);
    jobs = made;
  }
  return jobs;
}

/** The error that Node's own functions reject with. */
function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/**
 * The value of an option `signal`, checked.
 *
 * @throws TypeError ERR_CONV1D_TYPE  when it is no AbortSignal
 */
export function signalOption(value: unknown, what: string): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${what}: signal must be an AbortSignal, not ${describe(value)}; take new AbortController().signal`,
  );
}
