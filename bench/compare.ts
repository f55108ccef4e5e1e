import type { Values } from './inputs.ts';
import { outLength, type Problem } from './problems.ts';

/** The exact result at some positions, and how large the products are that it sums. */
export interface Reference {
  readonly value: Float64Array;
  /** |bias| + sum of |w x|. */
  readonly magnitude: Float64Array;
}

/** The convolution written to be read, in float64, at the given positions of the output. */
export function referenceAt(problem: Problem, values: Values, positions: readonly number[]): Reference {
  const { inChannels, outChannels, kernelSize, stride, dilation, groups, padLeft, length } = problem;
  const columns = outLength(problem);
  const perGroup = inChannels / groups;
  const value = new Float64Array(positions.length);
  const magnitude = new Float64Array(positions.length);
  positions.forEach((position, i) => {
    const t = position % columns;
    const o = Math.floor(position / columns) % outChannels;
    const n = Math.floor(position / columns / outChannels);
    const group = Math.floor(o / (outChannels / groups));
    let sum = values.bias[o]!;
    let absolute = Math.abs(sum);
    for (let c = 0; c < perGroup; c++) {
      for (let k = 0; k < kernelSize; k++) {
        const at = t * stride + k * dilation - padLeft;
        if (at < 0 || at >= length) continue;
        const x = values.input[(n * inChannels + group * perGroup + c) * length + at]!;
        const product = values.weight[(o * perGroup + c) * kernelSize + k]! * x;
        sum += product;
        absolute += Math.abs(product);
      }
    }
    value[i] = sum;
    magnitude[i] = absolute;
  });
  return { value, magnitude };
}

/**
 * How much more than the direct sum the fast algorithms may round: transforms of tiles add and subtract inputs before they multiply.
 */
const FAST_ROUNDING = 4;

/**
 * How far a result of the fast algorithms is from the reference, in units of what rounding explains for them. Every output of a tile
 * carries rounding errors of the tile's largest products, so the largest |bias| + sum |w x| of the layer stands in for each output's own.
 */
export function fastDisagreement(problem: Problem, fast: ArrayLike<number>, { value, magnitude }: Reference): number {
  const largest = magnitude.reduce((most, each) => Math.max(most, each), 0);
  return disagreement(
    problem,
    fast,
    value,
    magnitude.map(() => FAST_ROUNDING * largest),
  );
}

/**
 * How far two results are apart, the worst place counting, in units of what rounding explains:
 * 2 sqrt(n) eps (|bias| + sum |w x|) for n products. At most 1 means that they agree. (n eps (...) is the most that two orders of
 * summation can differ; errors of random sign grow with the root.) A different size, NaN or an infinity is Infinity.
 */
export function disagreement(
  problem: Problem,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  magnitude: Float64Array,
): number {
  if (a.length !== magnitude.length || b.length !== magnitude.length) return Number.POSITIVE_INFINITY;
  const unit = 2 * Math.sqrt((problem.inChannels / problem.groups) * problem.kernelSize + 1) * 2 ** -23;
  let worst = 0;
  for (let i = 0; i < magnitude.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (difference === 0) continue;
    const ratio = difference / (unit * magnitude[i]!);
    if (!(ratio < Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, ratio);
  }
  return worst;
}
