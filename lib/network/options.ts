import { rangeError, typeError } from '../check/errors.ts';
import { readList } from '../check/list.ts';
import { isPlainObject, refuseUnknownOptions } from '../check/unknownOption.ts';
import { describe, integer } from '../check/validate.ts';
import { type Algorithm, readAlgorithm, readMaxWeightBytes } from '../convolution/algorithm.ts';
import { signalOption } from '../native/background.ts';
import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AlgorithmChoice } from './passes/layers.ts';

/**
 * What a forward takes: a tensor, or an array of some, as SNAC's noises.
 *
 * @category Networks
 */
export type NetworkInput = Tensor<Dtype> | readonly NetworkInput[];

/**
 * The options of {@link compile}.
 *
 * @typeParam Names  the names in `outputs`
 * @example
 * const net = new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU()).eval();
 * const network = compile(net, { inputs: { x: rand(1, 2, 100) }, outputs: ['y'], algorithm: 'fast' });
 * network.forward({ x: rand(4, 2, 77) }).y.shape;   // [4, 3, 73]
 * @category Networks
 */
export interface CompileOptions<Names extends readonly string[] = readonly string[]> {
  /**
   * An input like those to come: of their dtype and their number of dimensions, and with sizes that the network takes. What it holds does not
   * matter. For a forward with one argument.
   */
  readonly input?: NetworkInput | undefined;
  /**
   * The same for a forward with several arguments, in their order: an array, or an object whose keys are names, for calls such as
   * `network.forward({ x, h, c })`. Either this or `input` is needed.
   */
  readonly inputs?: readonly NetworkInput[] | { readonly [name: string]: NetworkInput } | undefined;
  /**
   * Names for the tensors that the forward returns, in their order, also of those within arrays and objects: calls by name give an object with
   * them. Default: the keys of the object that the forward returns; or none for one tensor, and `output0`, `output1` for several.
   */
  readonly outputs?: Names | undefined;
  /**
   * Which algorithms the convolutions may take: `'direct'`, whose bits are those of the module, or `'fast'`, which differs from them by rounding.
   * Default: as each layer has it.
   */
  readonly algorithm?: Algorithm | undefined;
  /** With `'fast'`: how many bytes the transformed weights of one layer may take up. Default: as each layer has it, 2^28. */
  readonly maxWeightBytes?: number | undefined;
  /**
   * How many bytes the values between inputs and outputs may take up before long signals run in stretches, one after the other: memory then
   * does not grow with their length. Default 16 MiB, `16777216`; Infinity for never. Networks of which a node needs the whole signal, as an LSTM
   * does, run it whole whatever that takes. The bits do not depend on it.
   */
  readonly maxWorkingBytes?: number | undefined;
}

/** Checked options. */
export interface CompileSettings extends AlgorithmChoice {
  /** The arguments of forward. */
  readonly inputs: readonly unknown[];
  /** Their names; null where none were given. */
  readonly inputNames: readonly string[] | null;
  readonly outputNames: readonly string[] | null;
  readonly maxWorkingBytes: number;
  /** What a call may take up before it is refused: outputs and what is between. Infinity but for networks of files of others. */
  readonly maxCallBytes: number;
  /** Of each tensor among the inputs, what a file says of its sizes: numbers, or names for those that may differ. All may where no file says. */
  readonly shapes?: readonly (readonly (number | string)[])[] | undefined;
}

const OPTIONS = ['input', 'inputs', 'outputs', 'algorithm', 'maxWeightBytes', 'maxWorkingBytes'] as const;

/** Below 32 MiB with all that is beside it. Shorter stretches compute more of what overlaps. */
export const DEFAULT_WORKING_BYTES = 16 * 2 ** 20;

/** Checks the options, each read once. */
export function readCompileOptions(options: unknown): CompileSettings {
  if (options === undefined) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      'compile() needs an input like those to come: compile(module, { input: rand(1, 12, 1000) })',
    );
  }
  refuseUnknownOptions(options as object, OPTIONS, 'compile');
  const given = options as Readonly<Record<(typeof OPTIONS)[number], unknown>>;
  const { input, inputs, outputs, algorithm, maxWeightBytes, maxWorkingBytes } = given;
  if ((input === undefined) === (inputs === undefined)) {
    throw typeError('ERR_CONV1D_TYPE', 'compile() needs either input or inputs');
  }
  const isNamed = input === undefined && isPlainObject(inputs);
  const named = isNamed ? Object.entries(inputs) : [];
  const list = isNamed
    ? named.map(([, value]) => value)
    : input === undefined
      ? readList(inputs, 'compile(): inputs', 'tensors')
      : [input];
  return {
    inputs: list,
    inputNames: isNamed ? named.map(([name]) => name) : null,
    outputNames: outputs === undefined ? null : readNames(outputs),
    algorithm: algorithm === undefined ? undefined : readAlgorithm(algorithm),
    maxWeightBytes: maxWeightBytes === undefined ? undefined : readMaxWeightBytes(maxWeightBytes),
    maxWorkingBytes: maxWorkingBytes === undefined ? DEFAULT_WORKING_BYTES : readWorkingBytes(maxWorkingBytes),
    maxCallBytes: Number.POSITIVE_INFINITY,
  };
}

/** A number of bytes above 0, or Infinity. */
export function readWorkingBytes(value: unknown): number {
  const bytes = value === Number.POSITIVE_INFINITY ? value : integer(value, 'maxWorkingBytes');
  if (bytes > 0) return bytes;
  throw rangeError('ERR_CONV1D_VALUE', `maxWorkingBytes must be above 0, but got ${bytes}`);
}

function readNames(value: unknown): string[] {
  const names = readList(value, 'compile(): outputs', 'names');
  for (const name of names) {
    if (typeof name !== 'string' || name === '') {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `compile(): the name of an output must be a string, but got ${describe(name)}`,
      );
    }
  }
  if (new Set(names).size !== names.length) {
    throw rangeError('ERR_CONV1D_VALUE', 'compile(): two outputs have the same name');
  }
  return names as string[];
}

/**
 * The options of `network.forwardAsync`, behind its inputs.
 *
 * @example
 * const y = await network.forwardAsync(x, { signal: AbortSignal.timeout(1000) });
 * @category Networks
 */
export interface NetworkAsyncOptions {
  /** Aborts the call; default: nothing does. A waiting one leaves the queue, a running one stops at its next step, and the promise rejects with an AbortError. */
  readonly signal?: AbortSignal | undefined;
}

/** The signal of a call, checked. */
export function readSignal(options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined;
  refuseUnknownOptions(options as object, ['signal'], 'network.forwardAsync');
  return signalOption((options as { signal?: unknown }).signal, 'network.forwardAsync');
}
