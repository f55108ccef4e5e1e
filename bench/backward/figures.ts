import type { Figure } from '../figures.ts';
import {
  type BackwardResults,
  type BackwardRun,
  type BackwardTime,
  backwardTime,
  type KernelId,
  type Kind,
  kernelFlops,
} from './results.ts';

/** How many times as long as ours PyTorch takes, one by one, where both have a time. */
export function pytorchRatios(
  results: BackwardResults,
  run: BackwardRun,
  kind: Kind,
  time: BackwardTime = 'median',
): Figure[] {
  return results[kind].flatMap(({ name }, i) => {
    const measured = run[kind][i];
    const [theirs, ours] = [backwardTime(measured, 'pytorch', time), backwardTime(measured, 'ours', time)];
    return theirs === null || ours === null ? [] : [{ name, value: theirs / ours }];
  });
}

/** The fraction of the FMA peak that a kernel reaches, layer by layer. */
export function peakFractions(
  { layers }: BackwardResults,
  { layers: measured, peak }: BackwardRun,
  kernel: KernelId,
  time: BackwardTime = 'median',
): Figure[] {
  return layers.flatMap((problem, i) => {
    const ms = backwardTime(measured[i], kernel, time);
    return ms === null ? [] : [{ name: problem.name, value: kernelFlops(problem) / ms / 1e6 / peak }];
  });
}

/** How many times as fast ours is on the threads of a run as on one, with the same instruction set. */
export function threadGains({ runs, ...results }: BackwardResults, run: BackwardRun, kind: Kind): Figure[] {
  const single = runs.find(({ threads, isa }) => threads === 1 && isa === run.isa);
  return results[kind].flatMap(({ name }, i) => {
    const [one, several] = [backwardTime(single?.[kind][i], 'ours'), backwardTime(run[kind][i], 'ours')];
    return one === null || several === null ? [] : [{ name, value: one / several }];
  });
}
