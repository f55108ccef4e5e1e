import type { nn, Tensor } from 'conv1d';
import type { Algorithm } from '../results.ts';
import type { Step } from './results.ts';

/** The part of a compiled network that the benchmarks use. */
export interface Compiled {
  forward(...inputs: readonly Tensor[]): unknown;
  forwardAsync(...inputs: readonly Tensor[]): Promise<unknown>;
  profile?(...inputs: readonly Tensor[]): readonly Step[];
  dispose(): void;
}

interface Compiler {
  readonly compile?: (
    module: nn.Module,
    options: { readonly inputs: readonly Tensor[]; readonly algorithm: Algorithm },
  ) => Compiled;
}

/** A network compiled for inputs like these; null where the package has no `compile`. */
export async function compiled(
  network: nn.Module,
  inputs: readonly Tensor[],
  algorithm: Algorithm,
): Promise<Compiled | null> {
  const { compile } = (await import('conv1d')) as Compiler;
  return compile?.(network, { inputs, algorithm }) ?? null;
}
