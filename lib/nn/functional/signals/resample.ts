import { rangeError } from '../../../check/errors.ts';
import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { oneOf } from '../../../check/validate.ts';
import { tensorFrom } from '../../../tensor/dispatch.ts';
import type { FloatDtype } from '../../../tensor/dtype.ts';
import { runOperation } from '../../../tensor/operation.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { inputArgument, numberArgument, sizeArgument } from '../../arguments.ts';
import { resample as resampleOf } from '../../ops/resample.ts';
import { resamplingFilter } from './resamplingFilter.ts';

/** The options of `functional.resample`. */
export interface ResampleOptions {
  /** The number of zero crossings of the sinc on either side: more make a sharper filter, and take longer. Default 6. */
  readonly lowpassFilterWidth?: number | undefined;
  /** The cut-off frequency, as a part of the lower of both Nyquist frequencies. A lower one lets less aliasing through. Default 0.99. */
  readonly rolloff?: number | undefined;
  /** The window of the sinc. Default `'sinc_interp_hann'`. */
  readonly resamplingMethod?: 'sinc_interp_hann' | 'sinc_interp_kaiser' | undefined;
  /** With `'sinc_interp_kaiser'`: the shape of Kaiser's window. Default 14.769656459379492. */
  readonly beta?: number | null | undefined;
}

const OPTIONS = ['lowpassFilterWidth', 'rolloff', 'resamplingMethod', 'beta'];
const METHODS = ['sinc_interp_hann', 'sinc_interp_kaiser'] as const;

/** torchaudio's default. */
const KAISER_BETA = 14.769656459379492;

/**
 * Changes the sample rate of signals with a windowed sinc: torchaudio's `torchaudio.functional.resample`. It is one convolution, with newFreq / g filters
 * and a stride of origFreq / g, where g is the greatest common divisor of the rates: 160 filters and a stride of 441 from 44,100 Hz to 16,000 Hz.
 *
 * @param waveform  (..., L), float32 or float64
 * @param origFreq  the sample rate of the signals, an integer
 * @param newFreq   the sample rate of the results, an integer in the same unit
 * @param options   by default lowpassFilterWidth 6, rolloff 0.99, resamplingMethod 'sinc_interp_hann', beta 14.769656459379492
 * @returns         (..., ceil(L * newFreq / origFreq))
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, when there is no such method, or when the rates have so small a common divisor
 *                                      that the filters would have more than 2^24 elements
 * @throws RangeError ERR_CONV1D_SHAPE  when the waveform has no dimension
 * @example
 * functional.resample(rand(2, 44100), 44100, 16000).shape;   // [2, 16000]
 */
export function resample<D extends FloatDtype, R extends number>(
  waveform: Tensor<D, R>,
  origFreq: number,
  newFreq: number,
  options?: ResampleOptions,
): Tensor<D, R> {
  const x = inputArgument(waveform, 'resample');
  if (x.shape.length === 0) throw rangeError('ERR_CONV1D_SHAPE', 'resample(): the waveform must have a dimension');
  const positive = () => 'resample(): Original frequency and desired frequency should be positive';
  const from = sizeArgument(origFreq, 'resample(): origFreq', 1, positive);
  const to = sizeArgument(newFreq, 'resample(): newFreq', 1, positive);
  if (options !== undefined) refuseUnknownOptions(options, OPTIONS, 'functional.resample');
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const { lowpassFilterWidth = 6, rolloff = 0.99, resamplingMethod = METHODS[0], beta } = given;
  const width = sizeArgument(
    lowpassFilterWidth,
    'resample(): lowpassFilterWidth',
    1,
    () => 'resample(): Low pass filter width should be positive.',
  );
  const part = numberArgument(rolloff, 'resample(): rolloff');
  if (!(part > 0 && part <= 1)) {
    throw rangeError('ERR_CONV1D_VALUE', `resample(): rolloff must be above 0 and at most 1, but got ${part}`);
  }
  const isKaiser = oneOf(resamplingMethod, METHODS, 'resamplingMethod') === 'sinc_interp_kaiser';
  const shape = numberArgument(beta ?? KAISER_BETA, 'resample(): beta');
  if (!Number.isFinite(shape))
    throw rangeError('ERR_CONV1D_VALUE', `resample(): beta must be finite, but got ${shape}`);
  if (from === to) return waveform;
  const common = greatestDivisor(from, to);
  const rates = { from: from / common, to: to / common };
  const layer = resamplingFilter({
    ...rates,
    lowpassFilterWidth: width,
    rolloff: part,
    beta: isKaiser ? shape : null,
    dtype: x.dtype as FloatDtype,
  });
  return tensorFrom(runOperation(resampleOf, [x], { ...rates, layer })) as Tensor<D, R>;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
