import { rangeError } from '../check/errors.ts';
import { formatShape } from '../tensor/shape.ts';

/** Refuses a bias that has not one element per output channel, with torch's sentence. */
export function requireBiasShape(bias: readonly number[], weight: readonly number[]): void {
  const outChannels = weight[0]!;
  if (bias.length === 1 && bias[0] === outChannels) return;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `Given weight of size ${formatShape(weight)}, expected bias to be 1-dimensional with ${outChannels} elements, ` +
      `but got bias of size ${formatShape(bias)} instead`,
  );
}
