import { rangeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, integer, isArray } from '../../check/validate.ts';
import { apply, applyMany } from '../../tensor/dispatch.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { formatShape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { View } from '../../tensor/view.ts';
import { inputArgument, requireDimensions, sizeArgument } from '../arguments.ts';
import * as ops from '../ops/pooling.ts';

/** The options of `functional.maxPool1d`. */
export interface MaxPoolOptions {
  /** The distance between neighbouring windows. Default: their length. */
  readonly stride?: number | undefined;
  /** Elements added to both ends, below all others; at most half of the window. Default 0. */
  readonly padding?: number | undefined;
  /** The distance between neighbouring elements of a window. Default 1. */
  readonly dilation?: number | undefined;
  /** Whether windows that reach beyond the end count. Default false. */
  readonly ceilMode?: boolean | undefined;
  /** Whether the places of the largest elements are given, too. Default false. */
  readonly returnIndices?: boolean | undefined;
}

/** The options of `functional.avgPool1d`. */
export interface AvgPoolOptions {
  /** The distance between neighbouring windows. Default: their length. */
  readonly stride?: number | undefined;
  /** Zeros added to both ends; at most half of the window. Default 0. */
  readonly padding?: number | undefined;
  /** Whether windows that reach beyond the end count. Default false. */
  readonly ceilMode?: boolean | undefined;
  /** Whether the padding's zeros count in the mean. Default true. */
  readonly countIncludePad?: boolean | undefined;
}

/** The options of `functional.adaptiveMaxPool1d`. */
export interface AdaptiveMaxPoolOptions {
  /** Whether the places of the largest elements are given, too. Default false. */
  readonly returnIndices?: boolean | undefined;
}

/** Checked parameters of windows. */
export interface Windows {
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly ceilMode: boolean;
  readonly returnIndices: boolean;
  readonly countIncludePad: boolean;
}

/** Checks the parameters of windows, each read once. */
export function readWindows(kernelSize: unknown, options: unknown, what: 'maxPool1d' | 'avgPool1d'): Windows {
  const isMax = what === 'maxPool1d';
  const names = isMax
    ? ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices']
    : ['stride', 'padding', 'ceilMode', 'countIncludePad'];
  if (options !== undefined) refuseUnknownOptions(options as object, names, what);
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const [stride, padding, dilation, ceilMode, returnIndices, countIncludePad] = [
    given.stride,
    given.padding,
    given.dilation,
    given.ceilMode,
    given.returnIndices,
    given.countIncludePad,
  ];
  const sentence = (name: string) => (value: number) =>
    `${isMax ? 'max_pool1d' : 'avg_pool1d'}() ${name} must be greater than zero, but got ${value}`;
  const size = sizeArgument(kernelSize, `${what}(): kernelSize`, 1, sentence('kernel_size'));
  const step =
    stride === undefined || stride === null ? size : sizeArgument(stride, `${what}(): stride`, 1, sentence('stride'));
  const pad = sizeArgument(
    padding ?? 0,
    `${what}(): padding`,
    0,
    (value) => `${isMax ? 'max_pool1d' : 'avg_pool1d'}() padding must be non-negative, but got ${value}`,
  );
  if (pad > size / 2) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      isMax
        ? `max_pool1d() padding should be at most half of kernel size, but got padding=${pad} and kernel_size=${size}`
        : `pad should be at most half of kernel size, but got pad=${pad} and kernel_size=${size}`,
    );
  }
  return Object.freeze({
    kernelSize: size,
    stride: step,
    padding: pad,
    dilation: sizeArgument(dilation ?? 1, `${what}(): dilation`, 1, sentence('dilation')),
    ceilMode: boolean(ceilMode ?? false, 'ceilMode'),
    returnIndices: boolean(returnIndices ?? false, 'returnIndices'),
    countIncludePad: boolean(countIncludePad ?? true, 'countIncludePad'),
  });
}

/**
 * The largest element of each window along signals: PyTorch's `torch.nn.functional.max_pool1d`.
 *
 * @param input       (N, C, L), or (C, L) for a single signal, of floats
 * @param kernelSize  elements of a window
 * @param options     stride `kernelSize`, padding 0, dilation 1, ceilMode false, returnIndices false by default
 * @returns           (N, C, outLength) or (C, outLength); with `returnIndices`, that and the places in an array of two
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has other dimensions, or is shorter than a window
 * @example
 * functional.maxPool1d(tensor([[1, 5, 2, 4]]), 2).toArray();   // [[5, 4]]
 */
export function maxPool1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  kernelSize: number,
  options: MaxPoolOptions & { readonly returnIndices: true },
): [Tensor<D, R>, Tensor<'int64', R>];
export function maxPool1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  kernelSize: number,
  options?: MaxPoolOptions & { readonly returnIndices?: false | undefined },
): Tensor<D, R>;
export function maxPool1d(input: unknown, kernelSize: unknown, options?: unknown): unknown {
  return maxPool(input, readWindows(kernelSize, options, 'maxPool1d'));
}

/** With checked parameters. */
export function maxPool(input: unknown, windows: Windows): unknown {
  const x = inputArgument(input, 'maxPool1d');
  requireDimensions(
    x,
    [2, 3],
    () =>
      `max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:${formatShape(x.shape)}`,
  );
  const results = applyMany(ops.maxPool, [x], windows);
  return windows.returnIndices ? results : results[0];
}

