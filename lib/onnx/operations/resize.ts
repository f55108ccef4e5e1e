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
  infer: ([x], { outLength, scale, antialias }) => {
    const length = x!.shape.at(-1)!;
    if (!(outLength > 0 && length > 0))
      throw rangeError('ERR_CONV1D_SHAPE', `a signal of ${length} elements cannot become one of ${outLength}`);
    // Beyond that, places are no numbers that one can count through, and windows are wider than any signal.
    if (scale !== 0 && !(outLength / scale <= FURTHEST && (!antialias || scale * length >= SMALLEST_LENGTH)))
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `a signal of ${length} elements cannot be sampled with ${scale} for each of them`,
      );
    return { dtype: x!.dtype, shape: Object.freeze(x!.shape.with(-1, outLength)) };
  },
  run: ([x], attributes, { dtype, shape }) => {
    const from = floatsOfView(x!);
    const length = x!.shape.at(-1)!;
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    const { outLength, outside } = attributes;
    const scaled = { ...attributes, scale: attributes.scale || outLength / length };
    const taps: Taps = { isOutside: [], begins: [], places: [], weights: [] };
    for (let first = 0; first < outLength; first += BLOCK) {
      const count = Math.min(BLOCK, outLength - first);
      findTaps(first, count, length, scaled, taps);
      const { isOutside, begins, places, weights } = taps;
      for (let row = 0; row < out.length / outLength; row++) {
        const [input, output] = [row * length, row * outLength + first];
        for (let i = 0; i < count; i++) {
          let sum = isOutside[i] ? outside : 0;
          for (let tap = begins[i]!; tap < begins[i + 1]!; tap++) sum += weights[tap]! * from[input + places[tap]!]!;
          out[output + i] = sum;
        }
      }
    }
    return viewOfAll(out, dtype, shape);
  },
};

/** How far from a signal its samples may be. */
const FURTHEST = 2 ** 48;

/** To how many elements a signal may shrink whose windows widen: half of one, which a size that is rounded may be. */
const SMALLEST_LENGTH = 0.5;

/** How many outputs are computed at a time: the memory for their taps does not grow with the signal. */
const BLOCK = 1024;

/** The taps of some outputs, one after the other: those of the i-th output begin at `begins[i]`. */
interface Taps {
  /** Outputs that lie outside of the signal. */
  readonly isOutside: boolean[];
  readonly begins: number[];
  readonly places: number[];
  readonly weights: number[];
}

/** Writes the taps of the outputs from `first` on into `taps`, in place of what is there. */
function findTaps(first: number, count: number, length: number, attributes: ResizeAttributes, taps: Taps): void {
  const { isOutside, begins, places, weights } = taps;
  for (const list of [isOutside, begins, places, weights]) list.length = 0;
  for (let i = first; i < first + count; i++) {
    begins.push(places.length);
    isOutside.push(!addTaps(i, length, attributes, places, weights));
  }
  begins.push(places.length);
}

/** Adds the inputs of which output i is the weighted sum, with their weights; false if it lies outside. */
function addTaps(
  i: number,
  length: number,
  attributes: ResizeAttributes,
  places: number[],
  weights: number[],
): boolean {
  const { mode, rounding, scale, antialias, excludesOutside, a } = attributes;
  const place = placeOf(i, length, attributes);
  const last = length - 1;
  if (attributes.coordinates === 'tf_crop_and_resize' && (place < 0 || place > last)) return false;
  if (mode === 'nearest') {
    places.push(Math.min(Math.max(rounded(Math.fround(place), rounding), 0), last));
    weights.push(1);
    return true;
  }
  const stretch = antialias && scale < 1 ? scale : 1;
  const support = (mode === 'linear' ? 1 : 2) / stretch;
  const begin = places.length;
  for (let at = Math.floor(place - support) + 1; at < place + support || at <= Math.floor(place); at++) {
    const distance = (at - place) * stretch;
    const weight = mode === 'linear' ? triangle(distance) : cubic(distance, a);
    if (weight === 0 || (excludesOutside && (at < 0 || at > last))) continue;
    places.push(Math.min(Math.max(at, 0), last));
    weights.push(weight);
  }
  if (!excludesOutside && stretch === 1) return true;
  let all = 0;
  for (let tap = begin; tap < weights.length; tap++) all += weights[tap]!;
  for (let tap = begin; tap < weights.length; tap++) weights[tap]! /= all;
  return true;
}

/** The input coordinate of output i. In float32, as elsewhere, since rounding can decide which of two inputs is nearer. */
function placeOf(i: number, length: number, attributes: ResizeAttributes): number {
  const { outLength, scale, coordinates, crop } = attributes;
  switch (coordinates) {
    case 'half_pixel':
      return scaledBack(i + 0.5, attributes) - 0.5;
    case 'half_pixel_symmetric':
      return (length / 2) * (1 - outLength / (scale * length)) + scaledBack(i + 0.5, attributes) - 0.5;
    case 'pytorch_half_pixel':
      return outLength > 1 ? scaledBack(i + 0.5, attributes) - 0.5 : 0;
    case 'align_corners':
      return outLength > 1 ? (i * (length - 1)) / (outLength - 1) : 0;
    case 'asymmetric':
      return scaledBack(i, attributes);
    case 'tf_half_pixel_for_nn':
      return scaledBack(i + 0.5, attributes);
    case 'tf_crop_and_resize': {
      const [start, end] = crop;
      return outLength > 1
        ? start * (length - 1) + (i * (end - start) * (length - 1)) / (outLength - 1)
        : 0.5 * (start + end) * (length - 1);
    }
  }
}

function scaledBack(at: number, { mode, scale }: ResizeAttributes): number {
  return mode === 'nearest' ? Math.fround(at / scale) : at / scale;
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
