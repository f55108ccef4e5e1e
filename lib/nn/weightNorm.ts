import { foldWeightNorm } from '../native/norms.ts';
import type { Around } from '../native/reductions.ts';
import { allocate } from '../tensor/allocate.ts';
import { elementsOf, viewArgument } from '../tensor/arguments.ts';
import { arrayKind, dtypeOf, type FloatArray, type FloatDtype, isFloatDtype } from '../tensor/dtype.ts';
import { LEAF } from '../tensor/history.ts';
import { runOperation } from '../tensor/operation.ts';
import { around } from '../tensor/ops/around.ts';
import { converted } from '../tensor/ops/convert.ts';
import { numelOf } from '../tensor/shape.ts';
import { wrote } from '../tensor/versions.ts';
import { floatsOfView, type View } from '../tensor/view.ts';
import { weightNorm } from './ops/weightNorm.ts';
import { Parameter } from './parameter.ts';
import { partNames } from './storedWeight.ts';

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
 * Writes the weight that PyTorch's weight norm computes before each call: w = g * v / ||v||, with the norm over all dimensions but one.
 *
 * Sums, norm and quotient are float64 and the product is rounded once, so that a float32 weight is within 0.501 ulp of the exact one.
 * PyTorch rounds at each step: the two differ by a few ulp, and where the squares of float32 leave its range PyTorch's weight is zero or
 * infinite and this one right. A direction of zeros becomes NaN, as in PyTorch.
 *
 * @param dim     from {@link normedDimension}
 * @param weight  w, of the shape and dtype of the direction
 * @returns       whether that changed the weight
 */
function fold(magnitude: View, direction: View, dim: number, weight: FloatArray): boolean {
  const g = Float64Array.from(floatsOfView(magnitude));
  return foldWeightNorm(normed(direction.shape, dim), g, floatsOfView(direction), weight);
}

/** A shape as a norm sees it. */
function normed(shape: readonly number[], dim: number): Around {
  return dim < 0 ? { outer: 1, count: 1, inner: numelOf(shape) } : around(shape, dim);
}

/**
 * The weight of a magnitude and a direction, of the direction's dtype; undefined when the magnitude's shape does not fit.
 *
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory of either is gone
 */
export function foldedFrom(magnitude: View, direction: View): FloatArray | undefined {
  const dim = normedDimension(magnitude.shape, direction.shape);
  if (dim === undefined) return undefined;
  const [g, v] = [floatView(magnitude), floatView(direction)];
  const weight = allocate(v.dtype as FloatDtype, v.numel);
  fold(g, v, dim, weight);
  return weight;
}

/** Files may have integers. */
function floatView(view: View): View {
  return isFloatDtype(view.dtype) ? view : converted(view, 'float64');
}

/** One of the two parts of a value under a norm. */
export interface NormPart {
  readonly key: string;
  /** What PyTorch's later weight norm calls it. */
  readonly otherKey: string;
  readonly parameter: Parameter;
}

/** A parameter that is worked out from two others, its magnitude and its direction. */
export class WeightNorm {
  readonly parts: readonly [magnitude: NormPart, direction: NormPart];
  readonly #parameter: Parameter;
  readonly #dim: number;

  /**
   * @param name       the parameter's name in its layer
   * @param parameter  the parameter, whose value decides about both parts
   * @param dim        the dimension that keeps a norm for each of its positions; -1 for one norm of all
   */
  constructor(name: string, parameter: Parameter, dim: number) {
    const view = viewArgument(parameter, name);
    const [names, others] = partNames(name);
    const direction = new Parameter(floatsOfView(view).slice(), view.shape);
    const magnitude = new Parameter(
      magnitudes(view, dim),
      dim < 0 ? [] : view.shape.map((size, each) => (each === dim ? size : 1)),
    );
    this.#parameter = parameter;
    this.#dim = dim;
    this.parts = [
      { key: names.magnitude, otherKey: others.magnitude, parameter: magnitude },
      { key: names.direction, otherKey: others.direction, parameter: direction },
    ];
  }

  /** Works the parameter out. */
  fold(): void {
    const weight = elementsOf(this.#parameter);
    // One that is not changed keeps its version: calls before this one may have saved it.
    if (fold(...this.#views(), this.#dim, weight)) wrote(weight);
  }

  /** Has gradients of the parameter, worked out before, flow to its two parts: with every call anew, since a graph is run but once. */
  connect(): void {
    const folded = viewArgument(this.#parameter, 'the parameter');
    folded.history = runOperation(weightNorm, this.#views(), { folded, dim: this.#dim }).history;
    this.#parameter.requiresGrad = folded.history !== null;
  }

  /** Has the parameter learned by itself, as before. */
  disconnect(): void {
    viewArgument(this.#parameter, 'the parameter').history = LEAF;
    this.#parameter.requiresGrad = true;
  }

  #views(): [magnitude: View, direction: View] {
    const [magnitude, direction] = this.parts;
    return [viewArgument(magnitude.parameter, magnitude.key), viewArgument(direction.parameter, direction.key)];
  }
}

/** The norms that weight norm begins with. */
function magnitudes(view: View, dim: number): FloatArray {
  const v = floatsOfView(view);
  const size = dim < 0 ? 1 : view.shape[dim]!;
  const after = dim < 0 ? v.length : view.shape.slice(dim + 1).reduce((product, each) => product * each, 1);
  const sums = new Float64Array(size);
  for (let i = 0; i < v.length; i++) sums[Math.floor(i / after) % size]! += v[i]! * v[i]!;
  return new (arrayKind(dtypeOf(v)))(size).map((_, j) => Math.sqrt(sums[j]!)) as FloatArray;
}
