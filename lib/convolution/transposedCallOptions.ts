import { rangeError } from '../check/errors.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, integer, isArray } from '../check/validate.ts';
import { signalOption } from '../native/background.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AsyncCallOptions, ForwardAsyncOptions, ForwardOptions } from './callOptions.ts';

/**
 * How long the output of a transposed convolution should be.
 *
 * @category Layer
 */
export interface OutputSizeOption {
  /**
   * The length of the output, by itself, in a list or as the last of a shape: `outputPadding` for this call, since several lengths have one
   * input length in common. It may be up to `stride - 1` more than without output padding.
   */
  outputSize?: number | readonly number[] | undefined;
}

/**
 * The options of `ConvTranspose1d.forward`.
 *
 * @category Layer
 */
export type ConvTranspose1dForwardOptions = ForwardOptions & OutputSizeOption;

/**
 * The options of `ConvTranspose1d.forwardAsync`.
 *
 * @category Layer
 */
export type ConvTranspose1dForwardAsyncOptions = ForwardAsyncOptions & OutputSizeOption;

/** The options of `forward`, checked. */
export interface TransposedCall {
  readonly out: Tensor | undefined;
  readonly outputSize: readonly number[] | undefined;
}

/** The options of `forward`, each read once. */
export function readTransposedForward(options: ConvTranspose1dForwardOptions): TransposedCall {
  refuseUnknownOptions(options, ['out', 'outputSize'], 'forward');
  const { out, outputSize } = options;
  return { out, outputSize: readOutputSize(outputSize, 'forward') };
}

/** The options of `forwardAsync`, each read once. */
export function readTransposedForwardAsync(options: ConvTranspose1dForwardAsyncOptions = {}): AsyncCallOptions {
  refuseUnknownOptions(options, ['out', 'outputSize', 'signal', 'borrow'], 'forwardAsync');
  const { out, outputSize, signal, borrow = false } = options;
  return {
    out,
    signal: signalOption(signal, 'forwardAsync'),
    borrow: boolean(borrow, 'forwardAsync: borrow'),
    outputSize: readOutputSize(outputSize, 'forwardAsync'),
  };
}

function readOutputSize(value: unknown, what: string): readonly number[] | undefined {
  if (value === undefined) return undefined;
  const name = `${what}: outputSize`;
  if (!isArray(value)) return [integer(value, name, 'an integer or a list of integers')];
  const { length } = value;
  if (length > 3) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${name} must have the length or a shape of 2 or 3, but has ${length} elements`,
    );
  }
  return Array.from({ length }, (_, i) => integer(value[i], `${name}[${i}]`));
}
