import { rangeError } from '../../../check/errors.ts';
import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { boolean, oneOf } from '../../../check/validate.ts';
import { tensorFrom } from '../../../tensor/dispatch.ts';
import type { FloatDtype } from '../../../tensor/dtype.ts';
import { runOperation } from '../../../tensor/operation.ts';
import { cat } from '../../../tensor/ops/cat.ts';
import { flip } from '../../../tensor/ops/flip.ts';
import { type PadMode, pad } from '../../../tensor/ops/pad.ts';
import { NO_PARAMETERS, neg } from '../../../tensor/ops/unary.ts';
import { narrow, permute } from '../../../tensor/ops/views.ts';
import { formatShape } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { floatsOfView, type View } from '../../../tensor/view.ts';
import { inputArgument } from '../../arguments.ts';
import { stft as stftOf } from '../../ops/spectra.ts';
import { type Framing, type FramingOptions, readFraming, windowView } from './framing.ts';

/** The options of `functional.stft`. */
export interface StftOptions extends FramingOptions {
  /** Whether frame t is centred on sample t * hopLength; if so, `stft` pads the signal with half a frame at both ends. Default true. */
  readonly center?: boolean | undefined;
  /** How `center` pads. Default `'reflect'`. */
  readonly padMode?: PadMode | undefined;
  /** Whether to divide the results by the square root of nFft. Default false. */
  readonly normalized?: boolean | undefined;
  /** Whether to return the bins 0 to nFft / 2 only; the others mirror them. Default true. */
  readonly onesided?: boolean | null | undefined;
  /** We have no complex dtypes: the last dimension has real and imaginary parts. Must be false, the default. */
  readonly returnComplex?: false | null | undefined;
}

export const PAD_MODES = ['constant', 'reflect', 'replicate', 'circular'] as const;

const OPTIONS = ['hopLength', 'winLength', 'window', 'center', 'padMode', 'normalized', 'onesided', 'returnComplex'];

/**
 * The short-time Fourier transform, the spectra of a signal's frames: PyTorch's `torch.stft` with `return_complex=False`. Its error is a few
 * roundings of the frame's magnitude; the bits of a frame's spectrum depend on that frame alone.
 *
 * @param input    (N, L), or (L) for a single signal, float32 or float64
 * @param nFft     samples per frame, from 1 to 2^22; fastest if its prime factors are 2, 3, 5 and 7
 * @param options  by default hopLength nFft / 4 rounded down, winLength nFft, window ones, center true, padMode 'reflect', normalized false, onesided true
 * @returns        (N, bins, frames, 2), or (bins, frames, 2): real and imaginary parts of nFft / 2 + 1 (rounded down) bins, or of nFft bins if not
 *                 onesided; with center, frames = 1 + floor((L + 2 * floor(nFft / 2) - nFft) / hopLength)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has neither one nor two dimensions, when it is shorter than a frame (or, with center, too short to
 *                                      pad), or when the window's length is not winLength
 * @example
 * const window = functional.hannWindow(400);
 * functional.stft(rand(16000), 400, { hopLength: 160, window }).shape;   // [201, 101, 2]
 */
export function stft<D extends FloatDtype>(input: Tensor<D>, nFft: number, options?: StftOptions): Tensor<D> {
  const x = signalArgument(input, 'stft');
  if (options !== undefined) refuseUnknownOptions(options, OPTIONS, 'functional.stft');
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const framing = readFraming(nFft, given, 'stft');
  const { center = true, padMode = 'reflect', normalized = false, onesided, returnComplex } = given;
  const isOnesided = boolean(onesided ?? true, 'onesided');
  if (boolean(returnComplex ?? false, 'returnComplex')) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      'stft(): there are no complex dtypes; leave returnComplex out, and take real and imaginary parts from the last dimension',
    );
  }
  const padding = readCentering(center, padMode);
  const isNormalized = boolean(normalized, 'normalized');
  const scale = isNormalized ? 1 / Math.sqrt(framing.size) : 1;
  const half = spectraOf(x, framing, windowView(framing, x, 'stft'), padding, scale);
  return tensorFrom(partsLast(isOnesided ? half : bothSides(half, framing.size))) as Tensor<D>;
}

/** How to pad a signal before cutting it into frames; null for not at all. */
export function readCentering(center: unknown, padMode: unknown): PadMode | null {
  const mode = oneOf(padMode, PAD_MODES, 'padMode');
  return boolean(center, 'center') ? mode : null;
}

/** The spectra (..., 2, bins, frames) of signals. */
export function spectraOf(x: View, { size, hop }: Framing, window: View, padding: PadMode | null, scale: number): View {
  const half = Math.floor(size / 2);
  const padded = padding === null ? x : runOperation(pad, [x], { ends: [[half, half]], mode: padding, value: 0 });
  const attributes = { size, hop, ends: scale, inner: scale, window: floatsOfView(window) };
  return runOperation(stftOf, [padded], attributes, [window]);
}

/** A signal, or several: (L) or (N, L). */
export function signalArgument(input: unknown, what: string): View {
  const x = inputArgument(input, what);
  if (x.shape.length === 1 || x.shape.length === 2) return x;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `${what}(): expected a 1D or 2D tensor, but got one of size ${formatShape(x.shape)}`,
  );
}

/** Spectra with the bins above nFft / 2, which are the others' mirror images. */
export function bothSides(half: View, size: number): View {
  const dim = half.shape.length - 2;
  const length = size - half.shape[dim]!;
  if (length === 0) return half;
  const upper = runOperation(flip, [runOperation(narrow, [half], { dim, start: 1, length })], { dims: [dim] });
  const part = (start: number) => runOperation(narrow, [upper], { dim: dim - 1, start, length: 1 });
  const conjugate = runOperation(cat, [part(0), runOperation(neg, [part(1)], NO_PARAMETERS)], { dim: dim - 1 });
  return runOperation(cat, [half, conjugate], { dim });
}

/** Real and imaginary parts as the last dimension. */
export function partsLast(spectra: View): View {
  const last = spectra.shape.length - 1;
  const before = Array.from({ length: last - 2 }, (_, dim) => dim);
  return runOperation(permute, [spectra], { dims: [...before, last - 1, last, last - 2] });
}
