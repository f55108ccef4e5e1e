import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { boolean } from '../../../check/validate.ts';
import { allocate } from '../../../tensor/allocate.ts';
import { type FloatDtype, readFloatDtype } from '../../../tensor/dtype.ts';
import { tensor } from '../../../tensor/factories.ts';
import { numelOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { numberArgument, sizeArgument } from '../../arguments.ts';
import { besselI0 } from './besselI0.ts';

// torch's windows. We compute them in float64, with this library's cosine, and round once, so they have the same bits on every machine.

/** The options of windows. */
export interface WindowOptions<D extends FloatDtype | undefined = FloatDtype | undefined> {
  /** Whether the window is one period of a periodic function, as spectra need it; otherwise it is symmetric. Default true. */
  readonly periodic?: boolean | undefined;
  /** Default `'float32'`. */
  readonly dtype?: D;
}

/** The options of `functional.hammingWindow`. */
export interface HammingWindowOptions<D extends FloatDtype | undefined = FloatDtype | undefined>
  extends WindowOptions<D> {
  /** Default 0.54. */
  readonly alpha?: number | undefined;
  /** Default 0.46. */
  readonly beta?: number | undefined;
}

/** The options of `functional.kaiserWindow`. */
export interface KaiserWindowOptions<D extends FloatDtype | undefined = FloatDtype | undefined>
  extends WindowOptions<D> {
  /** The shape: 0 makes a rectangle, larger numbers a narrower window. Default 12. */
  readonly beta?: number | undefined;
}

type WindowOf<D extends FloatDtype | undefined> = Tensor<D extends FloatDtype ? D : 'float32', 1>;

/**
 * Hann's window, `0.5 - 0.5 cos(2 pi n / N)`: PyTorch's `torch.hann_window`.
 *
 * @param windowLength  the number of points, 0 or more; N of the formula is windowLength, or windowLength - 1 if not periodic
 * @param options       by default periodic true, dtype 'float32'
 * @returns             (windowLength)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when the length is negative or the dtype unknown
 * @example
 * functional.hannWindow(4).toArray();   // [0, 0.5, 1, 0.5]
 */
export function hannWindow<D extends FloatDtype | undefined = undefined>(
  windowLength: number,
  options?: WindowOptions<D>,
): WindowOf<D> {
  const read = readWindow(windowLength, options, [], 'hannWindow');
  return raisedCosines(read, [0.5, 0.5]) as WindowOf<D>;
}

/**
 * Hamming's window, `alpha - beta cos(2 pi n / N)`: PyTorch's `torch.hamming_window`.
 *
 * @param windowLength  the number of points, 0 or more; N of the formula is windowLength, or windowLength - 1 if not periodic
 * @param options       by default periodic true, alpha 0.54, beta 0.46, dtype 'float32'
 * @returns             (windowLength)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when the length is negative or the dtype unknown
 * @example
 * functional.hammingWindow(4, { alpha: 0.5, beta: 0.5 }).toArray();   // [0, 0.5, 1, 0.5]
 */
export function hammingWindow<D extends FloatDtype | undefined = undefined>(
  windowLength: number,
  options?: HammingWindowOptions<D>,
): WindowOf<D> {
  const read = readWindow(windowLength, options, ['alpha', 'beta'], 'hammingWindow');
  const alpha = numberArgument(read.alpha ?? 0.54, 'hammingWindow(): alpha');
  const beta = numberArgument(read.beta ?? 0.46, 'hammingWindow(): beta');
  return raisedCosines(read, [alpha, beta]) as WindowOf<D>;
}

/**
 * Blackman's window, `0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)`: PyTorch's `torch.blackman_window`.
 *
 * @param windowLength  the number of points, 0 or more; N of the formula is windowLength, or windowLength - 1 if not periodic
 * @param options       by default periodic true, dtype 'float32'
 * @returns             (windowLength)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when the length is negative or the dtype unknown
 * @example
 * functional.blackmanWindow(4).data[2];   // 1
 */
export function blackmanWindow<D extends FloatDtype | undefined = undefined>(
  windowLength: number,
  options?: WindowOptions<D>,
): WindowOf<D> {
  const read = readWindow(windowLength, options, [], 'blackmanWindow');
  return raisedCosines(read, [0.42, 0.5, 0.08]) as WindowOf<D>;
}

/**
 * Bartlett's window, the triangle `1 - |2 n / N - 1|`: PyTorch's `torch.bartlett_window`.
 *
 * @param windowLength  the number of points, 0 or more; N of the formula is windowLength, or windowLength - 1 if not periodic
 * @param options       by default periodic true, dtype 'float32'
 * @returns             (windowLength)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when the length is negative or the dtype unknown
 * @example
 * functional.bartlettWindow(4).toArray();   // [0, 0.5, 1, 0.5]
 */
export function bartlettWindow<D extends FloatDtype | undefined = undefined>(
  windowLength: number,
  options?: WindowOptions<D>,
): WindowOf<D> {
  const read = readWindow(windowLength, options, [], 'bartlettWindow');
  return windowFrom(read, (n, last) => 1 - Math.abs((2 * n) / last - 1)) as WindowOf<D>;
}

/**
 * Kaiser's window, `I0(beta sqrt(1 - (2 n / N - 1)^2)) / I0(beta)`: PyTorch's `torch.kaiser_window`.
 *
 * @param windowLength  the number of points, 0 or more; N of the formula is windowLength, or windowLength - 1 if not periodic
 * @param options       by default periodic true, beta 12, dtype 'float32'
 * @returns             (windowLength)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when the length is negative or the dtype unknown
 * @example
 * functional.kaiserWindow(3, { beta: 0 }).toArray();   // [1, 1, 1]
 */
export function kaiserWindow<D extends FloatDtype | undefined = undefined>(
  windowLength: number,
  options?: KaiserWindowOptions<D>,
): WindowOf<D> {
  const read = readWindow(windowLength, options, ['beta'], 'kaiserWindow');
  const beta = numberArgument(read.beta ?? 12, 'kaiserWindow(): beta');
  const whole = besselI0(beta);
  return windowFrom(read, (n, last) => {
    const x = (2 * n) / last - 1;
    return besselI0(beta * Math.sqrt(Math.max(0, 1 - x * x))) / whole;
  }) as WindowOf<D>;
}

/** Checked, each option read once. */
interface ReadWindow {
  readonly length: number;
  /** N of the formulas: the index of the last point of the symmetric window of which this one is a part. */
  readonly last: number;
  readonly dtype: FloatDtype;
  /** For the windows that have them, as the caller gave them. */
  readonly alpha: unknown;
  readonly beta: unknown;
}

function readWindow(windowLength: unknown, options: unknown, more: readonly string[], what: string): ReadWindow {
  const length = sizeArgument(
    windowLength,
    `${what}(): windowLength`,
    0,
    (value) => `${what} requires non-negative window_length, got window_length=${value}`,
  );
  if (options !== undefined) {
    refuseUnknownOptions(options as object, [...more, 'periodic', 'dtype'], `functional.${what}`);
  }
  const { periodic = true, dtype = 'float32', alpha, beta } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const isPeriodic = boolean(periodic, 'periodic');
  return { length, last: isPeriodic ? length : length - 1, dtype: readFloatDtype(dtype), alpha, beta };
}

/** c0 - c1 cos(2 pi n / last) + c2 cos(4 pi n / last). */
function raisedCosines(read: ReadWindow, [c0, c1, c2 = 0]: readonly [number, number, number?]): Tensor {
  const { length, last } = read;
  const turns = (times: number) => {
    const angles = allocate('float64', numelOf([length]));
    for (let n = 0; n < length; n++) angles[n] = (2 * Math.PI * ((times * n) % last)) / last;
    return tensor(angles).cos().data;
  };
  const [once, twice] = [turns(1), turns(2)];
  return windowFrom(read, (n) => c0 - c1 * once[n]! + c2 * twice[n]!);
}

function windowFrom({ length, last, dtype }: ReadWindow, at: (n: number, last: number) => number): Tensor {
  const values = allocate(dtype, numelOf([length]));
  // As in torch, a window of one point is 1.
  for (let n = 0; n < length; n++) values[n] = length === 1 ? 1 : at(n, last);
  return tensor(values);
}
