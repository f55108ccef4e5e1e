import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** Frames of `size` samples that begin `hop` apart, in each of some signals. */
export interface FrameSizes {
  readonly signals: number;
  readonly length: number;
  readonly frames: number;
  readonly size: number;
  readonly hop: number;
}

/** Factors of bins: of 0 and size / 2, which are real, and of those between. */
export interface BinFactors {
  readonly ends: number;
  readonly inner: number;
}

/** The largest size of a frame. */
export const MOST_SAMPLES = 2 ** 22;

/** Spectra (signals, 2, size / 2 + 1, frames) of x (signals, length) times the window. */
export function spectraOfFrames(
  { signals, length, frames, size, hop }: FrameSizes,
  { ends, inner }: BinFactors,
  x: FloatArray,
  window: FloatArray,
  spectra: FloatArray,
): void {
  loadAddon().spectraOfFrames(signals, length, frames, size, hop, ends, inner, x, window, spectra);
}

/** The frames that spectra make, times the window, added up from sample `first` on; divided by the windows' squares if asked for. */
export function overlapAddFrames(
  { signals, length, frames, size, hop }: FrameSizes,
  { ends, inner }: BinFactors,
  first: number,
  dividesByWindows: boolean,
  spectra: FloatArray,
  window: FloatArray,
  x: FloatArray,
): void {
  const addon = loadAddon();
  addon.overlapAddFrames(signals, length, frames, size, hop, ends, inner, first, dividesByWindows, spectra, window, x);
}
