import { rangeError } from '../check/errors.ts';
import { readList } from '../check/list.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, integer } from '../check/validate.ts';
import { signalOption } from '../native/background.ts';
import { getNumThreads } from '../native/runtime.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * The options of `forward`.
 *
 * @category Layer
 */
export interface ForwardOptions {
  /** Where the result goes: contiguous, of the result's shape and dtype, sharing no memory with what is read. */
  out?: Tensor | undefined;
}

/**
 * The options of `forwardAsync`.
 *
 * @category Layer
 */
export interface ForwardAsyncOptions extends ForwardOptions {
  /** Aborts the call: a waiting one leaves the queue, a running one stops at its next tile, and the promise rejects with an AbortError. */
  signal?: AbortSignal | undefined;
  /**
   * Does not copy an input that lies in a SharedArrayBuffer: you promise that nobody writes to it meanwhile. An `out` that lies in one
   * is written in place, and holds parts of the result until the call has ended, or after it was aborted. Other memory could be
   * transferred away while the call uses it, and is copied all the same. Default false.
   */
  borrow?: boolean | undefined;
}

/**
 * The options of `forwardMany`.
 *
 * @category Layer
 */
export interface ForwardManyOptions {
  /** How many background jobs may be under way at a time, from 1 on. Default: four more than {@link getNumThreads} says. */
  concurrency?: number | undefined;
  /**
   * A tensor for each signal, as `forward` takes it, which gets a copy of the result once its job has ended, or with `borrow` in a
   * SharedArrayBuffer the result itself. Which of them an aborted call has written is open.
   */
  out?: readonly Tensor[] | undefined;
  /** Does not copy signals in SharedArrayBuffers, and writes an `out` there in place, see {@link ForwardAsyncOptions}. Default false. */
  borrow?: boolean | undefined;
  /** Aborts the call, see {@link ForwardAsyncOptions}. */
  signal?: AbortSignal | undefined;
}

/**
 * The options of `explain`.
 *
 * @category Layer
 */
export interface ExplainOptions {
  /** How many signals the call takes. Default 1. */
  batch?: number | undefined;
}

const FORWARD_OPTIONS = ['out'] as const;
const ASYNC_OPTIONS = ['out', 'signal', 'borrow'] as const;
const MANY_OPTIONS = ['concurrency', 'out', 'borrow', 'signal'] as const;
const EXPLAIN_OPTIONS = ['batch'] as const;

/** The options of `forwardAsync`, checked. */
export interface AsyncCallOptions {
  readonly out: Tensor | undefined;
  readonly signal: AbortSignal | undefined;
  readonly borrow: boolean;
  /** Of a transposed convolution alone. */
  readonly outputSize?: readonly number[] | undefined;
}

/** The option `out` of `forward`. */
export function readForward(options: ForwardOptions): Tensor | undefined {
  refuseUnknownOptions(options, FORWARD_OPTIONS, 'forward');
  return options.out;
}

/** The options of `forwardAsync`, each read once and checked. */
export function readForwardAsync(options: ForwardAsyncOptions = {}): AsyncCallOptions {
  refuseUnknownOptions(options, ASYNC_OPTIONS, 'forwardAsync');
  const { out, signal, borrow = false } = options;
  return {
    out,
    signal: signalOption(signal, 'forwardAsync'),
    borrow: boolean(borrow, 'forwardAsync: borrow'),
  };
}

/** The arguments of `forwardMany`, checked; the lists are copies, which nobody changes meanwhile. */
export interface ManyCall {
  readonly signals: readonly unknown[];
  readonly concurrency: number;
  readonly out: readonly unknown[] | undefined;
  readonly borrow: boolean;
  readonly signal: AbortSignal | undefined;
}

/** More jobs than threads: there is work while the garbage collector holds up the thread that makes them (0.9 of the time with one more). */
const JOBS_AHEAD = 4;

/** The arguments of `forwardMany`, each read once and checked. */
export function readForwardMany(given: readonly Tensor[], options: ForwardManyOptions = {}): ManyCall {
  const signals = readList(given, 'forwardMany: signals', 'tensors');
  refuseUnknownOptions(options, MANY_OPTIONS, 'forwardMany');
  const { concurrency = getNumThreads() + JOBS_AHEAD, out, borrow = false, signal } = options;
  const count = integer(concurrency, 'forwardMany: concurrency', 'a positive integer');
  if (count < 1) {
    throw rangeError('ERR_CONV1D_VALUE', `forwardMany: concurrency must be a positive integer, but got ${count}`);
  }
  const outs = out === undefined ? undefined : readList(out, 'forwardMany: out', 'tensors');
  if (outs !== undefined && outs.length !== signals.length) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `forwardMany: out must have a tensor for each of the ${signals.length} signals, but has ${outs.length}`,
    );
  }
  return {
    signals,
    concurrency: count,
    out: outs,
    borrow: boolean(borrow, 'forwardMany: borrow'),
    signal: signalOption(signal, 'forwardMany'),
  };
}

/** The arguments of `explain`, each read once and checked. */
export function readExplain(length: unknown, options: ExplainOptions = {}): { length: number; batch: number } {
  refuseUnknownOptions(options, EXPLAIN_OPTIONS, 'explain');
  const { batch = 1 } = options;
  return { length: size(length, 'explain: length'), batch: size(batch, 'explain: batch') };
}

function size(value: unknown, what: string): number {
  const given = integer(value, what);
  if (given < 0) throw rangeError('ERR_CONV1D_VALUE', `${what} must be 0 or more, but got ${given}`);
  return given;
}
