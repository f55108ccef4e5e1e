import type { Done } from '../../binding.d.ts';
import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { addon } from './addon.ts';

/** Starts a native background job that calls `done` when it has ended, and returns its number. */
export type StartJob = (done: Done) => number;

/**
 * A native background job as a promise of what it made.
 *
 * @throws Error      AbortError           when the signal aborts before the job has ended
 * @throws RangeError ERR_CONV1D_MEMORY    when there is no memory for it
 */
export function runJob(start: StartJob, signal: AbortSignal | undefined): Promise<ArrayBuffer[]> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    const job = start((outcome, results) => {
      try {
        if (signal !== undefined) ignore(signal, job);
        if (signal?.aborted === true) reject(abortError(signal));
        else if (outcome === 'ok' && results !== undefined) resolve(results);
        else reject(rangeError('ERR_CONV1D_MEMORY', 'no memory for a background convolution'));
      } catch (error) {
        reject(error); // A signal of another make may throw whatever it likes.
      }
    });
    if (signal !== undefined) listen(signal, job);
    warnOnceOfNoThread();
  });
}

let warned = false;

/** Whoever counts on an event loop that stays free hears once that it does not. */
function warnOnceOfNoThread(): void {
  if (warned || addon.jobsRunByCaller() === 0) return;
  warned = true;
  process.emitWarning(
    'conv1d: the system gives this process no more threads, so asynchronous calls compute on the calling thread and its event ' +
      'loop waits for them; allow more (ulimit -u, the pids limit of the container)',
    { code: 'CONV1D_NO_THREAD' },
  );
}

interface Cancelled {
  readonly jobs: Set<number>;
  readonly listener: () => void;
}

// One listener a signal, however many jobs: beyond ten of them, Node warns of a leak. It goes with the last job: Node keeps alive
// what AbortSignal.any() and AbortSignal.timeout() made as long as somebody listens.
const cancelledBy = new Map<AbortSignal, Cancelled>();

function listen(signal: AbortSignal, job: number): void {
  let cancelled = cancelledBy.get(signal);
  if (cancelled === undefined) {
    const jobs = new Set<number>();
    const listener = (): void => {
      for (const each of jobs) addon.cancel(each);
    };
    cancelled = { jobs, listener };
    signal.addEventListener('abort', listener, { once: true });
    cancelledBy.set(signal, cancelled);
  }
  cancelled.jobs.add(job);
}

function ignore(signal: AbortSignal, job: number): void {
  const cancelled = cancelledBy.get(signal);
  if (cancelled === undefined || !cancelled.jobs.delete(job) || cancelled.jobs.size > 0) return;
  cancelledBy.delete(signal);
  signal.removeEventListener('abort', cancelled.listener);
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
  if (value === undefined || isSignal(value)) return value;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${what}: signal must be an AbortSignal, not ${describe(value)}; take new AbortController().signal`,
  );
}

/** Known by what is used of it: jsdom and older libraries have an AbortSignal of their own. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>;
    return (
      typeof aborted === 'boolean' &&
      typeof addEventListener === 'function' &&
      typeof removeEventListener === 'function'
    );
  } catch {
    return false; // An heir of the prototype: the getter of a real one refuses it.
  }
}
