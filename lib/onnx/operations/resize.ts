import { rangeError } from '../../check/errors.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** The relation of output to input coordinates, by the names of ONNX's Resize. */
export type Coordinates =
  | 'half_pixel'
  | 'half_pixel_symmetric'
  | 'pytorch_half_pixel'
  | 'align_corners'
  | 'asymmetric'
  | 'tf_half_pixel_for_nn'
  | 'tf_crop_and_resize';

export type Rounding = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';

/** How to resample the last dimension. */
export interface ResizeAttributes {
  readonly outLength: number;
  /** The number of outputs per input; 0 for the ratio of both lengths. */
  readonly scale: number;
  readonly mode: 'nearest' | 'linear' | 'cubic';
  readonly coordinates: Coordinates;
  readonly rounding: Rounding;
  /** The coefficient of cubic interpolation. */
  readonly a: number;
  /** Whether positions outside have no weight, and the others share all of it. */
  readonly excludesOutside: boolean;
  /** Whether windows widen if the output is shorter. */
  readonly antialias: boolean;
  /** The part to sample, from 0 to 1, and the value outside the signal. */
  readonly crop: readonly [start: number, end: number];
  readonly outside: number;
}

/** Resamples a signal in ways that the fast kernels do not have: plain JavaScript, in float64. */
export const resize: Operation<ResizeAttributes> = {
  name: 'resize',
  infer: ([x], { outLength }) => {
    if (outLength > 0 && x!.shape.at(-1)! > 0)
      return { dtype: x!.dtype, shape: Object.freeze(x!.shape.with(-1, outLength)) };
    throw rangeError('ERR_CONV1D_SHAPE', `a signal of ${x!.shape.at(-1)} elements cannot become one of ${outLength}`);
  },
  run: ([x], attributes, { dtype, shape }) => {
    const from = floatsOfView(x!);
    const length = x!.shape.at(-1)!;
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    const { outLength, outside } = attributes;
    const scaled = { ...attributes, scale: attributes.scale || outLength / length };
    for (let i = 0; i < outLength; i++) {
      const taps = tapsOf(i, length, scaled);
      for (let row = 0; row < out.length / outLength; row++) {
        let sum = taps === null ? outside : 0;
        for (const [at, weight] of taps ?? []) sum += weight * from[row * length + at]!;
        out[row * outLength + i] = sum;
      }
    }
    return viewOfAll(out, dtype, shape);
  },
};

/** The inputs of which an output is the weighted sum, with their weights; null if it lies outside. */
function tapsOf(
  i: number,
  length: number,
  attributes: ResizeAttributes,
): (readonly [at: number, weight: number])[] | null {
  const { mode, rounding, scale, antialias, excludesOutside } = attributes;
  const place = placeOf(i, length, attributes);
  if (attributes.coordinates === 'tf_crop_and_resize' && (place < 0 || place > length - 1)) return null;
  const inside = (at: number) => Math.min(Math.max(at, 0), length - 1);
  if (mode === 'nearest') return [[inside(rounded(Math.fround(place), rounding)), 1]];
  const stretch = antialias && scale < 1 ? scale : 1;
  const support = (mode === 'linear' ? 1 : 2) / stretch;
  const first = Math.floor(place - support) + 1;
  const weigh = mode === 'linear' ? triangle : cubic;
  const taps: [at: number, weight: number][] = [];
  for (let at = first; at < place + support || at <= Math.floor(place); at++) {
    const weight = weigh((at - place) * stretch, attributes.a);
    const isOutside = at < 0 || at >= length;
    if (weight !== 0 && !(isOutside && excludesOutside)) taps.push([inside(at), weight]);
  }
  if (!excludesOutside && stretch === 1) return taps;
  const all = taps.reduce((sum, [, weight]) => sum + weight, 0);
  return taps.map(([at, weight]) => [at, weight / all]);
}

/** The input coordinate of output i. In float32, as elsewhere, since rounding can decide which of two inputs is nearer. */
function placeOf(i: number, length: number, { mode, outLength, scale, coordinates, crop }: ResizeAttributes): number {
  const place = (at: number) => (mode === 'nearest' ? Math.fround(at / scale) : at / scale);
  switch (coordinates) {
    case 'half_pixel':
      return place(i + 0.5) - 0.5;
    case 'half_pixel_symmetric':
      return (length / 2) * (1 - outLength / (scale * length)) + place(i + 0.5) - 0.5;
    case 'pytorch_half_pixel':
      return outLength > 1 ? place(i + 0.5) - 0.5 : 0;
    case 'align_corners':
      return outLength > 1 ? (i * (length - 1)) / (outLength - 1) : 0;
    case 'asymmetric':
      return place(i);
    case 'tf_half_pixel_for_nn':
      return place(i + 0.5);
    case 'tf_crop_and_resize': {
      const [start, end] = crop;
      return outLength > 1
        ? start * (length - 1) + (i * (end - start) * (length - 1)) / (outLength - 1)
        : 0.5 * (start + end) * (length - 1);
    }
  }
}

function rounded(place: number, rounding: Rounding): number {
  switch (rounding) {
    case 'round_prefer_floor':
      return Math.ceil(place - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(place + 0.5);
    case 'floor':
      return Math.floor(place);
    case 'ceil':
      return Math.ceil(place);
  }
}

function triangle(distance: number): number {
  return Math.max(1 - Math.abs(distance), 0);
}

/** R. Keys, "Cubic convolution interpolation for digital image processing", 1981. */
function cubic(distance: number, a: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return 0;
}
