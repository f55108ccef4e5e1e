import { rangeError } from '../../../check/errors.ts';
import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { boolean } from '../../../check/validate.ts';
import { tensorFrom } from '../../../tensor/dispatch.ts';
import type { FloatDtype } from '../../../tensor/dtype.ts';
import { runOperation } from '../../../tensor/operation.ts';
import { narrow, permute } from '../../../tensor/ops/views.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { floatsOfView, type View } from '../../../tensor/view.ts';
import { inputArgument, sizeArgument } from '../../arguments.ts';
import { binsOf, istft as istftOf } from '../../ops/spectra.ts';
import { WindowSums } from '../../ops/windowSums.ts';
import { type Framing, type FramingOptions, readFraming, windowView } from './framing.ts';

/** The options of `functional.istft`: the same that you gave `stft`, and `length`. */
export interface IstftOptions extends FramingOptions {
  /** Whether frame t is centred on sample t * hopLength. Default true. */
  readonly center?: boolean | undefined;
  /** Whether `stft` divided the spectra by the square root of nFft. Default false. */
  readonly normalized?: boolean | undefined;
  /** Whether the spectra have the bins 0 to nFft / 2 only. Default: true unless there are nFft bins. */
  readonly onesided?: boolean | null | undefined;
  /**
   * The length of the signal in samples, which does not follow exactly from the number of frames. Default: all samples of the frames, with `center`
   * without half a frame at both ends.
   */
  readonly length?: number | null | undefined;
  /** We have no complex dtypes. Must be false, the default. */
  readonly returnComplex?: false | null | undefined;
}

const OPTIONS = ['hopLength', 'winLength', 'window', 'center', 'normalized', 'onesided', 'length', 'returnComplex'];

/** istft refuses to divide by sums of squares below this, as torch does. */
const LEAST_SUM = 1e-11;

/**
 * The inverse of {@link stft}: PyTorch's `torch.istft`. It transforms the frames back, multiplies them by the window, adds them up where they overlap, and
 * divides each sample by the sum of the squares of the windows over it.
 *
 * @param input    (N, bins, frames, 2), or (bins, frames, 2): real and imaginary parts, float32 or float64
 * @param nFft     samples per frame, from 1 to 2^22
 * @param options  those of `stft`, with the same defaults, and length: by default all samples that the frames give
 * @returns        (N, L), or (L), with L = length
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, or no window covers some sample
 * @throws RangeError ERR_CONV1D_SHAPE  when the input has another number of dimensions or of bins, or is empty, or when the window's length is not
 *                                      winLength
 * @example
 * const options = { window: functional.hannWindow(400), hopLength: 160 };
 * const x = rand(16000);
 * const y = functional.istft(functional.stft(x, 400, options), 400, { ...options, length: 16000 });
 * y.sub(x).abs().max().item() < 1e-5;   // true
 */
export function istft<D extends FloatDtype>(input: Tensor<D>, nFft: number, options?: IstftOptions): Tensor<D> {
  const x = inputArgument(input, 'istft');
  if (options !== undefined) refuseUnknownOptions(options, OPTIONS, 'functional.istft');
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const framing = readFraming(nFft, given, 'istft');
  const { size, hop, winLength } = framing;
  const { center = true, normalized = false, onesided, length, returnComplex } = given;
  if (boolean(returnComplex ?? false, 'returnComplex')) {
    throw rangeError('ERR_CONV1D_VALUE', 'istft(): there are no complex dtypes; leave returnComplex out');
  }
  if (hop > winLength) throw rangeError('ERR_CONV1D_VALUE', 'istft(): expected 0 < hop_length <= win_length');
  requireSpectra(x, size, onesided === undefined || onesided === null ? null : boolean(onesided, 'onesided'));
  const frames = x.shape.at(-2)!;
  const made = (frames - 1) * hop + size;
  const first = boolean(center, 'center') ? Math.floor(size / 2) : 0;
  const wanted =
    length === undefined || length === null ? made - 2 * first : sizeArgument(length, 'istft(): length', 0);
  const window = windowView(framing, x, 'istft');
  const elements = floatsOfView(window);
  const least = new WindowSums({ size, hop, window: elements }, frames).least(first, first + wanted);
  if (!(least >= LEAST_SUM)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `istft(): window overlap add min: ${least}; some samples lie under no window: take a window without zeros, center: true or a shorter hopLength`,
    );
  }
  const scale = boolean(normalized, 'normalized') ? 1 / Math.sqrt(size) : 1 / size;
  const attributes = {
    size,
    hop,
    ends: scale,
    inner: 2 * scale,
    window: elements,
    first,
    rest: made - first - wanted,
    dividesByWindows: true,
  };
  return tensorFrom(runOperation(istftOf, [halfOf(x, framing)], attributes, [window])) as Tensor<D>;
}

function requireSpectra({ shape, numel }: View, size: number, onesided: boolean | null): void {
  if (numel === 0) throw rangeError('ERR_CONV1D_SHAPE', 'istft(): input tensor cannot be empty.');
  if (shape.length !== 3 && shape.length !== 4) {
    throw rangeError('ERR_CONV1D_SHAPE', `istft(): expected a tensor with 3 or 4 dimensions, but got ${shape.length}`);
  }
  if (shape.at(-1) !== 2) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `istft(): expected the last dimension to be 2 (corresponding to real and imaginary parts), but got ${shape.at(-1)}`,
    );
  }
  const bins = shape.at(-3)!;
  const isHalf = onesided ?? bins !== size;
  if (bins !== (isHalf ? binsOf(size) : size)) {
    const right = isHalf ? 'n_fft / 2 + 1 when onesided=True' : 'n_fft when onesided=False';
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `istft(): expected the frequency dimension (3rd to the last) of the input tensor to match ${right}, but got ${bins}`,
    );
  }
}

/** Bins 0 to nFft / 2 in the layout of the operation: (..., 2, bins, frames). */
function halfOf(x: View, { size }: Framing): View {
  const last = x.shape.length - 1;
  const before = Array.from({ length: last - 2 }, (_, dim) => dim);
  const spectra = runOperation(permute, [x], { dims: [...before, last, last - 2, last - 1] });
  const bins = binsOf(size);
  return spectra.shape.at(-2) === bins
    ? spectra
    : runOperation(narrow, [spectra], { dim: last - 1, start: 0, length: bins });
}
