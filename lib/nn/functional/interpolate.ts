import { rangeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, describe, integer, isArray } from '../../check/validate.ts';
import { apply } from '../../tensor/dispatch.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { inputArgument, numberArgument } from '../arguments.ts';
import { upsample } from '../ops/upsample.ts';

/** The options of `functional.interpolate` and `nn.Upsample`: either a size or a factor. */
export interface InterpolateOptions {
  /** The length of the output. */
  readonly size?: number | readonly [number] | null | undefined;
  /** The length of the output over that of the input. */
  readonly scaleFactor?: number | readonly [number] | null | undefined;
  /** `'nearest'` (default): each output is the element before it; `'linear'`: it lies on the line between its neighbours. */
  readonly mode?: 'nearest' | 'linear' | undefined;
  /** With `'linear'`: whether the first and the last elements of both lie on each other. Default false. */
  readonly alignCorners?: boolean | null | undefined;
}

/** Checked options. */
export interface Interpolation {
  readonly size: number | null;
  readonly scaleFactor: number | null;
  readonly mode: string;
  readonly alignCorners: boolean | null;
}

/** Checks the options by themselves, each read once. */
export function readInterpolation(options: unknown, what: string): Interpolation {
  if (options !== undefined)
    refuseUnknownOptions(options as object, ['size', 'scaleFactor', 'mode', 'alignCorners'], what);
  const { size, scaleFactor, mode = 'nearest', alignCorners } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const [length, factor] = [alone(size), alone(scaleFactor)];
  return Object.freeze({
    size: length === null ? null : integer(length, `${what}: size`),
    scaleFactor: factor === null ? null : numberArgument(factor, `${what}: scaleFactor`),
    mode: typeof mode === 'string' ? mode : describe(mode),
    alignCorners: alignCorners === undefined || alignCorners === null ? null : boolean(alignCorners, 'alignCorners'),
  });
}

/** A number, or an array with one; null for none. */
function alone(value: unknown): unknown {
  return (isArray(value) && value.length === 1 ? value[0] : value) ?? null;
}

/**
 * Signals of another length: PyTorch's `torch.nn.functional.interpolate`. Places are computed as PyTorch 1.13 does it.
 *
 * @param input    (N, C, L), of floats
 * @param options  `size` or `scaleFactor`; mode 'nearest', alignCorners false by default
 * @returns        (N, C, size) or (N, C, floor(L * scaleFactor))
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_VALUE  when neither or both of size and factor are given, or there is no such mode
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has other dimensions, or either length is 0
 * @example
 * functional.interpolate(tensor([[[1, 2]]]), { scaleFactor: 2 }).toArray();   // [[[1, 1, 2, 2]]]
 */
export function interpolate<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  options: InterpolateOptions,
): Tensor<D, R> {
  return interpolated(input, readInterpolation(options, 'functional.interpolate')) as Tensor<D, R>;
}

/** With checked options. */
export function interpolated(input: unknown, { size, scaleFactor, mode, alignCorners }: Interpolation): object {
  const x = inputArgument(input, 'interpolate');
  if (mode === 'nearest' && alignCorners !== null) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      'align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear',
    );
  }
  if (size !== null && scaleFactor !== null) {
    throw rangeError('ERR_CONV1D_VALUE', 'only one of size or scale_factor should be defined');
  }
  if (size === null && scaleFactor === null) {
    throw rangeError('ERR_CONV1D_VALUE', 'either size or scale_factor should be defined');
  }
  const ndim = x.shape.length;
  if (ndim !== 3 || (mode !== 'nearest' && mode !== 'linear')) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Input Error: Only 3D, 4D and 5D input Tensors supported (got ${ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | area | nearest-exact (got ${mode}); here signals are (N, C, L), and modes 'nearest' and 'linear'`,
    );
  }
  return apply(upsample, [x], { size, scale: scaleFactor ?? 0, mode, alignCorners: alignCorners ?? false });
}
