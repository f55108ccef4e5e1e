import { constant, type ElementName, float, int, ints, longs, text } from '../model.ts';
import { type Case, drawn, type Operand, single, weights } from './case.ts';

const x = drawn([2, 3, 10]);
const MODES = ['constant', 'reflect', 'edge'];
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];
const PLACES = ['half_pixel', 'half_pixel_symmetric', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];

/** Of the last axis of (1, 2, 10) or of an image of height 1: by scales or by sizes. */
function resize(
  opset: number,
  by: { scale: number } | { size: number },
  attributes: Readonly<Record<string, ReturnType<typeof text>>>,
  form: 'ncl' | 'h1' = 'ncl',
): Case {
  const dims = form === 'ncl' ? [1, 2, 10] : [1, 2, 1, 10];
  const before = dims.slice(0, -1);
  // Opset 11 has no way to leave the region of interest out: it is empty.
  const operands: Operand[] = [drawn(dims), opset < 13 ? constant([0], []) : null];
  if ('scale' in by) operands.push(constant([dims.length], [...before.map(() => 1), by.scale]));
  else operands.push(opset < 13 ? constant([0], []) : null, longs(...before, by.size));
  const settings = Object.values(attributes).map(({ value }) => value);
  const note = `${form} ${'scale' in by ? `scale ${by.scale}` : `size ${by.size}`} ${settings.join(' ')}`;
  return single(opset, 'Resize', operands, attributes, { note });
}

const complex = (shape: readonly number[]) => drawn([...shape, 2]);
const none: ElementName[] = ['float32'];

