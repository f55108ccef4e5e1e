import { rangeError, typeError } from '../../check/errors.ts';
import { isPlainObject, refuseUnknownOptions } from '../../check/unknownOption.ts';
import { describe, integer } from '../../check/validate.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * The options of `network.stream`.
 *
 * @category Networks
 */
export interface NetworkStreamOptions {
  /** How many signals the stream takes side by side, in chunks of the same length. Default 1. */
  readonly batch?: number | undefined;
  /**
   * For a network that works chunk by chunk and takes and returns its own state: the number of new samples of its first input per call. The
   * stream then repeats `forward`. Default: the stream follows the network's operations instead, and takes chunks of any length.
   */
  readonly chunk?: number | undefined;
  /** With `chunk`: the number of earlier samples that the network takes before the new ones; at the beginning they are zeros. Default 0. */
  readonly context?: number | undefined;
  /** With `chunk`: which output becomes which input of the next call, `{ h: 'hn', c: 'cn' }`; at the beginning these inputs are zeros. Default: none. */
  readonly carry?: { readonly [input: string]: string } | undefined;
  /** Inputs that stay the same for the whole signal, by their names: `{ speaker: tensor }`. Default: none. */
  readonly fixed?: { readonly [input: string]: Tensor<Dtype> } | undefined;
}

/**
 * The options of `network.streams`.
 *
 * @category Networks
 */
export interface NetworkStreamsOptions extends Omit<NetworkStreamOptions, 'batch'> {
  /** How many rows may be open at a time, at most 2^20. A row takes memory while it is open. */
  readonly capacity: number;
}

/**
 * The options of `push` and `flush` of a network's stream.
 *
 * @category Networks
 */
export interface NetworkPushOptions {
  /**
   * Where the result goes: a contiguous tensor with the result's shape and dtype that shares no memory with the chunk. For several outputs, an
   * array of them, or an object by their names. Default: a new tensor.
   */
  readonly out?: Tensor | readonly Tensor[] | { readonly [output: string]: Tensor } | undefined;
}

/** Checked options. */
export interface StreamSettings {
  /** Undefined if the caller did not give it. */
  readonly batch: number | undefined;
  readonly chunk: number | null;
  readonly context: number;
  readonly carry: ReadonlyMap<string, string>;
  readonly fixed: ReadonlyMap<string, unknown>;
}

const OPTIONS = ['batch', 'chunk', 'context', 'carry', 'fixed'] as const;
const STREAMS_OPTIONS = ['capacity', 'chunk', 'context', 'carry', 'fixed'] as const;
/** A larger number is a mistake of the caller. */
const MOST_ROWS = 2 ** 20;
const PUSH_OPTIONS = ['out'] as const;

/** Checks the options of `stream`, each read once. */
export function readStreamOptions(options: unknown): StreamSettings {
  if (options !== undefined) refuseUnknownOptions(options as object, OPTIONS, 'stream');
  return readSettings((options ?? {}) as Given, 'stream');
}

/** Checks the options of `streams`, each read once. */
export function readStreamsOptions(options: unknown): { capacity: number; settings: StreamSettings } {
  if (options === undefined) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      'streams() needs to know how many there may be at a time: streams({ capacity: 1000 })',
    );
  }
  refuseUnknownOptions(options as object, STREAMS_OPTIONS, 'streams');
  const { capacity, chunk, context, carry, fixed } = options as Given & { readonly capacity?: unknown };
  const most = atLeast(capacity, 1, 'streams(): capacity');
  if (most > MOST_ROWS)
    throw rangeError('ERR_CONV1D_VALUE', `streams(): capacity must be at most 2^20, but got ${most}`);
  return { capacity: most, settings: readSettings({ chunk, context, carry, fixed }, 'streams') };
}

type Given = Readonly<Partial<Record<(typeof OPTIONS)[number], unknown>>>;

function readSettings({ batch, chunk, context, carry, fixed }: Given, method: string): StreamSettings {
  if (typeof batch === 'number' && batch > MOST_ROWS) {
    throw rangeError('ERR_CONV1D_VALUE', `${method}(): batch must be at most 2^20, but got ${batch}`);
  }
  const settings: StreamSettings = {
    batch: batch === undefined ? undefined : atLeast(batch, 1, `${method}(): batch`),
    chunk: chunk === undefined ? null : atLeast(chunk, 1, `${method}(): chunk`),
    context: context === undefined ? 0 : atLeast(context, 0, `${method}(): context`),
    carry: new Map(carry === undefined ? [] : entriesOf(carry, `${method}(): carry`).map(readCarried)),
    fixed: new Map(fixed === undefined ? [] : entriesOf(fixed, `${method}(): fixed`)),
  };
  if (settings.chunk === null && (settings.context > 0 || settings.carry.size > 0)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `${method}(): context and carry belong to a network that works chunk by chunk; say how many new samples it takes, as chunk: 512`,
    );
  }
  return settings;
}

/** The option `out` of `push` or `flush`. */
export function readNetworkOut(options: unknown, what: string): unknown {
  if (options === undefined) return undefined;
  refuseUnknownOptions(options as object, PUSH_OPTIONS, what);
  return (options as NetworkPushOptions).out;
}

export function atLeast(value: unknown, least: number, what: string): number {
  const number = integer(value, what);
  if (number >= least) return number;
  throw rangeError('ERR_CONV1D_VALUE', `${what} must be ${least} or more, but got ${number}`);
}

function entriesOf(value: unknown, what: string): [string, unknown][] {
  if (isPlainObject(value)) return Object.entries(value);
  throw typeError('ERR_CONV1D_TYPE', `${what} must be an object by the names of inputs, but got ${describe(value)}`);
}

function readCarried([input, output]: [string, unknown]): [string, string] {
  if (typeof output === 'string') return [input, output];
  throw typeError(
    'ERR_CONV1D_TYPE',
    `stream(): carry has the name of an output for each input, but got ${describe(output)} for '${input}'`,
  );
}
