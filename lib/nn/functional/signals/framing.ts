import { rangeError } from '../../../check/errors.ts';
import { MOST_SAMPLES } from '../../../native/spectra.ts';
import { viewArgument } from '../../../tensor/arguments.ts';
import { runOperation } from '../../../tensor/operation.ts';
import { pad } from '../../../tensor/ops/pad.ts';
import { formatShape } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { type View, viewOfAll } from '../../../tensor/view.ts';
import { requireSameDtype, sizeArgument } from '../../arguments.ts';

// The parts that stft, istft and spectrogram share.

/** The options about frames. */
export interface FramingOptions {
  /** Samples from one frame to the next. Default: a quarter of nFft, rounded down. */
  readonly hopLength?: number | null | undefined;
  /** The length of the window in samples, at most nFft; the window lies in the middle of the frame, with zeros beside it. Default nFft. */
  readonly winLength?: number | null | undefined;
  /** (winLength), of the input's dtype, such as `functional.hannWindow(400)`; it may have `requiresGrad`. Default: ones. */
  readonly window?: Tensor | null | undefined;
}

/** Checked options. */
export interface Framing {
  readonly size: number;
  readonly hop: number;
  readonly winLength: number;
  /** As the caller gave it. */
  readonly window: unknown;
}

/** Reads the options, each once, and checks all but the window. */
export function readFraming(nFft: unknown, given: Readonly<Record<string, unknown>>, what: string): Framing {
  const { hopLength, winLength, window } = given;
  const size = sizeArgument(
    nFft,
    `${what}(): nFft`,
    1,
    (value) => `${what}(): expected 0 < n_fft, but got n_fft=${value}`,
  );
  if (size > MOST_SAMPLES) {
    throw rangeError('ERR_CONV1D_VALUE', `${what}(): nFft must be at most 2^22, but got ${size}`);
  }
  const hop = sizeArgument(
    hopLength ?? Math.floor(size / 4),
    `${what}(): hopLength`,
    1,
    (value) => `${what}(): expected hop_length > 0, but got hop_length=${value}`,
  );
  const wrongLength = (value: number) => `${what}(): expected 0 < win_length <= n_fft, but got win_length=${value}`;
  const length = sizeArgument(winLength ?? size, `${what}(): winLength`, 1, wrongLength);
  if (length > size) throw rangeError('ERR_CONV1D_VALUE', wrongLength(length));
  return { size, hop, winLength: length, window };
}

/** The window as long as a frame, in its middle. */
export function windowView(framing: Framing, like: View, what: string): View {
  const { size, winLength, window } = framing;
  if (window === undefined || window === null) return onesView(framing, like);
  const view = viewArgument(window, `${what}(): argument 'window'`);
  if (view.shape.length !== 1 || view.shape[0] !== winLength) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `${what}(): expected a 1D window tensor of size equal to win_length=${winLength}, but got window with size ${formatShape(view.shape)}`,
    );
  }
  requireSameDtype(view, like, `${what}(): argument 'window'`);
  return inMiddle(view, size);
}

/** Ones in the middle of a frame. */
function onesView({ size, winLength }: Framing, { dtype }: View): View {
  const ones = dtype === 'float64' ? new Float64Array(winLength) : new Float32Array(winLength);
  return inMiddle(viewOfAll(ones.fill(1), dtype, Object.freeze([winLength])), size);
}

function inMiddle(window: View, size: number): View {
  const left = Math.floor((size - window.numel) / 2);
  if (window.numel === size) return window;
  const ends = [[left, size - window.numel - left]] as const;
  return runOperation(pad, [window], { ends, mode: 'constant', value: 0 });
}