/** What happens along a signal: padding, resizing, pooling, Fourier transforms. */
export const signals = [
  ...[13, 18, 19, 21].flatMap((opset) => [
    ...MODES.map((mode) => single(opset, 'Pad', [x, longs(0, 0, 2, 0, 0, 3)], { mode: text(mode) })),
    single(opset, 'Pad', [x, longs(0, 0, 2, 0, 0, 3), constant([], [1.5])], { mode: text('constant') }),
    single(opset, 'Pad', [x, longs(0, 1, 0, 1, 0, 1)]),
    single(opset, 'Pad', [x, longs(0, 0, -2, 0, 0, 3)]),
    single(opset, 'Pad', [x, longs(0, 0, -1, 0, 0, -4)]),
  ]),
  ...[18, 19, 21].flatMap((opset) => [
    single(opset, 'Pad', [x, longs(1, 2), constant([], [-1]), longs(-1)], { mode: text('constant') }),
    single(opset, 'Pad', [x, longs(3, 1), null, longs(2)], { mode: text('reflect') }),
    single(opset, 'Pad', [x, longs(1, 2, 0, 1), null, longs(2, 1)], { mode: text('edge') }),
  ]),
  ...[19, 21].flatMap((opset) => [
    single(opset, 'Pad', [x, longs(0, 0, 2, 0, 0, 3)], { mode: text('wrap') }),
    single(opset, 'Pad', [x, longs(9, 4), null, longs(2)], { mode: text('wrap') }),
  ]),
  ...[11, 13, 18, 19].flatMap((opset) => [
    ...[2, 2.5, 0.6].map((scale) => resize(opset, { scale }, { mode: text('nearest') })),
    resize(opset, { size: 17 }, { mode: text('nearest') }),
  ]),
  ...NEAREST.flatMap((nearest) =>
    ['half_pixel', 'asymmetric', 'align_corners'].map((place) =>
      resize(
        18,
        { scale: 1.75 },
        { mode: text('nearest'), nearest_mode: text(nearest), coordinate_transformation_mode: text(place) },
      ),
    ),
  ),
  ...PLACES.flatMap((place) =>
    ['linear', 'cubic'].flatMap((mode) =>
      [{ scale: 2 }, { scale: 1.7 }, { scale: 0.6 }, { size: 13 }].flatMap((by) =>
        (mode === 'cubic' ? (['h1'] as const) : (['ncl', 'h1'] as const)).map((form) =>
          resize(19, by, { mode: text(mode), coordinate_transformation_mode: text(place) }, form),
        ),
      ),
    ),
  ),
  resize(13, { scale: 1.5 }, { mode: text('cubic'), cubic_coeff_a: float(-0.5) as ReturnType<typeof text> }, 'h1'),
  resize(13, { scale: 1.5 }, { mode: text('cubic'), exclude_outside: int(1) as ReturnType<typeof text> }, 'h1'),
  single(18, 'Resize', [drawn([1, 2, 10]), null, constant([1], [2])], { axes: ints(2), mode: text('nearest') }),
  single(18, 'Resize', [drawn([1, 2, 10]), null, constant([1], [1.7])], { axes: ints(-1), mode: text('linear') }),
  ...['linear', 'cubic'].flatMap((mode) =>
    [0.6, 0.25, 1.5].map((scale) =>
      resize(18, { scale }, { mode: text(mode), antialias: int(1) as ReturnType<typeof text> }, 'h1'),
    ),
  ),
  ...['stretch', 'not_larger', 'not_smaller'].map((policy) =>
    single(18, 'Resize', [drawn([1, 2, 10]), null, null, longs(17)], {
      axes: ints(2),
      mode: text('nearest'),
      keep_aspect_ratio_policy: text(policy),
    }),
  ),
  ...['MaxPool', 'AveragePool'].flatMap((name) => [
    single(19, name, [x], { kernel_shape: ints(3) }),
    single(19, name, [x], { kernel_shape: ints(3), strides: ints(2), pads: ints(1, 1) }),
    single(19, name, [x], { kernel_shape: ints(3), strides: ints(2), pads: ints(0, 1) }),
    single(19, name, [x], { kernel_shape: ints(4), strides: ints(3), ceil_mode: int(1) }),
    single(19, name, [x], { kernel_shape: ints(3), dilations: ints(2) }),
    single(19, name, [x], { kernel_shape: ints(3), dilations: ints(3), pads: ints(2, 1), strides: ints(2) }),
    ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map((auto) =>
      single(11, name, [x], { kernel_shape: ints(4), strides: ints(2), auto_pad: text(auto) }),
    ),
    single(11, name, [drawn([2, 3, 1, 10])], { kernel_shape: ints(1, 3), strides: ints(1, 2), pads: ints(0, 1, 0, 1) }),
  ]),
  single(19, 'AveragePool', [x], { kernel_shape: ints(3), pads: ints(1, 1), count_include_pad: int(1) }),
  single(19, 'AveragePool', [x], {
    kernel_shape: ints(3),
    pads: ints(2, 0),
    strides: ints(2),
    count_include_pad: int(1),
    ceil_mode: int(1),
  }),
  single(19, 'AveragePool', [x], {
    kernel_shape: ints(3),
    pads: ints(1, 1),
    dilations: ints(2),
    count_include_pad: int(1),
  }),
  single(
    12,
    'MaxPool',
    [x],
    { kernel_shape: ints(3), strides: ints(2), pads: ints(1, 1) },
    { outputs: ['float32', 'int64'], note: 'with indices' },
  ),
  ...['GlobalAveragePool', 'GlobalMaxPool'].flatMap((name) => [
    single(7, name, [x]),
    single(7, name, [drawn([2, 3, 1, 10])]),
  ]),
  ...[10, 9, 8].map((length) =>
    single(
      20,
      'DFT',
      [drawn([2, length, 1]), null, constant([], [1], 'int64')],
      {},
      { outputs: none, note: `of ${length} real numbers` },
    ),
  ),
  single(20, 'DFT', [complex([2, 9]), null, constant([], [1], 'int64')], {}, { note: 'of complex numbers' }),
  single(20, 'DFT', [complex([2, 9]), null, constant([], [1], 'int64')], { inverse: int(1) }, { note: 'the inverse' }),
  single(20, 'DFT', [drawn([2, 10, 1]), null, constant([], [1], 'int64')], { onesided: int(1) }, { note: 'one-sided' }),
  single(20, 'DFT', [drawn([2, 10, 1]), constant([], [16], 'int64')], {}, { note: 'of zeros at the end' }),
  single(20, 'DFT', [drawn([2, 10, 1]), constant([], [7], 'int64')], {}, { note: 'of a part' }),
  single(20, 'DFT', [drawn([4, 5, 1]), null, constant([], [0], 'int64')], {}, { note: 'along the first axis' }),
  single(17, 'DFT', [drawn([2, 10, 1])], { axis: int(1), onesided: int(1) }, { note: 'with its axis as an attribute' }),
  single(
    17,
    'STFT',
    [drawn([2, 64, 1]), constant([], [8], 'int64'), weights([16])],
    { onesided: int(1) },
    { note: 'one-sided, with a window' },
  ),
  single(
    17,
    'STFT',
    [drawn([2, 64, 1]), constant([], [8], 'int64'), null, constant([], [16], 'int64')],
    {},
    { note: 'without a window' },
  ),
  single(
    17,
    'STFT',
    [drawn([2, 64, 1]), constant([], [5], 'int64'), weights([16]), constant([], [16], 'int64')],
    { onesided: int(0) },
    { note: 'two-sided' },
  ),
];
