import type { Around } from '../../native/reductions.ts';
import { runOperation } from '../operation.ts';
import { packedView, type View } from '../view.ts';
import { permute } from './views.ts';

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}

/** A shape as one dimension sees it: what lies before it and behind it. Without dimensions there is one, of size 1. */
export function around(shape: readonly number[], dim: number): Around {
  return { outer: product(shape.slice(0, dim)), count: shape[dim] ?? 1, inner: product(shape.slice(dim + 1)) };
}

/** A shape in which the dimensions to be reduced are one. */
export interface Reduced extends Around {
  /** The tensor, its dimensions moved so that those to be reduced are neighbours. */
  readonly view: View;
}

/** Has some dimensions next to each other: as they are where they are neighbours already, else moved to the end. */
export function gathered(view: View, dims: readonly number[]): Reduced {
  const { shape } = view;
  const first = dims[0] ?? shape.length;
  if (dims.every((dim, i) => dim === first + i)) {
    return {
      view,
      outer: product(shape.slice(0, first)),
      count: product(dims.map((dim) => shape[dim]!)),
      inner: product(shape.slice(first + dims.length)),
    };
  }
  const kept = shape.map((_, dim) => dim).filter((dim) => !dims.includes(dim));
  const moved = runOperation(permute, [view], { dims: [...kept, ...dims] });
  return {
    view: moved,
    outer: product(kept.map((dim) => shape[dim]!)),
    count: product(dims.map((dim) => shape[dim]!)),
    inner: 1,
  };
}

/** The tensor with one dimension at its end. */
export function movedToEnd(view: View, dim: number): View {
  const last = view.shape.length - 1;
  if (dim >= last) return view;
  const dims = view.shape.map((_, each) => each).filter((each) => each !== dim);
  return runOperation(permute, [view], { dims: [...dims, dim] });
}

/** The reverse of {@link movedToEnd}, the elements one after the other: results have no gaps. */
export function movedFromEnd(view: View, dim: number): View {
  const last = view.shape.length - 1;
  if (dim >= last) return view;
  const dims = view.shape.map((_, each) => (each < dim ? each : each === dim ? last : each - 1));
  return packedView(runOperation(permute, [view], { dims }));
}
