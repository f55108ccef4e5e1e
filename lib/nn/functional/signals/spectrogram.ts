import { rangeError } from '../../../check/errors.ts';
import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { boolean, oneOf } from '../../../check/validate.ts';
import { tensorFrom } from '../../../tensor/dispatch.ts';
import type { FloatDtype } from '../../../tensor/dtype.ts';
import { runOperation } from '../../../tensor/operation.ts';
import { add } from '../../../tensor/ops/elementwise.ts';
import { pad as padOf } from '../../../tensor/ops/pad.ts';
import { pow } from '../../../tensor/ops/pow.ts';
import { NO_PARAMETERS, square } from '../../../tensor/ops/unary.ts';
import { narrow, squeeze } from '../../../tensor/ops/views.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { floatsOfView, type View } from '../../../tensor/view.ts';
import { inputArgument, numberArgument, sizeArgument } from '../../arguments.ts';
import { magnitude } from '../../ops/spectra.ts';
import { type FramingOptions, readFraming, windowView } from './framing.ts';
import { bothSides, readCentering, type StftOptions, spectraOf } from './stft.ts';

/** The options of `functional.spectrogram`. */
export interface SpectrogramOptions extends FramingOptions, Pick<StftOptions, 'center' | 'padMode' | 'onesided'> {
  /** How many zeros to add to both ends of the signal first. Default 0. */
  readonly pad?: number | undefined;
  /** The exponent: 1 for magnitudes, 2 for their squares, or any other number above 0. Default 2. */
  readonly power?: number | undefined;
  /** What to divide the spectra by: `'window'` or true for the square root of the sum of the squared window, `'frame_length'` for that of nFft. Default false. */
  readonly normalized?: boolean | 'window' | 'frame_length' | undefined;
}

const OPTIONS = ['hopLength', 'winLength', 'window', 'center', 'padMode', 'onesided', 'pad', 'power', 'normalized'];

const NORMS = ['window', 'frame_length'] as const;

/**
 * The strength of each frequency over time: torchaudio's `torchaudio.functional.spectrogram`, the magnitudes of {@link stft} or their squares.
 *
 * @param input    (..., L), float32 or float64
 * @param nFft     samples per frame, from 1 to 2^22
 * @param options  those of `stft`, with the same defaults; power 2, normalized false and pad 0 by default
 * @returns        (..., bins, frames), with bins = floor(nFft / 2) + 1, or nFft if not onesided, and as many frames as of `stft`
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has no dimension, when it is shorter than a frame (or, with center, too short to
 *                                      pad), or when the window's length is not winLength
 * @example
 * functional.spectrogram(rand(2, 1, 16000), 400, { hopLength: 160, window: functional.hannWindow(400) }).shape;   // [2, 1, 201, 101]
 */
export function spectrogram<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  nFft: number,
  options?: SpectrogramOptions,
): Tensor<D> {
  const x = inputArgument(input, 'spectrogram');
  if (x.shape.length === 0) throw rangeError('ERR_CONV1D_SHAPE', 'spectrogram(): the input must have a dimension');
  if (options !== undefined) refuseUnknownOptions(options, OPTIONS, 'functional.spectrogram');
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const framing = readFraming(nFft, given, 'spectrogram');
  const { center = true, padMode = 'reflect', onesided, pad = 0, power = 2, normalized = false } = given;
  const padding = readCentering(center, padMode);
  const exponent = numberArgument(power, 'spectrogram(): power');
  if (!(exponent > 0 && Number.isFinite(exponent))) {
    throw rangeError('ERR_CONV1D_VALUE', `spectrogram(): power must be above 0, but got ${exponent}`);
  }
  const isOnesided = boolean(onesided ?? true, 'onesided');
  const zeros = sizeArgument(pad, 'spectrogram(): pad', 0);
  const window = windowView(framing, x, 'spectrogram');
  const scale = 1 / Math.sqrt(divisor(normalized, window, framing.size));
  const half = spectraOf(withZeros(x, zeros), framing, window, padding, scale);
  const spectra = isOnesided ? half : bothSides(half, framing.size);
  const both = runOperation(square, [spectra], NO_PARAMETERS);
  const dim = both.shape.length - 3;
  const part = (start: number) => runOperation(narrow, [both], { dim, start, length: 1 });
  const sums = runOperation(squeeze, [runOperation(add, [part(0), part(1)], {})], { dims: [dim] });
  if (exponent === 2) return tensorFrom(sums) as Tensor<D>;
  const magnitudes = runOperation(magnitude, [sums], NO_PARAMETERS);
  return tensorFrom(exponent === 1 ? magnitudes : runOperation(pow, [magnitudes], { other: exponent })) as Tensor<D>;
}

/** What squares of magnitudes are divided by. */
function divisor(normalized: unknown, window: View, size: number): number {
  const by =
    typeof normalized === 'string' ? oneOf(normalized, NORMS, 'normalized') : boolean(normalized, 'normalized');
  if (by === false) return 1;
  if (by === 'frame_length') return size;
  let squares = 0;
  for (const element of floatsOfView(window)) squares += element * element;
  return squares;
}

function withZeros(x: View, count: number): View {
  return count === 0 ? x : runOperation(padOf, [x], { ends: [[count, count]], mode: 'constant', value: 0 });
}
