import type { Errors } from './results.ts';

/** How far results are apart: for each output the largest difference over the largest value, the worst output counting. */
export function apart(outputs: readonly ArrayLike<number>[], expected: readonly ArrayLike<number>[]): number {
  if (outputs.length !== expected.length) return Number.POSITIVE_INFINITY;
  return Math.max(...outputs.map((output, i) => relative(output, expected[i]!)));
}

function relative(output: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (output.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(output[i]! - expected[i]!);
    if (!(distance < Number.POSITIVE_INFINITY)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, distance);
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}

/** The errors of all outputs together, against those of the network in float64. */
export function errorsOf(outputs: readonly ArrayLike<number>[], exact: readonly ArrayLike<number>[]): Errors {
  let [sum, max, count] = [0, 0, 0];
  for (const [i, output] of outputs.entries()) {
    for (let at = 0; at < output.length; at++) {
      const error = Math.abs(output[at]! - exact[i]![at]!);
      sum += error;
      max = Math.max(max, error);
    }
    count += output.length;
  }
  return { mean: sum / count, max };
}
