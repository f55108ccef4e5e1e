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
  /** How many signals the stream takes side by side, in chunks of the same length. Default: as many as the inputs at `compile` had. */
  readonly batch?: number | undefined;
  /**
   * For a network that works chunk by chunk, with its own state going in and out: how many new samples of its first input one call takes. The
   * stream then repeats `forward`.
   */
  readonly chunk?: number | undefined;
  /** With `chunk`: how many samples before the new ones the network takes as well, zeros at the beginning. Default 0. */
  readonly context?: number | undefined;
  /** With `chunk`: which outputs are the inputs of the next call: `{ h: 'hn', c: 'cn' }`. They are zeros at the beginning. */
  readonly carry?: { readonly [input: string]: string } | undefined;
  /** Inputs that do not go on with the signal and stay as they are, by their names: `{ speaker: tensor }`. */
  readonly fixed?: { readonly [input: string]: Tensor<Dtype> } | undefined;
}

/**
 * The options of `push` and `flush` of a network's stream.
 *
 * @category Networks
 */
export interface NetworkPushOptions {
  /**
   * Where the result goes: a tensor, contiguous, of the result's shape and dtype, that shares no memory with what is read; for several outputs an
   * array of them, or an object by their names.
   */
  readonly out?: Tensor | readonly Tensor[] | { readonly [output: string]: Tensor } | undefined;
}

/** Checked options. */
export interface StreamSettings {
  /** Undefined: as at compile. */
  readonly batch: number | undefined;
  readonly chunk: number | null;
  readonly context: number;
  readonly carry: ReadonlyMap<string, string>;
  readonly fixed: ReadonlyMap<string, unknown>;
}

const OPTIONS = ['batch', 'chunk', 'context', 'carry', 'fixed'] as const;
const PUSH_OPTIONS = ['out'] as const;

/** Checks the options, each read once. */
export function readStreamOptions(options: unknown, method: string, others: readonly string[] = []): StreamSettings {
  if (options !== undefined) refuseUnknownOptions(options as object, [...OPTIONS, ...others], method);
  const given = (options ?? {}) as Readonly<Record<(typeof OPTIONS)[number], unknown>>;
  const { batch, chunk, context, carry, fixed } = given;
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
