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
   * Where in the object that was saved the tensors are: `'model'`, or a path, `'models.generator'`. Dicts and lists in one another make names with dots
   * (`'optimizer'`: `'state.0.exp_avg'`), and what is no tensor is left out. `''` is all of it. Default: the state dict, where there is one.
   */
  key?: string | undefined;
  /** What the names of the tensors to be loaded begin with. Default `''`: all. */
  prefix?: string | undefined;
  /**
   * Whose order of dimensions the kernels have. `'keras'`, which is also Flax's: where the last part of a name is `kernel` or `recurrent_kernel`, (in, out)
   * becomes (out, in) and (K, in, out) becomes (out, in, K). Default `'torch'`: nothing changes.
   */
  layout?: 'torch' | 'keras' | undefined;
  /** For some tensors, by their names, the order in which their dimensions go, as for `permute`. It wins over `layout`. Default `{}`. */
  permute?: Readonly<Record<string, readonly number[]>> | undefined;
  /**
   * The most bytes of memory that the tensors may take. Default: 8 times the bytes of the file, or 2^28 where that is more. Compressed arrays, and many
   * tensors over one storage, can take more.
   */
  maxBytes?: number | undefined;
}

/**
 * The options of {@link parseCheckpoint}.
 *
 * @category Files
 */
export interface ParseCheckpointOptions extends LoadCheckpointOptions {
  /** What the bytes are called in messages: a file's name, a URL. Default `'checkpoint'`. */
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
