import type { Layer } from '../../convolution/layer.ts';
import { MOST_SAMPLES } from '../../native/spectra.ts';
import type { ResampleAttributes } from '../../nn/ops/resample.ts';
import { binsOf, type FrameAttributes, type OverlapAttributes } from '../../nn/ops/spectra.ts';
import type { Check } from './schema.ts';

// What functional.stft, istft and resample make sure of.

/** A window for each sample of a frame. */
export const hasFrames: Check = ({ size, hop, window }: FrameAttributes) =>
  size >= 1 && size <= MOST_SAMPLES && hop >= 1 && window.length === size
    ? undefined
    : "needs frames of 1 or more samples, a hop of 1 or more, and a window of the frame's size";

/** (..., 2, bins, frames), and nothing cut off in front that is not there. */
export const hasSpectra: Check = ({ size, first }: OverlapAttributes, [x]) => {
  const [parts, bins, frames] = x!.shape.slice(-3);
  if (x!.shape.length < 3 || parts !== 2 || bins !== binsOf(size))
    return `reads spectra (..., 2, ${binsOf(size)}, frames)`;
  return first >= 0 && frames! >= 1 ? undefined : 'cuts off 0 or more samples of 1 or more frames';
};

/** A filter for each of the samples that come of the same ones, and none that would reach beyond what the convolution makes. */
export const hasFilters: Check = ({ from, to, layer }: ResampleAttributes) =>
  isFilterOf(layer, from, to)
    ? undefined
    : `needs ${to} filters of one channel with a stride of ${from}, padded so that each sample has some`;

function isFilterOf({ parameters, bias }: Layer, from: number, to: number): boolean {
  const { inChannels, outChannels, stride, padLeft, padRight, span, paddingMode } = parameters;
  const isOfSizes = inChannels === 1 && outChannels === to && stride === from && bias === null;
  return isOfSizes && paddingMode === 'zeros' && padLeft + padRight >= span - 1;
}
