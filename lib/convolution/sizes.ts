import { rangeError } from '../check/errors.ts';
import { formatShape, MAX_NUMEL } from '../tensor/shape.ts';

// What the sizes of a convolution and of a transposed one must fulfil alike, in torch's words.

/** The sizes of a weight: of a convolution outputs first, of a transposed one inputs first. */
export type WeightShape = readonly [first: number, perGroup: number, kernelSize: number];

/** The channels of a layer against its groups. RangeError ERR_CONV1D_VALUE where they do not divide. */
export function requireGroups(inChannels: number, outChannels: number, groups: number): void {
  if (groups <= 0) throw rangeError('ERR_CONV1D_VALUE', `groups must be a positive integer, but got ${groups}`);
  if (inChannels % groups !== 0) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `in_channels must be divisible by groups, but got inChannels ${inChannels} and groups ${groups}`,
    );
  }
  if (outChannels % groups !== 0) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `out_channels must be divisible by groups, but got outChannels ${outChannels} and groups ${groups}`,
    );
  }
}

/** The weight that a layer is about to make. RangeError ERR_CONV1D_VALUE where a size is negative. */
export function requireNoNegativeSize(weightShape: WeightShape): void {
  const negative = weightShape.find((size) => size < 0);
  if (negative === undefined) return;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `Trying to create tensor with negative dimension ${negative}: ${formatShape(weightShape)}; ` +
      'inChannels, outChannels and kernelSize must be 1 or more',
  );
}

/** The first size of a weight against the groups. RangeError ERR_CONV1D_SHAPE where they do not divide it. */
export function requireWeightGroups(weightShape: WeightShape, groups: number): void {
  const [first] = weightShape;
  if (first < groups) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given groups=${groups}, expected weight to be at least ${groups} at dimension 0, but got weight of size ${formatShape(weightShape)} instead`,
    );
  }
  if (first % groups !== 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Given groups=${groups}, expected weight to be divisible by ${groups} at dimension 0, but got weight of size [${formatShape(weightShape)}] instead`,
    );
  }
}

/** RangeError ERR_CONV1D_SHAPE where a weight has more elements than a tensor holds. */
export function requireWeightFits(weightShape: WeightShape): void {
  const [first, perGroup, kernelSize] = weightShape;
  if (first * perGroup * kernelSize <= MAX_NUMEL) return;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `Storage size calculation overflowed with sizes=${formatShape(weightShape)}; a tensor holds at most ${MAX_NUMEL} elements`,
  );
}

/** RangeError ERR_CONV1D_VALUE unless the stride is 1 or more. */
export function requireStride(stride: number): void {
  if (stride > 0) return;
  throw rangeError('ERR_CONV1D_VALUE', `non-positive stride is not supported, but got stride ${stride}`);
}

/** How far a kernel reaches beyond its first tap; RangeError ERR_CONV1D_VALUE where that is no exact integer. */
export function kernelReach(kernelSize: number, dilation: number): number {
  const reach = dilation * (kernelSize - 1);
  if (Number.isSafeInteger(reach + 1)) return reach;
  throw rangeError(
    'ERR_CONV1D_VALUE',
    `a kernel of size ${kernelSize} with dilation ${dilation} spans more than 2^53 - 1 elements; use a smaller dilation`,
  );
}
