import type { Meta } from '../../tensor/operation.ts';
import { hasOperationsOf, type Tape } from './tape.ts';

// Finds which sizes of the inputs may differ from call to call: two numbers, N and L, which it finds by trying.

/** The dimension of an input that is one of the two numbers. */
export interface Axis {
  readonly dim: number;
  /** The size is this many times the number. */
  readonly times: number;
}

/** The dimensions N and L of each input; null for none. */
export interface Axes {
  readonly batch: readonly (Axis | null)[];
  readonly length: readonly (Axis | null)[];
  /** The number in the example inputs, and the step in which it may grow; 0 if it may not. */
  readonly batchSize: number;
  readonly lengthSize: number;
  readonly lengthStep: number;
  /** Whether N and L have been exchanged. */
  readonly isSwapped?: boolean;
}

/** Follows the forward with inputs of these kinds; undefined if it refuses them. */
export type Attempt = (metas: readonly Meta[]) => Tape | undefined;

/** Steps of lengths that networks need: a frame, a hop, a product of strides. */
export const STEPS: readonly number[] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 18, 20, 24, 25, 27, 28, 30, 32, 36, 40, 48, 50, 60, 64, 72, 80, 96,
  100, 120, 128, 144, 160, 192, 200, 240, 250, 256, 288, 300, 320, 384, 400, 480, 500, 512, 576, 600, 640, 768, 800,
  960, 1000, 1024, 1200, 1280, 1600, 1920, 2048,
];

/** The most combinations of dimensions to try. */
const MOST_COMBINATIONS = 2000;

/** Finds the axes by following the forward with other sizes; `first` is its tape for the example. */
export function findAxes(
  metas: readonly Meta[],
  varying: readonly (readonly number[])[],
  first: Tape,
  attempt: Attempt,
): Axes {
  const shapes = metas.map(({ shape }) => shape);
  const none = shapes.map(() => null);
  // The channels of a signal without a batch are not N, though layers may take any number of them: the outputs show which it is.
  const batch = findAxis(shapes, varying, none, [1], (axes) => {
    const tape = attempt(resized(metas, axes, 1));
    return tape !== undefined && hasOperationsOf(first, tape);
  });
  const length = findAxis(
    shapes,
    varying,
    batch.axes,
    STEPS,
    (axes, step) => attempt(resized(metas, axes, step)) !== undefined,
  );
  return {
    batch: batch.axes,
    length: length.axes,
    batchSize: batch.size,
    lengthSize: length.size,
    lengthStep: length.step,
  };
}

/** The same kinds with one number `by` larger. */
export function resized(metas: readonly Meta[], axes: readonly (Axis | null)[], by: number): Meta[] {
  return metas.map(({ dtype, shape }, i) => {
    const axis = axes[i];
    return { dtype, shape: axis ? shape.with(axis.dim, shape[axis.dim]! + by * axis.times) : shape };
  });
}

interface Found {
  readonly axes: readonly (Axis | null)[];
  readonly size: number;
  readonly step: number;
}

/** The first dimensions, and the smallest step, that the forward accepts. The number is the size of the first input that has it. */
function findAxis(
  shapes: readonly (readonly number[])[],
  varying: readonly (readonly number[])[],
  taken: readonly (Axis | null)[],
  steps: readonly number[],
  works: (axes: readonly (Axis | null)[], step: number) => boolean,
): Found {
  const isBatch = steps.length === 1;
  let tried = 0;
  for (let reference = 0; reference < shapes.length; reference++) {
    const dims = dimensions(varying[reference]!, taken[reference]!, isBatch);
    // The last dimension is not the batch; in a signal without a batch it is the length.
    for (const dim of isBatch ? dims.filter((each) => each < shapes[reference]!.length - 1) : dims) {
      const size = shapes[reference]![dim]!;
      if (size === 0) continue;
      const choices = shapes.map((shape, i): (Axis | null)[] => {
        if (i < reference) return [null];
        if (i === reference) return [{ dim, times: 1 }];
        const fitting = dimensions(varying[i]!, taken[i]!, isBatch)
          .filter((each) => shape[each]! > 0 && shape[each]! % size === 0 && (!isBatch || shape[each] === size))
          .map((each): Axis => ({ dim: each, times: shape[each]! / size }));
        return [...fitting, null];
      });
      for (const axes of combinations(choices)) {
        for (const step of steps) {
          if (tried++ > MOST_COMBINATIONS) return { axes: shapes.map(() => null), size: 0, step: 0 };
          if (works(axes, step)) return { axes, size, step };
        }
      }
    }
  }
  return { axes: shapes.map(() => null), size: 0, step: 0 };
}

/** Possible dimensions of the number, the most likely first: N in front, L at the end. */
function dimensions(varying: readonly number[], taken: Axis | null, isBatch: boolean): number[] {
  const dims = varying.filter((dim) => dim !== taken?.dim);
  return isBatch ? dims : dims.reverse();
}

function* combinations<T>(choices: readonly (readonly T[])[]): Generator<T[]> {
  const [first, ...rest] = choices;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const one of first) for (const others of combinations(rest)) yield [one, ...others];
}