/**
 * The mean of each window along signals: PyTorch's `torch.nn.functional.avg_pool1d`.
 *
 * @param input       (N, C, L), or (C, L) for a single signal, of floats
 * @param kernelSize  elements of a window
 * @param options     stride `kernelSize`, padding 0, ceilMode false, countIncludePad true by default
 * @returns           (N, C, outLength) or (C, outLength)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has other dimensions, or is shorter than a window
 * @example
 * functional.avgPool1d(tensor([[1, 5, 2, 4]]), 2).toArray();   // [[3, 3]]
 */
export function avgPool1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  kernelSize: number,
  options?: AvgPoolOptions,
): Tensor<D, R> {
  return avgPool(input, readWindows(kernelSize, options, 'avgPool1d')) as Tensor<D, R>;
}

/** With checked parameters. */
export function avgPool(input: unknown, windows: Windows): object {
  const x = signals(input, 'avgPool1d', 'avg_pool1d');
  return apply(ops.avgPool, [x], windows);
}

function signals(input: unknown, what: string, torchs: string): View {
  const x = inputArgument(input, what);
  requireDimensions(
    x,
    [2, 3],
    (ndim) =>
      `Expected 2 to 3 dimensions, but got ${ndim}-dimensional tensor for argument #1 'self' (while checking arguments for ${torchs})`,
  );
  return x;
}

function adaptive(input: unknown, outputSize: unknown, what: string, torchs: string): [View, number] {
  const x = signals(input, what, torchs);
  const size = readOutputSize(outputSize, what) ?? x.shape.at(-1)!;
  if (x.shape.at(-1) === 0 || x.shape.at(-2) === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${torchs}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes ${formatShape(x.shape)}`,
    );
  }
  return [x, size];
}

/** A length, or an array with one; null for that of the input. */
export function readOutputSize(value: unknown, what: string): number | null {
  const given = isArray(value) && value.length === 1 ? value[0] : value;
  if (given === null) return null;
  const size = integer(given, `${what}(): outputSize`);
  if (size >= 0) return size;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `${what}(): elements of output_size must be greater than or equal to 0 but received ${size}`,
  );
}

/**
 * The mean of each of as many windows as there shall be outputs; they cover the signal: PyTorch's
 * `torch.nn.functional.adaptive_avg_pool1d`.
 *
 * @param input       (N, C, L), or (C, L) for a single signal, of floats
 * @param outputSize  0 or more
 * @returns           (N, C, outputSize) or (C, outputSize)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_VALUE  when the size is negative
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has other dimensions, or nothing in them
 * @example
 * functional.adaptiveAvgPool1d(tensor([[1, 5, 2, 4]]), 2).toArray();   // [[3, 3]]
 */
export function adaptiveAvgPool1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  outputSize: number | readonly [number] | null,
): Tensor<D, R> {
  const [x, outLength] = adaptive(input, outputSize, 'adaptiveAvgPool1d', 'adaptive_avg_pool1d');
  return apply(ops.adaptiveAvgPool, [x], { outLength }) as Tensor<D, R>;
}

/**
 * The largest element of each of as many windows as there shall be outputs; they cover the signal: PyTorch's
 * `torch.nn.functional.adaptive_max_pool1d`.
 *
 * @param input       (N, C, L), or (C, L) for a single signal, of floats
 * @param outputSize  0 or more
 * @param options     returnIndices false by default
 * @returns           (N, C, outputSize) or (C, outputSize); with `returnIndices`, that and the places in an array of two
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_VALUE  when the size is negative
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has other dimensions, or nothing in them
 * @example
 * functional.adaptiveMaxPool1d(tensor([[1, 5, 2, 4]]), 2).toArray();   // [[5, 4]]
 */
export function adaptiveMaxPool1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  outputSize: number | readonly [number] | null,
  options: { readonly returnIndices: true },
): [Tensor<D, R>, Tensor<'int64', R>];
export function adaptiveMaxPool1d<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  outputSize: number | readonly [number] | null,
  options?: { readonly returnIndices?: false | undefined },
): Tensor<D, R>;
export function adaptiveMaxPool1d(input: unknown, outputSize: unknown, options?: unknown): unknown {
  return adaptiveMax(input, outputSize, readReturnIndices(options, 'functional.adaptiveMaxPool1d'));
}

/** With checked options. */
export function adaptiveMax(input: unknown, outputSize: unknown, returnIndices: boolean): unknown {
  const [x, outLength] = adaptive(input, outputSize, 'adaptiveMaxPool1d', 'adaptive_max_pool1d');
  const results = applyMany(ops.adaptiveMaxPool, [x], { outLength, returnIndices });
  return returnIndices ? results : results[0];
}

/** The only option of adaptive max pooling. */
export function readReturnIndices(options: unknown, what: string): boolean {
  if (options === undefined) return false;
  refuseUnknownOptions(options as object, ['returnIndices'], what);
  const { returnIndices } = options as AdaptiveMaxPoolOptions;
  return boolean(returnIndices ?? false, 'returnIndices');
}
