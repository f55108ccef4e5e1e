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
 * An argument of a forward: a tensor, or an array of tensors, such as SNAC's noises.
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
   * An example input: with the dtype and the number of dimensions of the inputs to come, and with sizes that the network takes. Its values do not
   * matter. For a forward with one argument.
   */
  readonly input?: NetworkInput | undefined;
  /**
   * The same for a forward with several arguments, in their order: an array, or an object whose keys are names, for calls such as
   * `network.forward({ x, h, c })`. Either this or `input` is needed.
   */
  readonly inputs?: readonly NetworkInput[] | { readonly [name: string]: NetworkInput } | undefined;
  /**
   * Names for the tensors that the forward returns, in their order, including those within arrays and objects: calls by name give an object with
   * them. Default: the keys of the object that the forward returns; or none for one tensor, and `output0`, `output1` for several.
   */
  readonly outputs?: Names | undefined;
  /**
   * Which algorithms the convolutions may use: `'direct'`, with the bits of the module, or `'fast'`, which differs from them by rounding.
   * Default: that of each layer.
   */
  readonly algorithm?: Algorithm | undefined;
  /** With `'fast'`: how many bytes the transformed weights of one layer may take. Default: that of each layer, 2^28 unless you gave another. */
  readonly maxWeightBytes?: number | undefined;
  /**
   * How many bytes intermediate values may take before the network computes long signals in stretches, one after the other, so that memory
   * does not grow with their length. Default 16 MiB, `16777216`; Infinity for never. If a node needs the whole signal, as an LSTM
   * does, the network computes the whole signal at once, whatever memory that takes. The bits do not depend on this option.
   */
  readonly maxWorkingBytes?: number | undefined;
}

/** Checked options. */
export interface CompileSettings extends AlgorithmChoice {
  /** The arguments of forward. */
  readonly inputs: readonly unknown[];
  /** The names of the inputs; null if the caller gave none. */
  readonly inputNames: readonly string[] | null;
  readonly outputNames: readonly string[] | null;
  readonly maxWorkingBytes: number;
  /** The bytes that a call may take up for its outputs and what lies between. Infinity, except for networks of ONNX files. */
  readonly maxCallBytes: number;
  /** For each tensor of the inputs, the sizes in its file: numbers, or names for sizes that may differ. Without a file, all may differ. */
  readonly shapes?: readonly (readonly (number | string)[])[] | undefined;
}

const OPTIONS = ['input', 'inputs', 'outputs', 'algorithm', 'maxWeightBytes', 'maxWorkingBytes'] as const;

/** All in all, a call stays below 32 MiB with it. With less, stretches are shorter, and compute more of their overlaps twice. */
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
 * The options of `network.forwardAsync`, after its inputs.
 *
 * @example
 * const y = await network.forwardAsync(x, { signal: AbortSignal.timeout(1000) });
 * @category Networks
 */
export interface NetworkAsyncOptions {
  /** Aborts the call: a waiting one leaves the queue, a running one stops at its next step, and the promise rejects with an AbortError. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** The signal of a call, checked. */
export function readSignal(options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined;
  refuseUnknownOptions(options as object, ['signal'], 'network.forwardAsync');
  return signalOption((options as { signal?: unknown }).signal, 'network.forwardAsync');
}
