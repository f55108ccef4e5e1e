import { rangeError, typeError } from '../../check/errors.ts';
import { isPlainObject, refuseUnknownOptions } from '../../check/unknownOption.ts';
import { describe, integer, isArray, oneOf } from '../../check/validate.ts';
import { readSizes } from '../../tensor/sizes.ts';
import { LAYOUTS, type Layout, type Permutations } from './layout.ts';

/**
 * The options of {@link loadCheckpoint}.
 *
 * @category Files
 */
export interface LoadCheckpointOptions {
  /**
   * Where in the saved object the tensors are: `'model'`, or a path, `'models.generator'`. Tensors within nested dicts and lists get names with dots
   * (at `'optimizer'`: `'state.0.exp_avg'`); values that are not tensors are left out. `''` takes all of the object. Default: the only state dict in it.
   */
  key?: string | undefined;
  /** Load only tensors whose names begin with this. Default `''`: all. */
  prefix?: string | undefined;
  /**
   * The order of dimensions that kernels have in the file. With `'keras'`, which is also Flax's, a tensor whose name ends in the part `kernel` or
   * `recurrent_kernel` is transposed: (in, out) to (out, in), and (K, in, out) to (out, in, K). Default `'torch'`: nothing changes.
   */
  layout?: 'torch' | 'keras' | undefined;
  /** The order of dimensions for some tensors, by their names, as for `Tensor.permute`. It wins over `layout`. Default `{}`. */
  permute?: Readonly<Record<string, readonly number[]>> | undefined;
  /**
   * The most bytes of memory that the tensors may take. Default: 8 times the bytes of the file, or 2^28 if that is more. Compressed arrays, and many
   * tensors over one storage, can need more.
   */
  maxBytes?: number | undefined;
}

/**
 * The options of {@link parseCheckpoint}.
 *
 * @category Files
 */
export interface ParseCheckpointOptions extends LoadCheckpointOptions {
  /** The name of the bytes in messages: a file's name, a URL. Default `'checkpoint'`. */
  source?: string | undefined;
}

/** The options, read once and checked. */
export interface CheckpointChoice {
  readonly key: string | undefined;
  readonly prefix: string;
  readonly layout: Layout;
  readonly permute: Permutations;
  readonly maxBytes: number | undefined;
  readonly source: string;
}

const NAMES = ['key', 'prefix', 'layout', 'permute', 'maxBytes'] as const;

export function readCheckpointOptions(
  options: unknown,
  what: string,
  more: readonly 'source'[] = [],
): CheckpointChoice {
  if (options !== undefined) refuseUnknownOptions(options as object, [...NAMES, ...more], what);
  const given = (options ?? {}) as Record<string, unknown>;
  const { key, prefix = '', layout = 'torch', permute = {}, maxBytes, source = 'checkpoint' } = given;
  return {
    key: key === undefined ? undefined : readText(key, 'key'),
    prefix: readText(prefix, 'prefix'),
    layout: oneOf(layout, LAYOUTS, 'layout'),
    permute: readPermutations(permute),
    maxBytes: maxBytes === undefined ? undefined : readMaxBytes(maxBytes),
    source: readText(source, 'source'),
  };
}

function readText(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw typeError('ERR_CONV1D_TYPE', `the option ${name} must be a string, but got ${describe(value)}`);
}

function readMaxBytes(value: unknown): number {
  const bytes = integer(value, 'the option maxBytes', 'a number of bytes');
  if (bytes >= 0) return bytes;
  throw rangeError('ERR_CONV1D_VALUE', `the option maxBytes must be 0 or more, but got ${bytes}`);
}

function readPermutations(value: unknown): Permutations {
  if (!isPlainObject(value)) {
    const expected = 'an object of names and orders of dimensions';
    throw typeError('ERR_CONV1D_TYPE', `the option permute must be ${expected}, but got ${describe(value)}`);
  }
  const entries = Object.entries(value).map(([name, order]): [string, readonly number[]] => {
    if (!isArray(order)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `the option permute must have an array for '${name}', but got ${describe(order)}`,
      );
    }
    return [name, readSizes(order, 'permute')];
  });
  return Object.fromEntries(entries);
}
