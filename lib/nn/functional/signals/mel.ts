import { rangeError } from '../../../check/errors.ts';
import { refuseUnknownOptions } from '../../../check/unknownOption.ts';
import { oneOf } from '../../../check/validate.ts';
import { allocate } from '../../../tensor/allocate.ts';
import { type FloatDtype, readFloatDtype } from '../../../tensor/dtype.ts';
import { tensor } from '../../../tensor/factories.ts';
import { numelOf } from '../../../tensor/shape.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { numberArgument, sizeArgument } from '../../arguments.ts';

/** The options of `functional.melFilterbank`. */
export interface MelFilterbankOptions<D extends FloatDtype | undefined = FloatDtype | undefined> {
  /** The lowest frequency, in Hz. Default 0. */
  readonly fMin?: number | undefined;
  /** The highest frequency, in Hz. Default: half the sample rate. */
  readonly fMax?: number | null | undefined;
  /** How many bands there are. Default 128. */
  readonly nMels?: number | undefined;
  /** The sample rate of the signals, in Hz. Default 16000. */
  readonly sampleRate?: number | undefined;
  /** `'slaney'` divides each band by half its width in Hz, so that all bands have the same area. Default: each band has a peak of 1. */
  readonly norm?: 'slaney' | null | undefined;
  /** `'htk'`: 2595 log10(1 + f / 700); `'slaney'`: linear up to 1 kHz. Default `'htk'`. */
  readonly melScale?: 'htk' | 'slaney' | undefined;
  /** Default `'float32'`. */
  readonly dtype?: D;
}

const OPTIONS = ['fMin', 'fMax', 'nMels', 'sampleRate', 'norm', 'melScale', 'dtype'];

/** A scale of pitches: of many frequencies at once, and back. */
interface MelScale {
  ofHz(hz: readonly number[]): number[];
  toHz(mels: readonly number[]): number[];
}

const HTK: MelScale = {
  ofHz: (hz) => logs(hz.map((f) => 1 + f / 700)).map((log) => (2595 / Math.LN10) * log),
  toHz: (mels) => exps(mels.map((mel) => (mel / 2595) * Math.LN10)).map((exp) => 700 * (exp - 1)),
};

/** Of the Auditory Toolbox: linear below 1 kHz, 15 mels, and logarithmic above. */
const SLANEY_STEP = 200 / 3;
const SLANEY_BREAK = { hz: 1000, mels: 15 };
const SLANEY_LOG_STEP = 1.8562979903656263 / 27; // ln(6.4) / 27

const SLANEY: MelScale = {
  ofHz: (hz) => {
    const above = logs(hz.map((f) => Math.max(f, SLANEY_BREAK.hz) / SLANEY_BREAK.hz));
    return hz.map((f, i) => (f < SLANEY_BREAK.hz ? f / SLANEY_STEP : SLANEY_BREAK.mels + above[i]! / SLANEY_LOG_STEP));
  },
  toHz: (mels) => {
    const above = exps(mels.map((mel) => SLANEY_LOG_STEP * (mel - SLANEY_BREAK.mels)));
    return mels.map((mel, i) => (mel < SLANEY_BREAK.mels ? mel * SLANEY_STEP : SLANEY_BREAK.hz * above[i]!));
  },
};

/**
 * Triangular filters that sum the bins of a spectrum into bands of equal width on the mel scale: torchaudio's
 * `torchaudio.functional.melscale_fbanks`. To make a mel spectrogram of a power spectrogram (bins, frames), compute
 * `melFilterbank(bins).transpose(0, 1).matmul(spectrogram)`.
 *
 * @param nFreqs   the number of bins, nFft / 2 + 1
 * @param options  by default fMin 0 Hz, fMax sampleRate / 2, nMels 128, sampleRate 16000 Hz, norm null, melScale 'htk', dtype 'float32'
 * @returns        (nFreqs, nMels)
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind, or an option unknown
 * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range, or there is no such scale, norm or dtype
 * @example
 * const filters = functional.melFilterbank(201, { nMels: 80, sampleRate: 16000 });
 * const mel = filters.transpose(0, 1).matmul(functional.spectrogram(rand(16000), 400));   // mel.shape is [80, 161]
 */
export function melFilterbank<D extends FloatDtype | undefined = undefined>(
  nFreqs: number,
  options?: MelFilterbankOptions<D>,
): Tensor<D extends FloatDtype ? D : 'float32', 2> {
  const bins = sizeArgument(nFreqs, 'melFilterbank(): nFreqs');
  if (options !== undefined) refuseUnknownOptions(options, OPTIONS, 'functional.melFilterbank');
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const { fMin = 0, fMax, nMels = 128, sampleRate = 16000, norm, melScale = 'htk', dtype = 'float32' } = given;
  const rate = sizeArgument(sampleRate, 'melFilterbank(): sampleRate');
  const bands = sizeArgument(nMels, 'melFilterbank(): nMels');
  const least = numberArgument(fMin, 'melFilterbank(): fMin');
  const most = numberArgument(fMax ?? Math.floor(rate / 2), 'melFilterbank(): fMax');
  if (!(least >= 0 && least < most && Number.isFinite(most))) {
    throw rangeError('ERR_CONV1D_VALUE', `melFilterbank(): expected 0 <= fMin < fMax, but got ${least} and ${most}`);
  }
  const kind = readFloatDtype(dtype);
  const values = allocate('float64', numelOf([bins, bands]));
  const isSlaney = oneOf(melScale, ['htk', 'slaney'], 'melScale') === 'slaney';
  const hasNorm = norm !== undefined && norm !== null && oneOf(norm, ['slaney'], 'norm') === 'slaney';
  const scale = isSlaney ? SLANEY : HTK;
  const [lowest, highest] = scale.ofHz([least, most]) as [number, number];
  const edges = scale.toHz(evenly(lowest, highest, bands + 2));
  fillFilters(values, evenly(0, Math.floor(rate / 2), bins), edges, hasNorm);
  return tensor(values, { dtype: kind }).reshape(bins, bands) as ReturnType<typeof melFilterbank<D>>;
}

/** Triangles between the edges, at some frequencies. */
function fillFilters(
  values: Float64Array,
  frequencies: readonly number[],
  edges: readonly number[],
  hasNorm: boolean,
): void {
  const bands = edges.length - 2;
  for (const [bin, frequency] of frequencies.entries()) {
    for (let band = 0; band < bands; band++) {
      const [left, peak, right] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
      const height = Math.min((frequency - left) / (peak - left), (right - frequency) / (right - peak));
      values[bin * bands + band] = Math.max(0, height) * (hasNorm ? 2 / (right - left) : 1);
    }
  }
}

function evenly(first: number, last: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? first : first + ((last - first) * i) / (count - 1)));
}

// This library's logarithm and exponential have the same bits on every machine.

function logs(values: readonly number[]): number[] {
  return Array.from(tensor(Float64Array.from(values)).log().data);
}

function exps(values: readonly number[]): number[] {
  return Array.from(tensor(Float64Array.from(values)).exp().data);
}
