import { rangeError } from '../../../check/errors.ts';
import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { boolean } from '../../../check/validate.ts';
import { tensorFrom } from '../../../tensor/dispatch.ts';
import type { FloatDtype } from '../../../tensor/dtype.ts';
import { runOperation } from '../../../tensor/operation.ts';
import { add } from '../../../tensor/ops/elementwise.ts';
import { pow } from '../../../tensor/ops/pow.ts';
import { NO_PARAMETERS, sqrt, square } from '../../../tensor/ops/unary.ts';
import { narrow, squeeze } from '../../../tensor/ops/views.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { floatsOfView } from '../../../tensor/view.ts';
import { numberArgument } from '../../arguments.ts';
import { type FramingOptions, readFraming, windowView } from './framing.ts';
import { readCentering, type StftOptions, signalArgument, spectraOf } from './stft.ts';

/** The options of `functional.spectrogram`. */
export interface SpectrogramOptions extends FramingOptions, Pick<StftOptions, 'center' | 'padMode'> {
  /** The exponent: 1 for magnitudes, 2 for their squares, or any other number above 0. Default 2. */
  readonly power?: number | undefined;
  /** Whether to divide the spectra by the square root of the sum of the squared window. Default false. */
  readonly normalized?: boolean | undefined;
}

const OPTIONS = ['hopLength', 'winLength', 'window', 'center', 'padMode', 'power', 'normalized'];

/**
 * The strength of each frequency over time: torchaudio's `torchaudio.functional.spectrogram`, the magnitudes of {@link stft} or their squares.
 *
 * @param input    (N, L), or (L) for a single signal, float32 or float64
 * @param nFft     samples per frame, from 1 to 2^22
 * @param options  those of `stft`, with the same defaults; power 2 and normalized false by default
 * @returns        (N, bins, frames), or (bins, frames), with bins = floor(nFft / 2) + 1 and as many frames as of `stft`
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has neither one nor two dimensions, when it is shorter than a frame (or, with center, too short to
 *                                      pad), or when the window's length is not winLength
 * @example
 * functional.spectrogram(rand(16000), 400, { hopLength: 160, window: functional.hannWindow(400) }).shape;   // [201, 101]
 */
export function spectrogram<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  nFft: number,
  options?: SpectrogramOptions,
): Tensor<D> {
  const x = signalArgument(input, 'spectrogram');
  if (options !== undefined) refuseUnknownOptions(options, OPTIONS, 'functional.spectrogram');
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const framing = readFraming(nFft, given, 'spectrogram');
  const { center = true, padMode = 'reflect', power = 2, normalized = false } = given;
  const padding = readCentering(center, padMode);
  const exponent = numberArgument(power, 'spectrogram(): power');
  if (!(exponent > 0 && Number.isFinite(exponent))) {
    throw rangeError('ERR_CONV1D_VALUE', `spectrogram(): power must be above 0, but got ${exponent}`);
  }
  const window = windowView(framing, x, 'spectrogram');
  let squares = 0;
  for (const element of floatsOfView(window)) squares += element * element;
  const scale = boolean(normalized, 'normalized') ? 1 / Math.sqrt(squares) : 1;
  const spectra = spectraOf(x, framing, window, padding, scale);
  const both = runOperation(square, [spectra], NO_PARAMETERS);
  const dim = both.shape.length - 3;
  const part = (start: number) => runOperation(narrow, [both], { dim, start, length: 1 });
  const sums = runOperation(squeeze, [runOperation(add, [part(0), part(1)], {})], { dims: [dim] });
  if (exponent === 2) return tensorFrom(sums) as Tensor<D>;
  const powers =
    exponent === 1 ? runOperation(sqrt, [sums], NO_PARAMETERS) : runOperation(pow, [sums], { other: exponent / 2 });
  return tensorFrom(powers) as Tensor<D>;
}
