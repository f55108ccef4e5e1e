import { rangeError, typeError } from '../check/errors.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe, integer, oneOf } from '../check/validate.ts';
import { type FloatDtype, readFloatDtype } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import { type Algorithm, DEFAULT_MAX_WEIGHT_BYTES, readAlgorithm, readMaxWeightBytes } from './algorithm.ts';
import { describePadding, type Padding, paddingEnds, readPadding } from './padding.ts';
import {
  kernelReach,
  requireGroups,
  requireNoNegativeSize,
  requireStride,
  requireWeightFits,
  requireWeightGroups,
  type WeightShape,
} from './sizes.ts';

export type { Algorithm } from './algorithm.ts';
export type { Padding } from './padding.ts';

/**
 * Which values padding adds: zeros, the mirrored signal without its edge, the edge value, or the signal's other end.
 *
 * @category Layer
 */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/**
 * The options of `functional.conv1d`.
 *
 * @category Layer
 */
export interface FunctionalConv1dOptions {
  /** The distance between the inputs of neighbouring outputs. Default 1. */
  stride?: number | undefined;
  /** Elements added to the ends of the input: zeros, unless `paddingMode` says otherwise. Default 0. */
  padding?: Padding | undefined;
  /** The distance between neighbouring taps of the kernel. Default 1. */
  dilation?: number | undefined;
  /** The number of blocks the channels are divided into; `inChannels` makes it depthwise. Default 1. */
  groups?: number | undefined;
  /** `'fast'` also takes algorithms that sum in another order, where they are estimated to be faster. Default `'direct'`. */
  algorithm?: Algorithm | undefined;
  /** With `'fast'`: the bytes that the transformed weights of an algorithm may take up; one that needs more is not taken. Default 2^28. */
  maxWeightBytes?: number | undefined;
}

/**
 * The options of `new Conv1d(...)`.
 *
 * @category Layer
 */
export interface Conv1dOptions extends FunctionalConv1dOptions {
  /** Whether a learnable number is added to each output channel. Default true. */
  bias?: boolean | undefined;
  /** Which values padding adds. Default `'zeros'`. */
  paddingMode?: PaddingMode | undefined;
  /** The type of weight, bias, input and output. Default `'float32'`. */
  dtype?: FloatDtype | undefined;
}

/**
 * The options of `Conv1d.fromWeights`: what weights do not show.
 *
 * @category Layer
 */
export interface Conv1dFromWeightsOptions extends FunctionalConv1dOptions {
  /** Which values padding adds. Default `'zeros'`. */
  paddingMode?: PaddingMode | undefined;
}

/**
 * The options of `Conv1d.fromSafetensors`.
 *
 * @category Layer
 */
export interface Conv1dFromSafetensorsOptions extends Conv1dFromWeightsOptions {
  /** What the names of the layer's tensors begin with: `'encoder.conv1.'`. Default: the only convolution of the file. */
  prefix?: string | undefined;
}

/** A convolution's parameters, checked one by one and against each other. Frozen; the rest of the library trusts it. */
export interface Conv1dParameters {
  /** The operator's name in torch's messages. */
  readonly operator: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  /** As it was given. */
  readonly padding: Padding;
  readonly padLeft: number;
  readonly padRight: number;
  readonly dilation: number;
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  readonly dtype: FloatDtype;
  readonly algorithm: Algorithm;
  readonly maxWeightBytes: number;
  /** The stretch of input one output depends on: `dilation * (kernelSize - 1) + 1`. */
  readonly span: number;
  /** Of a transposed convolution alone: outputs behind the last one. */
  readonly outputPadding?: number;
  /** `[outChannels, inChannels / groups, kernelSize]`; of a transposed convolution `[inChannels, outChannels / groups, kernelSize]`. */
  readonly weightShape: WeightShape;
}

/** What `functional.conv1d` and every layer take, each of the right kind, not yet compared with each other. */
export type SharedOptions = Pick<Conv1dParameters, keyof FunctionalConv1dOptions>;

