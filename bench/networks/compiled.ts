import { compile, type Network, type nn, type Tensor } from 'conv1d';
import type { Algorithm } from '../results.ts';

/** A network compiled for inputs like these. */
export function compiled(
  network: nn.Module,
  inputs: readonly Tensor[],
  algorithm: Algorithm,
): Network<readonly unknown[], unknown> {
  return compile(network, { inputs, algorithm });
}
