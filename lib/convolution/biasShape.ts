import { rangeError } from '../check/errors.ts';
import { formatShape } from '../tensor/shape.ts';

/**
 * Refuses a bias that has not one element per output channel, with torch's sentence.
 *
 * @param groups  of a transposed convolution; null for a convolution, whose weight has the output channels first
 */
export function requireBiasShape(
  bias: readonly number[],
  weight: readonly number[],
  groups: number | null = null,
): void {
  const outChannels = groups === null ? weight[0]! : weight[1]! * groups;
  if (bias.length === 1 && bias[0] === outChannels) return;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `Given ${groups === null ? '' : 'transposed=1, '}weight of size ${formatShape(weight)}, expected bias to be ` +
      `1-dimensional with ${outChannels} elements, but got bias of size ${formatShape(bias)} instead`,
  );
}
