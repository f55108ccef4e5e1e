import { typeError } from '../check/errors.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe, isArray } from '../check/validate.ts';
import { requireBools } from './bools.ts';
import { type Elements, isElements, plainElements } from './dtype.ts';
import { readSizes, requireNumel } from './sizes.ts';

/**
 * What `structuredClone`, `postMessage` and worker pools make of a tensor: a plain object, which `Tensor.from` takes back.
 *
 * @category Tensors
 */
export interface TensorRecord<A extends Elements = Elements> {
  /** The elements in row-major order; their kind is the dtype: a Uint8Array holds bools. */
  readonly data: A;
  /** The sizes, outermost dimension first. */
  readonly shape: readonly number[];
  /** Default false. */
  readonly requiresGrad?: boolean | undefined;
}

const NAMES = ['data', 'shape', 'requiresGrad'] as const;

/** Checks a record; each property is read once. */
export function readRecord(record: TensorRecord): Required<TensorRecord> & { requiresGrad: boolean } {
  if (!isPlainObject(record)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `Tensor.from(): the record must be a plain object { data, shape }, but got ${describe(record)}; tensor() takes numbers and arrays`,
    );
  }
  refuseUnknownOptions(record, NAMES, 'Tensor.from');
  const { data, shape, requiresGrad = false } = record;
  if (!isElements(data)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `Tensor.from(): data must be a Float32Array, Float64Array, BigInt64Array, Int32Array or Uint8Array, but got ${describe(data)}`,
    );
  }
  if (!isArray(shape)) {
    throw typeError('ERR_CONV1D_TYPE', `Tensor.from(): shape must be an array of sizes, but got ${describe(shape)}`);
  }
  const sizes = readSizes(shape, 'Tensor.from');
  const elements = plainElements(data);
  requireNumel(sizes, elements.length);
  requireBools(elements, 'Tensor.from');
  return { data: elements, shape: sizes, requiresGrad: boolean(requiresGrad, 'requiresGrad') };
}

/** What to do with something that is no tensor. */
export function tensorAdvice(value: unknown): string {
  return isRecord(value)
    ? 'this is what a worker or structuredClone() makes of one: give it to Tensor.from()'
    : 'make one with tensor(), zeros() or rand()';
}

/** Whether a value has the names of a record; its properties are not read. */
function isRecord(value: unknown): boolean {
  try {
    return isPlainObject(value) && Object.hasOwn(value, 'data') && Object.hasOwn(value, 'shape');
  } catch {
    return false; // A proxy that throws.
  }
}
