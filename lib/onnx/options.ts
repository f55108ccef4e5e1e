import { rangeError, typeError } from '../check/errors.ts';
import { readList } from '../check/list.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { describe } from '../check/validate.ts';
import { type Algorithm, readAlgorithm, readMaxWeightBytes } from '../convolution/algorithm.ts';
import { DEFAULT_WORKING_BYTES, readWorkingBytes } from '../network/options.ts';
import type { AlgorithmChoice } from '../network/passes/layers.ts';
import { allocate } from '../tensor/allocate.ts';
import type { Dtype } from '../tensor/dtype.ts';
import { element } from '../tensor/ops/scalar.ts';
import { formatShape, numelOf } from '../tensor/shape.ts';
import { type Tensor, viewOf } from '../tensor/tensor.ts';
import { copyOfView, type View, viewOfAll } from '../tensor/view.ts';
import { readGiven } from './externalData.ts';
import type { InputSpec } from './inputs.ts';
import { type CheckedLimits, type OnnxLimits, readLimits } from './limits.ts';

/**
 * The options of {@link loadOnnx} and {@link parseOnnx}.
 *
 * @typeParam Names  the names in `outputs`
 * @category Networks
 */
export interface OnnxOptions<Names extends readonly string[] = readonly string[]> {
  /** Which algorithms the convolutions may use, as for `compile`: `'direct'` by default, or `'fast'`. */
  readonly algorithm?: Algorithm | undefined;
  /** With `'fast'`: how many bytes the transformed weights of one layer may take. Default 2^28. */
  readonly maxWeightBytes?: number | undefined;
  /** As for `compile`: how many bytes intermediate values may take before the network computes long signals in stretches. Default 16 MiB. */
  readonly maxWorkingBytes?: number | undefined;
  /**
   * Examples of sizes, by the names that the file gives them: `{ batch: 1, time: 16000 }`. A size without a name goes by its input and dimension,
   * `'x.2'`. Calls may have other sizes. By default `loadOnnx` tries sizes until the model accepts them.
   */
  readonly dimensions?: { readonly [name: string]: number } | undefined;
  /** Values for inputs that are the same in all calls, such as `{ sr: 16000n }`; these are then no inputs of the network. Default: none. */
  readonly constants?: { readonly [name: string]: number | bigint | boolean | Tensor<Dtype> } | undefined;
  /** The names of the outputs to compute. Default: all, in their order. */
  readonly outputs?: Names | undefined;
  /** How much a file may ask for. Default: 4 GiB, 65536 nodes, 256 MiB of computed constants, 1 GiB for a call. */
  readonly limits?: OnnxLimits | undefined;
  /**
   * For a model that you give as bytes: the bytes of the files in which it keeps tensors, by the names of the files. Default: none. For a model
   * that you give by its path, `loadOnnx` reads these files from the model's folder.
   */
  readonly externalData?: { readonly [location: string]: Uint8Array } | undefined;
}

/** Checked options; those that depend on the model are checked after it has been read. */
export interface OnnxSettings extends AlgorithmChoice {
  readonly maxWorkingBytes: number;
  readonly dimensions: unknown;
  readonly constants: Readonly<Record<string, unknown>>;
  readonly outputs: readonly string[] | null;
  readonly limits: CheckedLimits;
  readonly externalData: ReadonlyMap<string, Uint8Array> | null;
}

const OPTIONS = [
  'algorithm',
  'maxWeightBytes',
  'maxWorkingBytes',
  'dimensions',
  'constants',
  'outputs',
  'limits',
  'externalData',
] as const;

/** Checks the options, each read once. */
export function readOnnxOptions(options: unknown, what: string): OnnxSettings {
  if (options !== undefined) refuseUnknownOptions(options as object, OPTIONS, what);
  const given = (options ?? {}) as Readonly<Record<(typeof OPTIONS)[number], unknown>>;
  const {
    algorithm,
    maxWeightBytes,
    maxWorkingBytes,
    dimensions,
    constants = {},
    outputs,
    limits,
    externalData,
  } = given;
  if (!isPlainObject(constants)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `${what}(): constants must be an object such as { sr: 16000n }, but got ${describe(constants)}`,
    );
  }
  return {
    algorithm: algorithm === undefined ? undefined : readAlgorithm(algorithm),
    maxWeightBytes: maxWeightBytes === undefined ? undefined : readMaxWeightBytes(maxWeightBytes),
    maxWorkingBytes: maxWorkingBytes === undefined ? DEFAULT_WORKING_BYTES : readWorkingBytes(maxWorkingBytes),
    dimensions,
    constants: { ...constants },
    outputs: outputs === undefined ? null : (readList(outputs, `${what}(): outputs`, 'names') as string[]),
    limits: readLimits(limits),
    externalData: readGiven(externalData),
  };
}

/** The names of the outputs that the caller asks for; the model must have them. */
export function chosenOutputs(asked: readonly string[] | null, known: readonly string[]): readonly string[] {
  if (asked === null) return known;
  const other = asked.find((name) => !known.includes(name));
  if (other !== undefined || asked.length === 0) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `loadOnnx(): the model has no output ${describe(other)}; it has ${known.join(', ')}`,
    );
  }
  if (new Set(asked).size !== asked.length)
    throw rangeError('ERR_CONV1D_VALUE', 'loadOnnx(): an output is asked for twice');
  return asked;
}

/** The values to which the caller binds inputs. */
export function readConstants(
  given: Readonly<Record<string, unknown>>,
  specs: readonly InputSpec[],
): ReadonlyMap<string, View> {
  return new Map(
    Object.entries(given).map(([name, value]): [string, View] => {
      const spec = specs.find((each) => each.name === name);
      if (spec === undefined) {
        throw typeError(
          'ERR_CONV1D_OPTION',
          `loadOnnx(): there is no input ${describe(name)}; there are ${specs.map((each) => each.name).join(', ')}`,
        );
      }
      return [name, constantOf(spec, value)];
    }),
  );
}

function constantOf({ name, dtype, shape }: InputSpec, value: unknown): View {
  const view = viewOf(value);
  if (view !== undefined) {
    if (view.dtype !== dtype)
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `loadOnnx(): the input '${name}' is ${dtype}, but the constant is ${view.dtype}`,
      );
    const fits =
      view.shape.length === shape.length &&
      shape.every((size, dim) => typeof size === 'string' || size === view.shape[dim]);
    if (fits) return copyOfView(view);
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `loadOnnx(): the input '${name}' is [${shape.join(', ')}], but the constant ${formatShape(view.shape)}`,
    );
  }
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'boolean') {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `loadOnnx(): the constant '${name}' must be a number, a bigint, a bool or a Tensor, but got ${describe(value)}`,
    );
  }
  const sizes = shape.map((size) => (typeof size === 'number' ? size : 1));
  const elements = allocate(dtype, numelOf(sizes));
  elements.fill(element(value, dtype) as never);
  return viewOfAll(elements, dtype, Object.freeze(sizes));
}
