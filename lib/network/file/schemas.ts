import * as convolutions from '../../convolution/operation.ts';
import * as activations from '../../nn/ops/activations.ts';
import * as channelwise from '../../nn/ops/channelwise.ts';
import * as embeddings from '../../nn/ops/embedding.ts';
import * as glus from '../../nn/ops/glu.ts';
import * as linears from '../../nn/ops/linear.ts';
import * as norms from '../../nn/ops/norms.ts';
import * as pooling from '../../nn/ops/pooling.ts';
import * as recurrent from '../../nn/ops/recurrent.ts';
import * as resampling from '../../nn/ops/resample.ts';
import * as spectra from '../../nn/ops/spectra.ts';
import * as upsampling from '../../nn/ops/upsample.ts';
import * as filesActivations from '../../onnx/operations/activations.ts';
import * as recurrentOfFiles from '../../onnx/operations/generalRecurrent.ts';
import * as divisions from '../../onnx/operations/integerDivision.ts';
import * as makers from '../../onnx/operations/make.ts';
import * as mathFunctions from '../../onnx/operations/mathFunctions.ts';
import * as putting from '../../onnx/operations/putRows.ts';
import * as resizing from '../../onnx/operations/resize.ts';
import { DTYPE_NAMES, type FloatArray, isFloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import * as indices from '../../tensor/ops/at.ts';
import * as cats from '../../tensor/ops/cat.ts';
import * as clones from '../../tensor/ops/clone.ts';
import * as comparisons from '../../tensor/ops/compare.ts';
import * as conversions from '../../tensor/ops/convert.ts';
import * as dots from '../../tensor/ops/dot.ts';
import * as elementwise from '../../tensor/ops/elementwise.ts';
import * as extremes from '../../tensor/ops/extreme.ts';
import * as flips from '../../tensor/ops/flip.ts';
import * as fulls from '../../tensor/ops/full.ts';
import * as gathers from '../../tensor/ops/indexing.ts';
import * as products from '../../tensor/ops/matmul.ts';
import * as pads from '../../tensor/ops/pad.ts';
import * as powers from '../../tensor/ops/pow.ts';
import * as reductions from '../../tensor/ops/reduce.ts';
import * as reshaping from '../../tensor/ops/reshape.ts';
import * as softmaxes from '../../tensor/ops/softmax.ts';
import * as sorting from '../../tensor/ops/sorting.ts';
import * as splits from '../../tensor/ops/split.ts';
import * as unary from '../../tensor/ops/unary.ts';
import * as views from '../../tensor/ops/views.ts';
import * as choices from '../../tensor/ops/where.ts';
import { MAX_DIMENSIONS, numelOf } from '../../tensor/shape.ts';
import type { AnyOperation } from '../graph.ts';
import {
  always,
  ELEMENTS,
  elementsAs,
  FLAG,
  INDEX,
  listOf,
  NUMBER,
  OPERAND,
  oneOf,
  optional,
  orNull,
  REAL,
  SIZE,
  wholeFrom,
} from './field.ts';
import { fitsGeneralCells, GENERAL_CELLS } from './generalCells.ts';
import { CONVOLUTION_LAYER, cellsOf, LINEAR_LAYER, TRANSPOSED_LAYER } from './layerFields.ts';
import { atLeast, type Check, checks, dimCheck, dimsCheck, isDimension, type Schema } from './schema.ts';
import { hasFilters, hasFrames, hasSpectra } from './signalChecks.ts';

const DIM = wholeFrom(0, MAX_DIMENSIONS);
const DIMS = listOf(DIM);
const DTYPE = oneOf(DTYPE_NAMES);
/** The most parts that split() may make. */
const MOST_PIECES = 4096;
/** A field that only gradients read. */
const NONE = always(null);
const UNSAID = always(undefined);

const of = (fields: Schema['fields'], check?: Check, inputs: Schema['inputs'] = [1, 1]): Schema => ({
  inputs,
  fields,
  check,
});

const ofElements = of({ a: REAL, b: REAL });
const alongDim = of({ dim: DIM }, dimCheck);

const ofChannels: Check = ({ a, b, channelDim }: { a: FloatArray; b: FloatArray | null; channelDim: number }, [x]) => {
  if (!isDimension(channelDim, x!)) return `has no dimension ${channelDim}`;
  if (b !== null && b.length !== a.length) return 'needs as many b as a';
  return a.length === 1 || a.length === x!.shape[channelDim] ? undefined : 'needs an a for each channel';
};

const ofPairs = of(
  { other: optional(OPERAND) },
  ({ other }: { other?: unknown }, inputs) =>
    (other === undefined) === (inputs.length === 2) ? undefined : 'reads two tensors, or one and a number',
  [1, 2],
);

const hasWeights =
  (count: (x: Meta, attributes: { count: number }) => number): Check =>
  (attributes, [x]) =>
    [attributes.weight, attributes.bias].every(
      (each: FloatArray | null) => each === null || each.length === count(x!, attributes),
    )
      ? undefined
      : 'has as many weights as it normalises channels or elements';

const norm = { eps: REAL, weight: orNull(ELEMENTS), bias: orNull(ELEMENTS), statistics: NONE };

const isTail: Check = ({ count }: { count: number }, [x]) =>
  x!.shape.some((_, dim) => numelOf(x!.shape.slice(dim)) === count)
    ? undefined
    : 'normalises the last dimensions as a whole';

const window = { kernelSize: SIZE, stride: SIZE, padding: SIZE, dilation: SIZE, ceilMode: FLAG };
const isWindow: Check = ({ kernelSize, stride, padding, dilation }: Record<string, number>) =>
  kernelSize! >= 1 && stride! >= 1 && dilation! >= 1 && padding! >= 0 && padding! <= kernelSize! / 2
    ? undefined
    : 'needs windows of 1 or more, and a padding of at most half of them';
const adaptive: Check = ({ outLength }: { outLength: number }) =>
  outLength >= 0 ? undefined : 'makes 0 or more windows';

const frames = { size: SIZE, hop: SIZE, ends: REAL, inner: REAL, window: ELEMENTS };

const reduction = { dims: DIMS, keepdim: FLAG, areAll: UNSAID };
const reduced = of(reduction, dimsCheck);
const extreme = of({ ...reduction, isExtreme: UNSAID }, dimsCheck);

function recurrentSchema(kind: 'lstm' | 'gru'): Schema {
  const states = kind === 'lstm' ? 2 : 1;
  return of(
    { cells: cellsOf(kind), hiddenSize: wholeFrom(1), keeps: always(false) },
    ({ cells, hiddenSize }: { cells: readonly unknown[]; hiddenSize: number }, [x, ...given]) => {
      if (cells.length === 0) return 'needs a cell';
      if (x!.shape.length !== 3) return 'reads (L, N, features)';
      if (given.length !== 0 && given.length !== states) return `reads ${states} states, or none`;
      const expected = [cells.length, x!.shape[1], hiddenSize].join();
      return given.every(({ shape }) => shape.join() === expected) ? undefined : `reads states of [${expected}]`;
    },
    [1, 1 + states],
  );
}

const isPermutation: Check = ({ dims }: { dims: readonly number[] }, [x]) =>
  dims.length === x!.shape.length && new Set(dims).size === dims.length && dims.every((dim) => dim < dims.length)
    ? undefined
    : `takes all dimensions of [${x!.shape.join(', ')}] in some order`;

const isDistinct: Check = ({ dims }: { dims: readonly number[] }, [x]) =>
  new Set(dims).size === dims.length && dims.every((dim) => dim < x!.shape.length)
    ? undefined
    : `takes some dimensions of [${x!.shape.join(', ')}], each once`;

const NO_FIELDS: Schema['fields'] = undefined;
const alongOne = of({ dim: DIM, keepdim: FLAG }, dimCheck);
/** Operations whose second tensor has indices. */
const indexed = of({ dim: DIM }, dimCheck, [2, 2]);
const isOfRows: Check = (_, [x, index]) =>
  x!.shape.length === 2 && (index!.dtype === 'int64' || index!.dtype === 'int32')
    ? undefined
    : 'puts rows where integers say';
const isTotal: Check = ({ dim, sizes }: { dim: number; sizes: readonly number[] }, [x]) =>
  sizes.every((size) => size >= 0) && sizes.reduce((sum, size) => sum + size, 0) === x!.shape[dim]
    ? undefined
    : `has pieces of other than the ${x!.shape[dim]} elements of dimension ${dim}`;
const hasSizes: Check = ({ sizes }: { sizes: readonly number[] }) =>
  sizes.every((size) => size >= 0) ? undefined : 'has a size below 0';

/** An integer tensor cannot take fractions, NaN or Infinity. */
function isOfDtype(...names: readonly string[]): Check {
  return (attributes) =>
    isFloatDtype(attributes.dtype) || names.every((name) => Number.isSafeInteger(Number(attributes[name])))
      ? undefined
      : `makes ${attributes.dtype} of what is no integer`;
}
const hasValues: Check = ({ values, isScalar }: { values: readonly number[]; isScalar: boolean }) =>
  !isScalar || values.length === 1 ? undefined : 'has one number where it is a number';

const everyUnary = Object.values(unary).filter(
  (value): value is typeof unary.relu =>
    typeof value === 'object' && 'infer' in value && value !== (unary.clamp as never),
);

/** Every operation that a file may have. */
export const SCHEMAS: ReadonlyMap<AnyOperation, Schema> = new Map<AnyOperation, Schema>([
  [convolutions.convolution, of({ layer: CONVOLUTION_LAYER, outputSize: UNSAID })],
  [convolutions.transposedConvolution, of({ layer: TRANSPOSED_LAYER, outputSize: optional(listOf(SIZE)) })],
  [linears.linear, of({ layer: LINEAR_LAYER })],
  ...everyUnary.map((operation): [AnyOperation, Schema] => [operation, ofElements]),
  ...Object.values(activations).map((operation): [AnyOperation, Schema] => [operation, ofElements]),
  [unary.clamp, of({ min: NUMBER, max: NUMBER })],
  [channelwise.affine, of({ a: ELEMENTS, b: ELEMENTS, channelDim: DIM, normed: NONE }, ofChannels)],
  [channelwise.snake, of({ a: ELEMENTS, b: ELEMENTS, channelDim: DIM }, ofChannels)],
  [channelwise.prelu, of({ a: elementsAs('weight'), b: NONE, channelDim: DIM }, ofChannels)],
  [glus.glu, alongDim],
  [
    norms.groupNorm,
    of(
      { ...norm, groups: wholeFrom(1), gradientName: always('') },
      checks(
        atLeast(2),
        ({ groups }, [x]) => (x!.shape[1]! % groups === 0 ? undefined : 'needs channels in whole groups'),
        hasWeights(({ shape }) => shape[1]!),
      ),
    ),
  ],
  [
    norms.layerNorm,
    of(
      { ...norm, count: SIZE },
      checks(
        isTail,
        hasWeights((_, { count }) => count),
      ),
    ),
  ],
  [pooling.maxPool, of({ ...window, returnIndices: FLAG, countIncludePad: UNSAID }, checks(atLeast(1), isWindow))],
  [pooling.avgPool, of({ ...window, countIncludePad: FLAG, returnIndices: UNSAID }, checks(atLeast(1), isWindow))],
  [pooling.adaptiveMaxPool, of({ outLength: SIZE, returnIndices: FLAG }, checks(atLeast(1), adaptive))],
  [pooling.adaptiveAvgPool, of({ outLength: SIZE }, checks(atLeast(1), adaptive))],
  [recurrent.lstm, recurrentSchema('lstm')],
  [recurrent.gru, recurrentSchema('gru')],
  [
    recurrentOfFiles.generalRecurrent,
    of(
      {
        kind: oneOf(['LSTM', 'GRU', 'RNN']),
        hiddenSize: wholeFrom(1),
        cells: GENERAL_CELLS,
        clip: REAL,
        couplesForget: FLAG,
        resetsAfter: FLAG,
        given: listOf(FLAG),
      },
      fitsGeneralCells,
      [1, 4],
    ),
  ],
  [spectra.magnitude, of({})],
  [spectra.stft, of(frames, checks(atLeast(1), hasFrames))],
  [spectra.istft, of({ ...frames, first: SIZE, rest: SIZE, dividesByWindows: FLAG }, checks(hasFrames, hasSpectra))],
  [
    resampling.resample,
    of({ from: wholeFrom(1), to: wholeFrom(1), layer: CONVOLUTION_LAYER }, checks(atLeast(1), hasFilters)),
  ],
  [
    upsampling.upsample,
    of({ size: orNull(SIZE), scale: NUMBER, mode: oneOf(['nearest', 'linear']), alignCorners: FLAG }, atLeast(1)),
  ],
  [indices.at, of({ indices: listOf(INDEX) })],
  [
    cats.cat,
    of(
      { dim: DIM, isStack: UNSAID },
      ({ dim }: { dim: number }, inputs) =>
        inputs.every((x) => dim < x.shape.length) ? undefined : `has no dimension ${dim} in all tensors`,
      [1, Number.POSITIVE_INFINITY],
    ),
  ],
  [conversions.convert, of({ dtype: DTYPE })],
  ...[
    elementwise.add,
    elementwise.sub,
    elementwise.mul,
    elementwise.div,
    elementwise.minimum,
    elementwise.maximum,
    powers.pow,
  ].map((operation): [AnyOperation, Schema] => [operation, ofPairs]),
  [flips.flip, of({ dims: DIMS }, isDistinct)],
  [products.matmul, { inputs: [2, 2] }],
  [
    pads.pad,
    of(
      { ends: listOf(listOf(SIZE, 2)), mode: oneOf(['constant', 'reflect', 'replicate', 'circular']), value: NUMBER },
      ({ ends }: { ends: readonly (readonly number[])[] }, [x]) =>
        ends.length <= x!.shape.length && ends.every((each) => each.length === 2)
          ? undefined
          : 'takes both ends of each of the last dimensions',
    ),
  ],
  ...[reductions.sum, reductions.prod, reductions.mean, reductions.norm, reductions.any, reductions.all].map(
    (operation): [AnyOperation, Schema] => [operation, reduced],
  ),
  [reductions.variance, of({ ...reduction, correction: NUMBER }, dimsCheck)],
  [reductions.amax, extreme],
  [reductions.amin, extreme],
  [reshaping.reshape, of({ sizes: listOf(SIZE) })],
  [softmaxes.softmax, alongDim],
  [softmaxes.logSoftmax, alongDim],
  [views.permute, of({ dims: DIMS, isTransposed: UNSAID }, isPermutation)],
  [views.narrow, of({ dim: DIM, start: SIZE, length: SIZE }, checks(atLeast(1), dimCheck))],
  [views.squeeze, of({ dims: DIMS, areAll: UNSAID }, dimsCheck)],
  [
    views.unsqueeze,
    of({ dim: DIM }, ({ dim }: { dim: number }, [x]) =>
      dim <= x!.shape.length ? undefined : `has no dimension ${dim}`,
    ),
  ],
  [views.expand, of({ sizes: listOf(SIZE) })],
  ...Object.values(comparisons).map((operation): [AnyOperation, Schema] => [operation, ofPairs]),
  ...[reductions.argmax, reductions.argmin, extremes.max, extremes.min].map((operation): [AnyOperation, Schema] => [
    operation,
    alongOne,
  ]),
  [reductions.deviation, of({ ...reduction, correction: NUMBER }, dimsCheck)],
  [embeddings.embedding, of({ paddingIdx: NONE }, undefined, [2, 2])],
  [gathers.gather, indexed],
  [gathers.indexSelect, indexed],
  [choices.where, of(NO_FIELDS, undefined, [3, 3])],
  [dots.dot, of(NO_FIELDS, undefined, [2, 2])],
  [clones.clone, of(NO_FIELDS)],
  [sorting.cumsum, alongDim],
  [sorting.sort, of({ dim: DIM, descending: FLAG }, dimCheck)],
  [sorting.topk, of({ k: SIZE, dim: DIM, largest: FLAG }, dimCheck)],
  [
    splits.split,
    of({ dim: DIM, sizes: listOf(SIZE, MOST_PIECES), areGiven: UNSAID }, checks(atLeast(1), dimCheck, isTotal)),
  ],
  [fulls.full, of({ sizes: listOf(SIZE), value: NUMBER, dtype: DTYPE }, checks(hasSizes, isOfDtype('value')), [0, 0])],
  ...Object.values(mathFunctions).map((operation): [AnyOperation, Schema] => [operation, of(NO_FIELDS)]),
  ...Object.values(divisions).map((operation): [AnyOperation, Schema] => [operation, of(NO_FIELDS, undefined, [2, 2])]),
  ...Object.values(filesActivations).map((operation): [AnyOperation, Schema] => [operation, ofElements]),
  [
    makers.arange,
    of(
      { start: NUMBER, step: NUMBER, count: SIZE, dtype: DTYPE },
      checks(isOfDtype('start', 'step'), ({ count }) => (count >= 0 ? undefined : 'has a count below 0')),
      [0, 0],
    ),
  ],
  [makers.integers, of({ values: listOf(SIZE, MOST_PIECES), isScalar: FLAG }, hasValues, [0, 0])],
  [putting.putRows, of({ reduction: oneOf(['none', 'add', 'mul', 'max', 'min']) }, isOfRows, [3, 3])],
  [
    resizing.resize,
    of(
      {
        outLength: SIZE,
        scale: NUMBER,
        mode: oneOf(['nearest', 'linear', 'cubic']),
        coordinates: oneOf([
          'half_pixel',
          'half_pixel_symmetric',
          'pytorch_half_pixel',
          'align_corners',
          'asymmetric',
          'tf_half_pixel_for_nn',
          'tf_crop_and_resize',
        ]),
        rounding: oneOf(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil']),
        a: REAL,
        excludesOutside: FLAG,
        antialias: FLAG,
        crop: listOf(REAL, 2),
        outside: REAL,
      },
      checks(atLeast(1), ({ crop, scale }) =>
        crop.length === 2 && scale >= 0 ? undefined : 'takes a crop [start, end] and a scale of 0 or more',
      ),
    ),
  ],
]);
