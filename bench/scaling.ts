import type { ScalingCurve } from './results.ts';

/** A point above this is a cliff. */
export const CLIFF = 1.2;

export interface FittedPoint {
  readonly x: number;
  readonly ms: number;
  /** What the straight line says. */
  readonly fit: number;
  readonly ratio: number;
}

/**
 * The curve against the straight line a + b x that is nearest to it, relative errors counting. Neither a nor b is negative: a
 * is what a call costs, b what a unit of work costs.
 */
export function fitLine({ points }: ScalingCurve): FittedPoint[] {
  // Least squares of (a + b x - t) / t.
  let [s, sx, sxx, st, sxt] = [0, 0, 0, 0, 0];
  for (const { x, ms } of points) {
    const weight = 1 / (ms * ms);
    s += weight;
    sx += weight * x;
    sxx += weight * x * x;
    st += weight * ms;
    sxt += weight * x * ms;
  }
  const determinant = s * sxx - sx * sx;
  let a = (sxx * st - sx * sxt) / determinant;
  let b = (s * sxt - sx * st) / determinant;
  if (a < 0) [a, b] = [0, sxt / sxx];
  if (b < 0) [a, b] = [st / s, 0];
  return points.map(({ x, ms }) => ({ x, ms, fit: a + b * x, ratio: ms / (a + b * x) }));
}
