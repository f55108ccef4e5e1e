import type { Value } from '../graph.ts';
import type { Axes } from '../trace/axes.ts';
import { fitInteger } from '../trace/fit.ts';
import { variablesAt } from '../trace/traceGraph.ts';

/** How the inputs of a graph (a whole network or a segment) depend on the numbers L and N. */
export interface Numbers {
  /** The dimension of each input that is N; null for an input that does not depend on N. Undefined if one depends on N in another way. */
  readonly batchDims: readonly (number | null)[] | undefined;
  /** L and N in each trace. */
  readonly traced: readonly (readonly number[])[];
}

/** The numbers of a whole network. */
export function numbersOf(inputs: readonly Value[], axes: Axes): Numbers {
  const traced = (inputs[0]?.metas ?? []).map((_, t) =>
    variablesAt(
      axes,
      inputs.map(({ metas }) => metas[t]!.shape),
    ),
  );
  return { batchDims: axes.batch.map((axis) => (axis?.times === 1 ? axis.dim : null)), traced };
}

/** The numbers of a segment of a network, whose inputs are intermediate values. */
export function numbersWithin(inputs: readonly Value[], { traced }: Numbers): Numbers {
  const dims = inputs.map((value) => batchDimOf(value, traced));
  return { batchDims: dims.every((dim) => dim !== undefined) ? dims : undefined, traced };
}

/** The dimension of a value that is N; null if the value does not depend on N, undefined if it does in another way. */
export function batchDimOf({ metas }: Value, traced: Numbers['traced']): number | null | undefined {
  const varies = traced.some(([, batch]) => batch !== traced[0]![1]);
  const sizes = metas[0]!.shape.map((_, dim) => metas.map(({ shape }) => shape[dim]!));
  const dim = varies ? sizes.findIndex((each) => each.every((size, t) => size === traced[t]![1])) : -1;
  // A dimension that depends on N otherwise, such as N times L, is not made of items.
  const others = sizes.filter((_, each) => each !== dim);
  if (!others.every((each) => isFree(each, traced))) return undefined;
  return dim < 0 ? null : dim;
}

/** Whether a size does not depend on N. */
function isFree(sizes: readonly number[], traced: Numbers['traced']): boolean {
  if (sizes.every((size) => size === sizes[0])) return true;
  const length = { sizes: traced.map(([length]) => length!), from: { variable: 0 } };
  return fitInteger(sizes, [length]) !== undefined;
}
