import { rangeError } from '../check/errors.ts';
import { boolean, describe, integer } from '../check/validate.ts';
import { type FloatDtype, readFloatDtype } from '../tensor/dtype.ts';
import { formatShape } from '../tensor/shape.ts';
import { type Algorithm, DEFAULT_MAX_WEIGHT_BYTES, readAlgorithm, readMaxWeightBytes } from './algorithm.ts';
import { type Conv1dParameters, optionReader, type Reader } from './parameters.ts';
import {
  kernelReach,
  requireGroups,
  requireNoNegativeSize,
  requireStride,
  requireWeightFits,
  requireWeightGroups,
  type WeightShape,
} from './sizes.ts';

/**
 * The options of `functional.convTranspose1d`.
 *
 * @category Layer
 */
export interface FunctionalConvTranspose1dOptions {
  /** The distance between the outputs of neighbouring inputs. Default 1. */
  stride?: number | undefined;
  /** How many outputs are cut off at either end. Default 0. */
  padding?: number | undefined;
  /** How many outputs are added at the end, fewer than `stride` or `dilation`. Default 0. */
  outputPadding?: number | undefined;
  /** The number of blocks the channels are divided into; `inChannels` makes it depthwise. Default 1. */
  groups?: number | undefined;
  /** The distance between neighbouring taps of the kernel. Default 1. */
  dilation?: number | undefined;
  /** `'fast'` also takes algorithms that sum in another order, where they are estimated to be faster. Default `'direct'`. */
  algorithm?: Algorithm | undefined;
  /** With `'fast'`: the bytes that the transformed weights of an algorithm may take up; one that needs more is not taken. Default 2^28. */
  maxWeightBytes?: number | undefined;
}

/**
 * The options of `new ConvTranspose1d(...)`.
 *
 * @category Layer
 */
export interface ConvTranspose1dOptions extends FunctionalConvTranspose1dOptions {
  /** Whether a learnable number is added to each output channel. Default true. */
  bias?: boolean | undefined;
  /** Which values padding adds: none but zeros, as in PyTorch. Default `'zeros'`. */
  paddingMode?: 'zeros' | undefined;
  /** The type of weight, bias, input and output. Default `'float32'`. */
  dtype?: FloatDtype | undefined;
}

/** What `functional.convTranspose1d` and every layer take, each of the right kind, not yet compared with each other. */
export type TransposedOptions = Required<{
  [K in keyof FunctionalConvTranspose1dOptions]: Exclude<FunctionalConvTranspose1dOptions[K], undefined>;
}>;

const FUNCTIONAL_OPTIONS = [
  'stride',
  'padding',
  'outputPadding',
  'groups',
  'dilation',
  'algorithm',
  'maxWeightBytes',
] as const;
const LAYER_OPTIONS = [...FUNCTIONAL_OPTIONS, 'bias', 'paddingMode', 'dtype'] as const;

/**
 * Checks what `new ConvTranspose1d` was given. Every option is read exactly once.
 *
 * torch 1.13 checks stride, dilation, padding and output padding at the first call only; here the constructor does.
 */
export function readConvTranspose1d(
  givenInChannels: unknown,
  givenOutChannels: unknown,
  givenKernelSize: unknown,
  options: unknown,
): { parameters: Conv1dParameters; bias: boolean } {
  const read = optionReader(options, LAYER_OPTIONS, 'ConvTranspose1d');

  // Each value by itself.
  const inChannels = integer(givenInChannels, 'inChannels');
  const outChannels = integer(givenOutChannels, 'outChannels');
  const kernelSize = integer(givenKernelSize, 'kernelSize');
  const shared = readShared(read);
  const bias = boolean(read('bias', true), 'bias');
  const paddingMode = read('paddingMode', 'zeros');
  if (paddingMode !== 'zeros') {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `Only "zeros" padding mode is supported for ConvTranspose1d, but got ${describe(paddingMode)}`,
    );
  }
  const dtype = readFloatDtype(read('dtype', 'float32'));

  // The channels against the groups.
  requireGroups(inChannels, outChannels, shared.groups);

  // The weight they make.
  const weightShape = [inChannels, outChannels / shared.groups, kernelSize] as const;
  requireNoNegativeSize(weightShape);
  return { parameters: makeTransposedParameters(weightShape, shared, dtype), bias };
}

