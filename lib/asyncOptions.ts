import { signalOption } from './background.ts';
import type { ForwardAsyncOptions, ForwardManyOptions } from './conv1d.ts';
import type { AsyncCallOptions } from './convolveAsync.ts';
import { rangeError, typeError } from './errors.ts';
import { getNumThreads } from './runtime.ts';
import type { Tensor } from './tensor/tensor.ts';
import { refuseUnknownOptions } from './unknownOption.ts';
import { boolean, describe, integer, isArray } from './validate.ts';

const ASYNC_OPTIONS = ['out', 'signal', 'borrow'] as const;
const MANY_OPTIONS = ['concurrency', 'signal'] as const;

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
  if (!isArray(signals)) {
    throw typeError('ERR_CONV1D_TYPE', `forwardMany: signals must be an array of tensors, not ${describe(signals)}`);
  }
  refuseUnknownOptions(options, MANY_OPTIONS, 'forwardMany');
  // One job more than threads: it is ready when a thread becomes free.
  const { concurrency = getNumThreads() + 1, signal } = options;
  const count = integer(concurrency, 'forwardMany: concurrency', 'a positive integer');
  if (count < 1) {
    throw rangeError('ERR_CONV1D_VALUE', `forwardMany: concurrency must be a positive integer, but got ${count}`);
  }
  return { list: Array.from(signals), concurrency: count, signal: signalOption(signal, 'forwardMany') };
}
