import { viewArgument } from '../tensor/arguments.ts';
import { arrayKind, dtypeOf, type FloatArray } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { elementsOfView } from '../tensor/view.ts';

/**
 * The dimension along which a weight was normed: the one that the magnitude keeps, 0 unless someone chose another; -1 when there is
 * one norm for all. Undefined when the magnitude does not fit.
 *
 * @param magnitude  the shape of g: (outChannels, 1, 1) for dimension 0
 * @param direction  the shape of v, which is the weight's
 */
export function normedDimension(magnitude: readonly number[], direction: readonly number[]): number | undefined {
  if (magnitude.length === 0) return -1;
  if (magnitude.length !== direction.length) return undefined;
  const kept = direction.flatMap((size, dim) => (magnitude[dim] === size && size !== 1 ? [dim] : []));
  const fits = magnitude.every((size, dim) => size === 1 || kept.includes(dim));
  return fits && kept.length <= 1 ? (kept[0] ?? -1) : undefined;
}

/**
 * The weight that PyTorch's weight norm computes before each call: w = g * v / ||v||, with the norm over all dimensions but one.
 *
 * Sums, norm and quotient are float64 and the product is rounded once, so that a float32 weight is within 0.501 ulp of the exact one.
 * PyTorch rounds at each step: the two differ by a few ulp, and where the squares of float32 leave its range PyTorch's weight is zero or
 * infinite and this one right. A direction of zeros becomes NaN, as in PyTorch.
 *
 * @param g      the magnitude
 * @param v      the direction
 * @param shape  the shape of v
 * @param dim    from {@link normedDimension}
 * @returns w, of the dtype of v
 */
function foldWeightNorm(g: FloatArray, v: FloatArray, shape: readonly number[], dim: number): FloatArray {
  // Seen as (before, size, after), the elements of one norm are those with one index in the middle.
  const size = dim < 0 ? 1 : shape[dim]!;
  const after = dim < 0 ? v.length : shape.slice(dim + 1).reduce((product, each) => product * each, 1);
  const scales = new Float64Array(size);
  for (let i = 0; i < v.length; ) {
    for (let j = 0; j < size; j++) {
      let sum = scales[j]!;
      for (const end = i + after; i < end; i++) sum += v[i]! * v[i]!;
      scales[j] = sum;
    }
  }
  for (let j = 0; j < size; j++) scales[j] = g[j]! / Math.sqrt(scales[j]!);

  const w = new (arrayKind(dtypeOf(v)))(v.length);
  for (let i = 0; i < v.length; ) {
    for (let j = 0; j < size; j++) {
      const scale = scales[j]!;
      for (const end = i + after; i < end; i++) w[i] = v[i]! * scale;
    }
  }
  return w;
}

/**
 * The weight of a magnitude and a direction, of the direction's dtype; undefined when the magnitude's shape does not fit.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory of either is gone
 */
export function foldedFrom(magnitude: Tensor, direction: Tensor): FloatArray | undefined {
  const g = viewArgument(magnitude, 'the magnitude');
  const v = viewArgument(direction, 'the direction');
  const dim = normedDimension(g.shape, v.shape);
  if (dim === undefined) return undefined;
  return foldWeightNorm(elementsOfView(g), elementsOfView(v), v.shape, dim);
}
