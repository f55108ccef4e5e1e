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
  /** How many background jobs may be under way at a time, from 1 on. Default: one more than {@link getNumThreads} says. */
  concurrency?: number | undefined;
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
const MANY_OPTIONS = ['concurrency', 'signal'] as const;
const EXPLAIN_OPTIONS = ['batch'] as const;

/** The options of `forwardAsync`, checked. */
export interface AsyncCallOptions {
  readonly out: Tensor | undefined;
  readonly signal: AbortSignal | undefined;
  readonly borrow: boolean;
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

/** The arguments of `forwardMany`, each read once and checked; the list is a copy, which nobody changes meanwhile. */
export function readForwardMany(signals: readonly Tensor[], options: ForwardManyOptions = {}) {
  const list = readList(signals, 'forwardMany: signals', 'tensors');
  refuseUnknownOptions(options, MANY_OPTIONS, 'forwardMany');
  // One job more than threads: it is ready when a thread becomes free.
  const { concurrency = getNumThreads() + 1, signal } = options;
  const count = integer(concurrency, 'forwardMany: concurrency', 'a positive integer');
  if (count < 1) {
    throw rangeError('ERR_CONV1D_VALUE', `forwardMany: concurrency must be a positive integer, but got ${count}`);
  }
  return { list, concurrency: count, signal: signalOption(signal, 'forwardMany') };
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
