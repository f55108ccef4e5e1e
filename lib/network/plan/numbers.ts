import type { Value } from '../graph.ts';
import type { Axes } from '../trace/axes.ts';
import { fitInteger } from '../trace/fit.ts';
import { variablesAt } from '../trace/traceGraph.ts';

/** How the inputs of a graph, a whole network or a segment of one, depend on the numbers L and N. */
export interface Numbers {
  /** Along which dimension of each input N lies; null for an input that does not depend on N. Undefined where one does in another way. */
  readonly batchDims: readonly (number | null)[] | undefined;
  /** L and N in each trace. */
  readonly traced: readonly (readonly number[])[];
}

/** Those of a whole network. */
export function numbersOf(inputs: readonly Value[], axes: Axes): Numbers {
  const traced = (inputs[0]?.metas ?? []).map((_, t) =>
    variablesAt(
      axes,
      inputs.map(({ metas }) => metas[t]!.shape),
    ),
  );
  return { batchDims: axes.batch.map((axis) => (axis?.times === 1 ? axis.dim : null)), traced };
}

/** Those of a segment of a network, whose inputs lie between its nodes. */
export function numbersWithin(inputs: readonly Value[], { traced }: Numbers): Numbers {
  const dims = inputs.map((value) => batchDimOf(value, traced));
  return { batchDims: dims.every((dim) => dim !== undefined) ? dims : undefined, traced };
}

/** Along which dimension of a value N lies; null where it does not depend on N, undefined where it does in another way. */
export function batchDimOf({ metas }: Value, traced: Numbers['traced']): number | null | undefined {
  const varies = traced.some(([, batch]) => batch !== traced[0]![1]);
  const sizes = metas[0]!.shape.map((_, dim) => metas.map(({ shape }) => shape[dim]!));
  const dim = varies ? sizes.findIndex((each) => each.every((size, t) => size === traced[t]![1])) : -1;
  // What else depends on N, as N times L does, is not made of items.
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
