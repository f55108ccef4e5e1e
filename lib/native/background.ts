import type { Done } from '../../binding.d.ts';
import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { addon } from './addon.ts';

/** Starts a native background job that calls `done` when it has ended, and returns its number. */
export type StartJob = (done: Done) => number;

/**
 * A native background job as a promise of what it made.
 *
 * What the signal's own code throws before the job has started rejects the promise; afterwards nothing of the signal is read but its
 * reason, so that the promise settles whatever the signal does.
 *
 * @throws Error      AbortError           when the signal aborts before the job has ended
 * @throws RangeError ERR_CONV1D_MEMORY    when there is no memory or no thread for it
 */
export function runJob(start: StartJob, signal: AbortSignal | undefined): Promise<FloatArray[]> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    const listening = signal === undefined ? undefined : listen(signal);
    let job: number;
    try {
      job = start((outcome, results) => {
        if (listening !== undefined) leave(listening, job);
        if (listening?.aborted === true) reject(abortError(listening.signal));
        else if (outcome === 'ok' && results !== undefined) resolve(results);
        else reject(rangeError('ERR_CONV1D_MEMORY', 'no memory or no thread for a background convolution'));
      });
    } catch (error) {
      if (listening !== undefined) leave(listening, undefined);
      throw error;
    }
    listening?.jobs.add(job);
  });
}

/** The jobs that a signal aborts. */
interface Listening {
  readonly signal: AbortSignal;
  readonly jobs: Set<number>;
  readonly listener: () => void;
  aborted: boolean;
}

// One listener a signal, however many jobs: beyond ten of them, Node warns of a leak. It goes with the last job: Node keeps alive
// what AbortSignal.any() and AbortSignal.timeout() made as long as somebody listens.
const listeningTo = new Map<AbortSignal, Listening>();

function listen(signal: AbortSignal): Listening {
  const known = listeningTo.get(signal);
  if (known !== undefined) return known;
  const jobs = new Set<number>();
  const made: Listening = {
    signal,
    jobs,
    listener: () => {
      made.aborted = true;
      for (const each of jobs) addon.cancel(each);
    },
    aborted: false,
  };
  signal.addEventListener('abort', made.listener, { once: true });
  listeningTo.set(signal, made);
  return made;
}

/** A job has ended, or none could be started. */
function leave({ signal, jobs, listener }: Listening, job: number | undefined): void {
  if (job !== undefined) jobs.delete(job);
  if (jobs.size > 0) return;
  listeningTo.delete(signal);
  try {
    signal.removeEventListener('abort', listener);
  } catch {
    // A signal of somebody else's make keeps a listener that does nothing any more.
  }
}

/** The error that Node's own functions reject with. */
function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: reasonOf(signal) });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

function reasonOf(signal: AbortSignal): unknown {
  try {
    return signal.reason;
  } catch {
    return undefined;
  }
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

/** Whether a value can do what we ask of an AbortSignal. It may come from another realm, or from a library that has its own. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  try {
    // `aborted` is read when it counts, once.
    const { addEventListener, removeEventListener } = value as Partial<AbortSignal>;
    return typeof addEventListener === 'function' && typeof removeEventListener === 'function' && 'aborted' in value;
  } catch {
    return false; // A revoked proxy.
  }
}
