import { bytes, isDepthwise, type Problem, SEED, usefulFlops } from './problems.ts';

/** What a machine can do at most, over the threads in use. */
export interface Roof {
  /** Fused multiply-adds in registers, GFLOP/s, float32. */
  readonly peak: number;
  /** Copying memory, bytes read plus bytes written, GB/s. */
  readonly copy: number;
}

export type Bound = 'compute' | 'bandwidth';

/** The shortest time a layer can take: every useful product at the peak, every byte once at the speed of a copy. */
export function limitOf(problem: Problem, roof: Roof): { readonly ms: number; readonly bound: Bound } {
  const compute = usefulFlops(problem) / roof.peak / 1e6;
  const bandwidth = bytes(problem) / roof.copy / 1e6;
  return compute >= bandwidth ? { ms: compute, bound: 'compute' } : { ms: bandwidth, bound: 'bandwidth' };
}

/** What we may expect of a layer. */
export type LayerKind = 'overhead' | 'dense' | 'compute' | 'bandwidth' | 'transform';

/** How far from the limit the direct sum of a layer of a kind may be; a windowed DFT is what fast algorithms are for. */
export const KIND_BARS: Readonly<Record<Exclude<LayerKind, 'overhead' | 'transform'>, number>> = {
  dense: 1.11,
  compute: 1.25,
  bandwidth: 1.6,
};

export const KIND_NAMES: Readonly<Record<LayerKind, string>> = {
  overhead: 'all overhead',
  dense: 'dense, 64 or more channels in and out, K >= 3',
  compute: 'other compute-bound layers',
  bandwidth: 'depthwise and bandwidth-bound layers',
  transform: 'windowed DFT',
};

export function kindOf(problem: Problem, roof: Roof): LayerKind {
  if (problem.name === SEED) return 'overhead';
  if (problem.weights === 'dft') return 'transform';
  if (isDepthwise(problem) || limitOf(problem, roof).bound === 'bandwidth') return 'bandwidth';
  const { groups, inChannels, outChannels, kernelSize } = problem;
  return groups === 1 && inChannels >= 64 && outChannels >= 64 && kernelSize >= 3 ? 'dense' : 'compute';
}

/** The geometric mean; NaN of nothing. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
