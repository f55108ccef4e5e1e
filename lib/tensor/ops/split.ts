import type { MultiOperation } from '../operation.ts';
import { runOperation } from '../operation.ts';
import { narrow } from './views.ts';

/** How a dimension is cut. */
export interface SplitAttributes {
  readonly dim: number;
  /** Of the pieces, which are the whole dimension together. */
  readonly sizes: readonly number[];
  /** Whether the caller gave all sizes: torch has a gradient function for that. */
  readonly areGiven: boolean;
}

/** A dimension cut into pieces, over the same memory. */
export const split: MultiOperation<SplitAttributes> = {
  name: 'split',
  infer: ([x], { dim, sizes }) => sizes.map((size) => ({ dtype: x!.dtype, shape: x!.shape.with(dim, size) })),
  run: ([x], { dim, sizes }) => {
    let start = 0;
    return sizes.map((length) => {
      start += length;
      return runOperation(narrow, [x!], { dim, start: start - length, length });
    });
  },
};