/** Checks the options of `functional.convTranspose1d`, each by itself and read exactly once. */
export function readFunctionalTransposed(options: unknown): TransposedOptions {
  const shared = readShared(optionReader(options, FUNCTIONAL_OPTIONS, 'functional.convTranspose1d'));
  if (shared.groups <= 0) {
    throw rangeError('ERR_CONV1D_VALUE', `non-positive groups is not supported, but got groups ${shared.groups}`);
  }
  return shared;
}

/** Works out sizes, and refuses those that leave the exact integers: nothing later can overflow. */
export function makeTransposedParameters(
  weightShape: WeightShape,
  shared: TransposedOptions,
  dtype: FloatDtype,
): Conv1dParameters {
  const [inChannels, channelsPerGroup, kernelSize] = weightShape;
  const { stride, padding, outputPadding, groups, dilation, algorithm, maxWeightBytes } = shared;
  checkWeight(weightShape, groups);

  // The steps, and how far the kernel reaches.
  requireStride(stride);
  if (dilation <= 0) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `dilation should be greater than zero, but got dilation_height: 1, dilation_width: ${dilation}`,
    );
  }
  const reach = kernelReach(kernelSize, dilation);

  // The paddings.
  if (padding < 0) {
    throw rangeError('ERR_CONV1D_VALUE', `negative padding is not supported, but got padding ${padding}`);
  }
  if (!Number.isSafeInteger(2 * padding)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `padding ${padding} cuts off more than 2^53 - 1 elements; use a smaller padding`,
    );
  }
  if (outputPadding < 0) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `negative output_padding is not supported, but got outputPadding ${outputPadding}`,
    );
  }
  if (outputPadding >= stride && outputPadding >= dilation) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      'output padding must be smaller than either stride or dilation, but got output_padding_height: 0 ' +
        `output_padding_width: ${outputPadding} stride_height: 1 stride_width: ${stride} dilation_height: 1 dilation_width: ${dilation}`,
    );
  }

  return Object.freeze({
    operator: 'conv_transpose1d',
    inChannels,
    outChannels: channelsPerGroup * groups,
    kernelSize,
    stride,
    padding,
    padLeft: padding,
    padRight: padding,
    dilation,
    groups,
    paddingMode: 'zeros' as const,
    dtype,
    algorithm,
    maxWeightBytes,
    span: reach + 1,
    outputPadding,
    weightShape: Object.freeze(weightShape),
  });
}

function checkWeight(weightShape: WeightShape, groups: number): void {
  const [inChannels, channelsPerGroup, kernelSize] = weightShape;
  requireWeightGroups(weightShape, groups);
  if (kernelSize === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      'kernel size should be greater than zero, but got kernel_height: 1 kernel_width: 0; kernelSize must be 1 or more',
    );
  }
  if (channelsPerGroup === 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `non-empty 2D or 4D weight tensor expected, but got: ${formatShape([inChannels, 0, 1, kernelSize])}; outChannels must be 1 or more`,
    );
  }
  requireWeightFits(weightShape);
}

function readShared(read: Reader): TransposedOptions {
  return {
    stride: integer(read('stride', 1), 'stride'),
    padding: integer(read('padding', 0), 'padding'),
    outputPadding: integer(read('outputPadding', 0), 'outputPadding'),
    groups: integer(read('groups', 1), 'groups', 'a positive integer'),
    dilation: integer(read('dilation', 1), 'dilation'),
    algorithm: readAlgorithm(read('algorithm', 'direct')),
    maxWeightBytes: readMaxWeightBytes(read('maxWeightBytes', DEFAULT_MAX_WEIGHT_BYTES)),
  };
}