const FUNCTIONAL_OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'algorithm', 'maxWeightBytes'] as const;
const CONV1D_OPTIONS = [...FUNCTIONAL_OPTIONS, 'bias', 'paddingMode', 'dtype'] as const;
const FROM_WEIGHTS_OPTIONS = [...FUNCTIONAL_OPTIONS, 'paddingMode'] as const;
export const PADDING_MODES = ['zeros', 'replicate', 'reflect', 'circular'] as const satisfies readonly PaddingMode[];

/**
 * Checks what `new Conv1d` was given. Every option is read exactly once.
 *
 * Where this is stricter than torch 1.13, which checks some of it only at the first call, or not at all:
 *
 * | given | torch | here |
 * |---|---|---|
 * | stride, dilation 0 or negative, negative padding | refused at the first call | refused by the constructor |
 * | 0 output channels                       | refused at the first call            | refused by the constructor |
 * | 0 input channels                        | an output without channels           | refused |
 * | kernel size 0                           | an internal error at the first call  | refused |
 * | stride `'1'`, 1.5, NaN, true            | a type error at the first call       | refused by the constructor |
 * | dilation, padding near 2^63             | wrap around, crash or read elsewhere | refused, or exact |
 * | circular padding of an unbatched signal | fails                                | works |
 */
export function readConv1d(
  givenInChannels: unknown,
  givenOutChannels: unknown,
  givenKernelSize: unknown,
  options: unknown,
): { parameters: Conv1dParameters; bias: boolean } {
  const read = optionReader(options, CONV1D_OPTIONS, 'Conv1d');

  // Each value by itself.
  const inChannels = integer(givenInChannels, 'inChannels');
  const outChannels = integer(givenOutChannels, 'outChannels');
  const kernelSize = integer(givenKernelSize, 'kernelSize');
  const shared = readShared(read, (text) => `Invalid padding string ${text}, should be one of {'valid', 'same'}`);
  const bias = boolean(read('bias', true), 'bias');
  const paddingMode = readPaddingMode(read('paddingMode', 'zeros'));
  const dtype = readFloatDtype(read('dtype', 'float32'));

  // The channels against the groups.
  requireGroups(inChannels, outChannels, shared.groups);

  // The weight they make.
  const weightShape = [outChannels, inChannels / shared.groups, kernelSize] as const;
  requireNoNegativeSize(weightShape);
  return { parameters: makeParameters(weightShape, shared, paddingMode, dtype), bias };
}

/** Checks the options of `functional.conv1d`, each by itself and read exactly once. */
export function readFunctional(options: unknown): SharedOptions {
  const read = optionReader(options, FUNCTIONAL_OPTIONS, 'functional.conv1d');
  const shared = readShared(read);
  if (shared.groups <= 0) {
    throw rangeError('ERR_CONV1D_VALUE', `non-positive groups is not supported, but got groups ${shared.groups}`);
  }
  return shared;
}

/** Checks the options of `Conv1d.fromWeights`, each by itself and read exactly once. */
export function readFromWeights(options: unknown): GivenOptions {
  return readGiven(optionReader(options, FROM_WEIGHTS_OPTIONS, 'Conv1d.fromWeights'));
}

/** Checks the options of `Conv1d.fromSafetensors`, each by itself and read exactly once. */
export function readFromSafetensors(options: unknown): GivenOptions & { readonly prefix: string | undefined } {
  const read = optionReader(options, [...FROM_WEIGHTS_OPTIONS, 'prefix'], 'Conv1d.fromSafetensors');
  const given = readGiven(read);
  const prefix = read('prefix', undefined);
  if (prefix !== undefined && typeof prefix !== 'string') {
    throw typeError('ERR_CONV1D_TYPE', `the option prefix must be a string, but got ${describe(prefix)}`);
  }
  return { ...given, prefix };
}

