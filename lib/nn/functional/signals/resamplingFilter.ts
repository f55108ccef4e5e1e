import { rangeError } from '../../../check/errors.ts';
import { type Layer, makeLayer, packLayer } from '../../../convolution/layer.ts';
import { makeParameters, readFunctional } from '../../../convolution/parameters.ts';
import type { FloatDtype } from '../../../tensor/dtype.ts';
import { tensor } from '../../../tensor/factories.ts';
import { besselI0 } from './besselI0.ts';

/** A filter: rates without a common divisor, and its shape. */
export interface FilterShape {
  readonly from: number;
  readonly to: number;
  readonly lowpassFilterWidth: number;
  readonly rolloff: number;
  /** Of Kaiser's window; null for Hann's. */
  readonly beta: number | null;
  readonly dtype: FloatDtype;
}

/** Filters that are kept: to make one takes longer than to resample a second. */
const KEPT = 8;
const MOST_ELEMENTS = 2 ** 24;

const known = new Map<string, Layer>();

/** The convolution that makes `to` samples of every `from`. */
export function resamplingFilter(shape: FilterShape): Layer {
  const key = JSON.stringify(Object.values(shape));
  const before = known.get(key);
  // The one that was not used for longest is the first.
  known.delete(key);
  const layer = before ?? makeFilter(shape);
  known.set(key, layer);
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return layer;
}

/** For tests, which change the implementation that layers are made with. */
export function forgetFilters(): void {
  known.clear();
}

function makeFilter(shape: FilterShape): Layer {
  const { from, to, lowpassFilterWidth, rolloff, dtype } = shape;
  // The cut-off, as a part of the new samples' distance, or of the old ones'.
  const cutOff = Math.min(from, to) * rolloff;
  const width = Math.ceil((lowpassFilterWidth * from) / cutOff);
  const taps = 2 * width + from;
  if (!(to * taps <= MOST_ELEMENTS)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `resample(): from ${from} to ${to} takes filters of ${to} x ${taps} elements, more than 2^24; choose rates with a common divisor`,
    );
  }
  const options = { stride: from, padding: [width, width + from] as const };
  const parameters = makeParameters([to, 1, taps], readFunctional(options), 'zeros', dtype);
  const values = sincs(shape, cutOff, width, taps);
  const layer = makeLayer(parameters, dtype === 'float32' ? Float32Array.from(values) : values, null);
  packLayer(layer);
  return layer;
}

/** Row p is the filter of sample p of `to`: a sinc around where that lies among the old samples, times a window. */
function sincs(
  { from, to, lowpassFilterWidth, beta }: FilterShape,
  cutOff: number,
  width: number,
  taps: number,
): Float64Array {
  // In zero crossings from the middle of the sinc.
  const places = Float64Array.from({ length: to * taps }, (_, i) => {
    const place = (-Math.floor(i / taps) / to + ((i % taps) - width) / from) * cutOff;
    return Math.min(lowpassFilterWidth, Math.max(-lowpassFilterWidth, place));
  });
  const angles = places.map((place) => place * Math.PI);
  const sines = tensor(angles).sin().data;
  const cosines = beta === null ? tensor(angles.map((angle) => angle / lowpassFilterWidth / 2)).cos().data : null;
  const whole = besselI0(beta ?? 0);
  const windowAt = (i: number) => {
    if (cosines !== null) return cosines[i]! ** 2;
    const part = places[i]! / lowpassFilterWidth;
    return besselI0(beta! * Math.sqrt(1 - part * part)) / whole;
  };
  return places.map((place, i) => (place === 0 ? 1 : sines[i]! / angles[i]!) * windowAt(i) * (cutOff / from));
}
