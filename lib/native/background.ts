import type { Done } from '../../binding.d.ts';
import { codeOf } from '../check/caught.ts';
import { rangeError, typeError } from '../check/errors.ts';
import { describe } from '../check/validate.ts';
import { addon } from './addon.ts';

/** Starts a native background job that calls `done` when it has ended, and returns its number. */
export type StartJob<Result = ArrayBuffer> = (done: Done<Result>) => number;

/**
 * A native background job as a promise of what it made.
 *
 * What the signal's own code throws before the job has started rejects the promise; afterwards nothing of the signal is read but its
 * reason, so that the promise settles whatever the signal does.
 *
 * @throws Error      AbortError           when the signal aborts before the job has ended
 * @throws RangeError ERR_CONV1D_MEMORY    when there is no memory for it
 */
export function runJob<Result = ArrayBuffer>(
  start: StartJob<Result>,
  signal: AbortSignal | undefined,
): Promise<Result[]> {
  return new Promise((resolve, reject) => {
    requireNotAborted(signal);
    const listening = signal === undefined ? undefined : listen(signal);
    let job: number;
    try {
      job = start((outcome, results) => {
        if (listening !== undefined) leave(listening, job);
        if (listening?.aborted === true) reject(abortError(listening.signal));
        else if (outcome === 'ok' && results !== undefined) resolve(results);
        else reject(rangeError('ERR_CONV1D_MEMORY', 'no memory for a background convolution'));
      });
    } catch (error) {
      if (listening !== undefined) leave(listening, undefined);
      throw error;
    }
    listening?.jobs.add(job);
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

/** What {@link runJob} does before it starts: throws an AbortError when the signal has aborted. */
export function requireNotAborted(signal: AbortSignal | undefined): void {
  if (signal !== undefined && isAborted(signal)) throw abortError(signal);
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
  throw notSignal(value, `${what}: signal`);
}

/**
 * Known by what is used of it: it may come from another realm, or from a library that has its own, as jsdom and older ones do. `aborted` is
 * not read yet, see {@link isAborted}.
 */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  try {
    const { addEventListener, removeEventListener } = value as Partial<AbortSignal>;
    return typeof addEventListener === 'function' && typeof removeEventListener === 'function' && 'aborted' in value;
  } catch {
    return false; // A revoked proxy.
  }
}

/** Reads `aborted` when it counts, once. What the signal's own code throws comes through as it is. */
function isAborted(signal: AbortSignal): boolean {
  let aborted: unknown;
  try {
    aborted = signal.aborted;
  } catch (error) {
    // An heir of the prototype: the getter of a real signal refuses it.
    if (codeOf(error) === 'ERR_INVALID_THIS') throw notSignal(signal, 'signal');
    throw error;
  }
  if (typeof aborted !== 'boolean') throw notSignal(signal, 'signal');
  return aborted;
}

function notSignal(value: unknown, what: string): TypeError {
  return typeError(
    'ERR_CONV1D_TYPE',
    `${what} must be an AbortSignal, not ${describe(value)}; take new AbortController().signal`,
  );
}