/** What weights do not show. */
export interface GivenOptions {
  readonly shared: SharedOptions;
  readonly paddingMode: PaddingMode;
}

function readGiven(read: Reader): GivenOptions {
  const shared = readShared(read, (text) => `Invalid padding string ${text}, should be one of {'valid', 'same'}`);
  const paddingMode = readPaddingMode(read('paddingMode', 'zeros'));
  if (shared.groups <= 0) {
    throw rangeError('ERR_CONV1D_VALUE', `groups must be a positive integer, but got ${shared.groups}`);
  }
  return { shared, paddingMode };
}

/** Works out paddings and sizes, and refuses those that leave the exact integers: nothing later can overflow. */
export function makeParameters(
  weightShape: WeightShape,
  shared: SharedOptions,
  paddingMode: PaddingMode,
  dtype: FloatDtype,
): Conv1dParameters {
  const [outChannels, channelsPerGroup, kernelSize] = weightShape;
  const { stride, padding, dilation, groups, algorithm, maxWeightBytes } = shared;

  // The weight.
  requireWeightGroups(weightShape, groups);
  if (channelsPerGroup === 0 || kernelSize === 0) {
    const [dimension, name] = channelsPerGroup === 0 ? [1, 'inChannels'] : [2, 'kernelSize'];
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given groups=${groups}, expected weight to be at least 1 at dimension ${dimension}, but got weight of size ${formatShape(weightShape)} instead; ${name} must be 1 or more`,
    );
  }
  requireWeightFits(weightShape);

  // The steps, and how far the kernel reaches.
  requireStride(stride);
  if (dilation <= 0) {
    throw rangeError('ERR_CONV1D_VALUE', `non-positive dilation is not supported, but got dilation ${dilation}`);
  }
  const reach = kernelReach(kernelSize, dilation);

  // The padding.
  if (padding === 'same' && stride !== 1) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `padding='same' is not supported for strided convolutions, but got stride ${stride}; give a number or [left, right]`,
    );
  }
  const [padLeft, padRight] = paddingEnds(padding, reach);
  if (padLeft < 0 || padRight < 0) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `negative padding is not supported, but got padding ${describePadding(padding)}`,
    );
  }
  if (!Number.isSafeInteger(padLeft + padRight)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `padding ${describePadding(padding)} adds more than 2^53 - 1 elements; use a smaller padding`,
    );
  }

  return Object.freeze({
    operator: 'conv1d',
    inChannels: channelsPerGroup * groups,
    outChannels,
    kernelSize,
    stride,
    padding,
    padLeft,
    padRight,
    dilation,
    groups,
    paddingMode,
    dtype,
    algorithm,
    maxWeightBytes,
    span: reach + 1,
    weightShape: Object.freeze(weightShape),
  });
}

/** Reads one option by name; one that is undefined counts as not given. */
export type Reader = (name: string, otherwise: unknown) => unknown;

/** Checks the names of the options and gives back how to read them. */
export function optionReader(options: unknown, known: readonly string[], what: string): Reader {
  if (options === undefined) return (_, otherwise) => otherwise;
  refuseUnknownOptions(options as object, known, what);
  const record = options as Record<string, unknown>;
  return (name, otherwise) => {
    const value = record[name];
    return value === undefined ? otherwise : value;
  };
}

function readShared(read: Reader, invalidPadding?: (text: string) => string): SharedOptions {
  return {
    stride: integer(read('stride', 1), 'stride'),
    padding: readPadding(read('padding', 0), invalidPadding),
    dilation: integer(read('dilation', 1), 'dilation'),
    groups: integer(read('groups', 1), 'groups', 'a positive integer'),
    algorithm: readAlgorithm(read('algorithm', 'direct')),
    maxWeightBytes: readMaxWeightBytes(read('maxWeightBytes', DEFAULT_MAX_WEIGHT_BYTES)),
  };
}

function readPaddingMode(value: unknown): PaddingMode {
  return oneOf(value, PADDING_MODES, 'padding_mode');
}
