import { performance } from 'node:perf_hooks';

/** How often we measure a computation at most, and after how many milliseconds we do not run it again. */
const RUNS = 5;
const ENOUGH_MILLISECONDS = 250;

/**
 * What a computation gives, and the time of its fastest run. The first run meets cold caches and fresh memory; so a long one runs once, and
 * a short one is measured well.
 *
 * @param again  the same into the memory of the first run
 */
export function measured<T>(first: () => T, again: (result: T) => void): { result: T; milliseconds: number } {
  const start = performance.now();
  const result = first();
  let milliseconds = performance.now() - start;
  for (let runs = 1; runs < RUNS && performance.now() - start < ENOUGH_MILLISECONDS; runs++) {
    const begun = performance.now();
    again(result);
    milliseconds = Math.min(milliseconds, performance.now() - begun);
  }
  return { result, milliseconds };
}
