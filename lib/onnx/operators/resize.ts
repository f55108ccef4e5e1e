import { upsample } from '../../nn/ops/upsample.ts';
import { isFloatDtype } from '../../tensor/dtype.ts';
import { expand } from '../../tensor/ops/views.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import { type Coordinates, type ResizeAttributes, type Rounding, resize } from '../operations/resize.ts';
import type { Operators } from '../operator.ts';
import { type Any, axisOf, moved, reshaped, run } from './tensors.ts';

type How = Omit<ResizeAttributes, 'outLength' | 'scale' | 'crop'>;

const COORDINATES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
  'tf_crop_and_resize',
] as const satisfies readonly Coordinates[];

const ROUNDINGS = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'] as const satisfies readonly Rounding[];

/** How to resample one dimension: by a factor, or to a size. */
interface Stretch {
  readonly axis: number;
  readonly outLength: number;
  readonly scale: number;
  /** Whether the file has the factor, and not the size. */
  readonly isScale: boolean;
  readonly crop: readonly [number, number];
}

/** Resamples dimension by dimension, since weights of several dimensions are products of those of each. */
function resized(call: Call, stretches: readonly Stretch[], how: How): Any {
  const x = call.tensor(0);
  if (!isFloatDtype(x.dtype)) throw onnxError(`the input is of ${x.dtype}, and only floats are resized`);
  const changing = stretches.filter(
    ({ axis, outLength, scale, isScale }) =>
      outLength !== x.shape[axis] ||
      scale !== 1 ||
      how.coordinates === 'tf_crop_and_resize' ||
      // A signal that happens to have the size may have another one at the next call.
      (!call.isOfOneSize && !isScale && axis >= 2 && outLength !== 1),
  );
  return changing.reduce((y, stretch) => {
    const last = y.shape.length - 1;
    return moved(along(moved(y, stretch.axis, last), stretch, how), last, stretch.axis);
  }, x);
}

/** The last dimension. */
function along(x: Any, { outLength, scale, isScale, crop }: Stretch, how: How): Any {
  const length = x.shape.at(-1)!;
  const { mode, coordinates, rounding, antialias } = how;
  const times = Math.round(scale);
  const isPlain = !(antialias && scale < 1) && !how.excludesOutside;
  const isRepeat =
    scale === times &&
    outLength === length * times &&
    ((coordinates === 'asymmetric' && rounding === 'floor') ||
      (coordinates === 'tf_half_pixel_for_nn' && rounding === 'floor') ||
      ((coordinates === 'half_pixel' || coordinates === 'pytorch_half_pixel') && rounding.startsWith('round')));
  if (mode === 'nearest' && isRepeat) {
    const sizes = [...x.shape, times];
    return reshaped(run(expand, [reshaped(x, [...x.shape, 1])], { sizes }), x.shape.with(-1, outLength));
  }
  const native = { size: outLength, scale: isScale ? scale : 0 };
  if (mode === 'linear' && isPlain && x.shape.length > 0) {
    if (coordinates === 'align_corners') return run(upsample, [x], { ...native, mode: 'linear', alignCorners: true });
    const isHalf = coordinates === 'half_pixel' || (coordinates === 'pytorch_half_pixel' && outLength > 1);
    if (isHalf) return run(upsample, [x], { ...native, mode: 'linear', alignCorners: false });
  }
  return run(resize, [x], { ...how, outLength, scale: isScale ? scale : 0, crop });
}

function fromAttributes(call: Call): How {
  const mode = call.oneOf('mode', ['nearest', 'linear', 'cubic', 'bilinear'], 'nearest');
  const isOld = call.opset < 11;
  return {
    mode: mode === 'bilinear' ? 'linear' : mode,
    coordinates: isOld ? 'asymmetric' : call.oneOf('coordinate_transformation_mode', COORDINATES, 'half_pixel'),
    rounding: isOld ? 'floor' : call.oneOf('nearest_mode', ROUNDINGS, 'round_prefer_floor'),
    a: call.float('cubic_coeff_a', -0.75),
    excludesOutside: call.flag('exclude_outside'),
    antialias: call.flag('antialias'),
    outside: call.float('extrapolation_value', 0),
  };
}

/** X, the region, scales and sizes; X and scales before operator set 11. */
function resizeNode(call: Call): Any {
  const x = call.tensor(0);
  const how = fromAttributes(call);
  const ndim = x.shape.length;
  const axes = call.attributeIntegers('axes')?.map((axis) => axisOf(axis, ndim)) ?? [...x.shape.keys()];
  const scalesAt = call.opset < 11 ? 1 : 2;
  const scales = call.has(scalesAt) && call.shape(scalesAt)[0] !== 0 ? call.numbers(scalesAt) : null;
  const sizes = scales === null && call.has(3) ? call.integers(3) : null;
  const given = scales ?? sizes;
  if (given === null || given.length !== axes.length)
    throw onnxError(`there are ${given?.length ?? 'no'} scales or sizes for ${axes.length} axes`);
  const region = how.coordinates === 'tf_crop_and_resize' && call.opset >= 11 ? call.numbers(1) : null;
  const kept = keptRatio(call, x, axes, sizes);
  const stretches = axes.map((axis, i): Stretch => {
    const length = x.shape[axis]!;
    const crop = [region?.[i] ?? 0, region?.[i + axes.length] ?? 1] as const;
    if (scales === null) {
      const outLength = kept === null ? sizes![i]! : Math.round(kept * length);
      return { axis, outLength, scale: kept ?? outLength / length, isScale: false, crop };
    }
    const scale = scales[i]!;
    if (!(scale > 0)) throw onnxError(`a scale is ${scale}`);
    return { axis, outLength: Math.floor(length * scale * (crop[1] - crop[0])), scale, isScale: true, crop };
  });
  return resized(call, stretches, how);
}

/** One factor for all axes, if sizes are bounds that keep the ratio; null if they are sizes. */
function keptRatio(call: Call, x: Any, axes: readonly number[], sizes: readonly number[] | null): number | null {
  const policy = call.oneOf('keep_aspect_ratio_policy', ['stretch', 'not_larger', 'not_smaller'], 'stretch');
  if (policy === 'stretch' || sizes === null) return null;
  const factors = axes.map((axis, i) => sizes[i]! / x.shape[axis]!);
  return policy === 'not_larger' ? Math.min(...factors) : Math.max(...factors);
}

function upsampleNode(call: Call): Any {
  const x = call.tensor(0);
  const scales = call.attributeFloats('scales') ?? call.numbers(1);
  if (scales.length !== x.shape.length)
    throw onnxError(`there are ${scales.length} scales for ${x.shape.length} dimensions`);
  const stretches = scales.map(
    (scale, axis): Stretch => ({
      axis,
      outLength: Math.floor(x.shape[axis]! * scale),
      scale,
      isScale: true,
      crop: [0, 1],
    }),
  );
  return resized(call, stretches, fromAttributes(call));
}

/** Signals of another length. */
export const resizing: Operators = {
  Resize: {
    inputs: [1, 4],
    attributes: [
      'antialias',
      'axes',
      'coordinate_transformation_mode',
      'cubic_coeff_a',
      'exclude_outside',
      'extrapolation_value',
      'keep_aspect_ratio_policy',
      'mode',
      'nearest_mode',
    ],
    run: resizeNode,
  },
  Upsample: { inputs: [1, 2], attributes: ['mode', 'scales'], run: upsampleNode },
};
