import { rangeError } from '../check/errors.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { integer } from '../check/validate.ts';

/**
 * How much a file may ask for before `loadOnnx` refuses it. `Infinity` lifts a limit.
 *
 * @category Networks
 */
export interface OnnxLimits {
  /** Bytes of the model and of its external data together. Default 4 GiB, `4294967296`. */
  readonly bytes?: number | undefined;
  /** Nodes, including those of subgraphs, and those of functions once per call of the function. Default 65536. */
  readonly nodes?: number | undefined;
  /** Bytes of the constants that loading computes from other constants, for one size of the inputs; four times as much for all sizes that it tries. Default 256 MiB, `268435456`. */
  readonly constantBytes?: number | undefined;
  /** Floating-point operations of these constants, two for each product, for all sizes together. Default 2^33, `8589934592`. */
  readonly constantFlops?: number | undefined;
  /** Bytes of a call of the network: its outputs and what is between; of a stream, of a push for each row. Default 1 GiB, `1073741824`. */
  readonly callBytes?: number | undefined;
}

/** Checked limits. */
export type CheckedLimits = { readonly [Name in keyof OnnxLimits]-?: number };

const DEFAULTS: CheckedLimits = {
  bytes: 2 ** 32,
  nodes: 2 ** 16,
  constantBytes: 2 ** 28,
  constantFlops: 2 ** 33,
  callBytes: 2 ** 30,
};

/** Subgraphs within subgraphs, and functions within functions. No exporter comes near. */
export const DEEPEST = 64;

/** The limits, each read once. */
export function readLimits(given: unknown): CheckedLimits {
  if (given === undefined) return DEFAULTS;
  const names = Object.keys(DEFAULTS) as (keyof CheckedLimits)[];
  refuseUnknownOptions(given as object, names, 'limits');
  const limits = names.map((name): [string, number] => {
    const value = (given as OnnxLimits)[name];
    if (value === undefined) return [name, DEFAULTS[name]];
    const limit = value === Number.POSITIVE_INFINITY ? value : integer(value, `limits.${name}`);
    if (limit > 0) return [name, limit];
    throw rangeError('ERR_CONV1D_VALUE', `limits.${name} must be above 0, but got ${limit}`);
  });
  return Object.fromEntries(limits) as CheckedLimits;
}
