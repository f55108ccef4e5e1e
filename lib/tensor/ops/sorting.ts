import { rangeError } from '../../check/errors.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import * as native from '../../native/sorting.ts';
import { isFloatDtype } from '../dtype.ts';
import type { MultiOperation, Operation } from '../operation.ts';
import type { Slab } from '../steps.ts';
import { elementsOfView, viewOfAll } from '../view.ts';
import { around, movedFromEnd, movedToEnd } from './around.ts';

/** Along which dimension sums run. */
export interface CumsumAttributes {
  readonly dim: number;
  /** Of a compiled network: how many elements the sums of a stream take up, which are a second result that another chunk goes on from. */
  readonly carried?: number;
}

/** The running sum along a dimension; of integers and bools with 64 bits. */
export const cumsum: Operation<CumsumAttributes> = {
  name: 'cumsum',
  infer: ([x]) => ({ dtype: isFloatDtype(x!.dtype) ? x!.dtype : 'int64', shape: x!.shape }),
  run: ([x], { dim }, { dtype, shape }) => {
    const out = allocateResult(dtype, x!.numel);
    if (x!.numel > 0) native.cumsum(around(shape, dim), elementsOfView(x!), out);
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [given, sums], { dim, carried }, [{ shape }]) => {
    const { outer, count, inner } = around(shape, dim);
    const x = steps.contiguous(given!);
    const out = steps.result();
    const next = carried === undefined ? undefined : steps.temporary([carried]);
    const [reads, writes] = [
      [x, sums],
      [out, next],
    ].map((slabs) => slabs.filter((slab) => slab !== undefined));
    steps.add(reads!, writes!, (program, place) => {
      const placeOf = (slab: Slab | undefined) => (slab === undefined ? -1 : place(slab));
      program.cumsum(outer, count, inner, place(x), placeOf(sums), placeOf(next), place(out));
    });
    return next === undefined ? [out] : [out, next];
  },
};

/** Values in order along a dimension, and where they came from. Equal ones keep their order; NaN is larger than all else. */
export const sort: MultiOperation<{ readonly dim: number; readonly descending: boolean }> = {
  name: 'sort',
  infer: ([x]) => [
    { dtype: x!.dtype, shape: x!.shape },
    { dtype: 'int64', shape: x!.shape },
  ],
  run: ([x], { dim, descending }) => {
    const moved = movedToEnd(x!, dim);
    const count = moved.shape.at(-1) ?? 1;
    const values = allocateResult(x!.dtype, x!.numel);
    const indices = allocateResult('int64', x!.numel);
    if (x!.numel > 0) {
      const order = descending ? 'descending' : 'ascending';
      native.sort(order, x!.numel / count, count, elementsOfView(moved), values, indices);
    }
    return [
      movedFromEnd(viewOfAll(values, x!.dtype, moved.shape), dim),
      movedFromEnd(viewOfAll(indices, 'int64', moved.shape), dim),
    ];
  },
};

/** The k largest or smallest along a dimension, those first, and where they came from. */
export const topk: MultiOperation<{ readonly k: number; readonly dim: number; readonly largest: boolean }> = {
  name: 'topk',
  infer: ([x], { k, dim }) => {
    const { dtype, shape } = x!;
    if (k < 0 || k > (shape[dim] ?? 1)) {
      throw rangeError('ERR_CONV1D_SHAPE', 'selected index k out of range');
    }
    // Of a tensor without dimensions there is one, whatever k is, as in torch.
    const kept = shape.length === 0 ? shape : Object.freeze(shape.with(dim, k));
    return [
      { dtype, shape: kept },
      { dtype: 'int64', shape: kept },
    ];
  },
  run: ([x], { k: wanted, dim, largest }) => {
    const k = x!.shape.length === 0 ? 1 : wanted;
    const moved = movedToEnd(x!, dim);
    const count = moved.shape.at(-1) ?? 1;
    const rows = count === 0 ? 0 : x!.numel / count;
    const shape = moved.shape.length === 0 ? moved.shape : Object.freeze(moved.shape.with(-1, k));
    const values = allocateResult(x!.dtype, rows * k);
    const indices = allocateResult('int64', rows * k);
    if (rows * k > 0) {
      native.topk(k, largest ? 'largest' : 'smallest', rows, count, elementsOfView(moved), values, indices);
    }
    return [
      movedFromEnd(viewOfAll(values, x!.dtype, shape), dim),
      movedFromEnd(viewOfAll(indices, 'int64', shape), dim),
    ];
  },
};
