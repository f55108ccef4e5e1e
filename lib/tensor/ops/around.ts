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

/** An order of dimensions in which those to be reduced are neighbours, and a shape as they see it then. */
export function orderedDimensions(shape: readonly number[], dims: readonly number[]) {
  const first = dims[0] ?? shape.length;
  const sizes = (of: readonly number[]) => product(of.map((dim) => shape[dim]!));
  const all = [...shape.keys()];
  if (dims.every((dim, i) => dim === first + i)) {
    const [before, behind] = [all.slice(0, first), all.slice(first + dims.length)];
    return { dims: all, isMoved: false, outer: sizes(before), count: sizes(dims), inner: sizes(behind) };
  }
  const kept = all.filter((dim) => !dims.includes(dim));
  return { dims: [...kept, ...dims], isMoved: true, outer: sizes(kept), count: sizes(dims), inner: 1 };
}

/** Has some dimensions next to each other: as they are where they are neighbours already, else moved to the end. */
export function gathered(view: View, reduced: readonly number[]): Reduced {
  const { dims, isMoved, ...sizes } = orderedDimensions(view.shape, reduced);
  return { view: isMoved ? runOperation(permute, [view], { dims }) : view, ...sizes };
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
