import { embedding } from '../../nn/ops/embedding.ts';
import { at } from '../../tensor/ops/at.ts';
import { lt } from '../../tensor/ops/compare.ts';
import { add, mul, sub } from '../../tensor/ops/elementwise.ts';
import { flip } from '../../tensor/ops/flip.ts';
import { gather, indexSelect } from '../../tensor/ops/indexing.ts';
import { expand, narrow } from '../../tensor/ops/views.ts';
import { where } from '../../tensor/ops/where.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import { arange } from '../operations/make.ts';
import { putRows, type Reduction } from '../operations/putRows.ts';
import type { Operators } from '../operator.ts';
import { type Any, axisOf, converted, narrowed, reshaped, run, sizeOf } from './tensors.ts';

/** Converts negative indices, which count from the end, to those from the front. */
function fromFront(call: Call, index: Any, size: number): Any {
  const known = call.fixed(1);
  if (known !== null) {
    const isNegative = (elementsOfView(known) as ArrayLike<number | bigint> as readonly (number | bigint)[]).some(
      (each) => each < 0,
    );
    if (!isNegative) return index;
  }
  return run(where, [run(lt, [index], { other: 0 }), run(add, [index], { other: size }), index], undefined);
}

/** Of more indices, nobody asks whether they are successive. */
const MOST_PICKED = 2 ** 16;

/** Picks elements of one dimension by indices, whose dimensions replace it. */
function gathered(call: Call): Any {
  const x = call.tensor(0);
  const dim = axisOf(call.integer('axis', 0), x.shape.length);
  const { shape } = x;
  const size = shape[dim]!;
  const picked = call.fixed(1);
  // A single known index, or successive ones, make a view, which needs no step.
  if (picked !== null && picked.numel > 0 && picked.numel <= MOST_PICKED && x.ndim > 0) {
    const indices = [...(elementsOfView(picked) as Iterable<number | bigint>)].map(
      (each) => Number(each) + (each < 0 ? size : 0),
    );
    const [first] = indices as [number];
    if (first < 0 || indices.some((each) => each >= size))
      throw onnxError(`index ${first} is out of bounds for ${size}`);
    if (indices.every((each, i) => each === first + i)) {
      if (picked.shape.length === 0) {
        return run(at, [x], { indices: shape.map((each, i) => (i === dim ? first : ([0, each] as const))) });
      }
      return reshaped(
        run(narrow, [x], { dim, start: first, length: indices.length }),
        shape.toSpliced(dim, 1, ...picked.shape),
      );
    }
  }
  const index = fromFront(call, call.tensor(1), size);
  if (dim === 0 && x.ndim === 2) return run(embedding, [index, x], { paddingIdx: null });
  const rows = run(indexSelect, [x, reshaped(index, [index.numel])], { dim });
  return reshaped(rows, shape.toSpliced(dim, 1, ...index.shape));
}

function gatheredElements(call: Call): Any {
  const x = call.tensor(0);
  const dim = axisOf(call.integer('axis', 0), x.shape.length);
  return run(gather, [x, fromFront(call, call.tensor(1), x.shape[dim]!)], { dim });
}

/** Elements or parts of a tensor as rows of a matrix, and some of them. */
interface Rows {
  /** (rows, width). */
  readonly matrix: Any;
  /** A vector of the numbers of rows. */
  readonly index: Any;
}

/** The rows that tuples of indices name: the last dimension of `tuples` has an index for each of x's dimensions from `batch` on, or for the first of these. */
function pointedAt(call: Call, x: Any, tuples: Any, batch: number): Rows {
  const depth = tuples.shape.at(-1) ?? 0;
  const { shape } = x;
  if (depth < 1 || batch + depth > shape.length)
    throw onnxError(`indices of ${depth} numbers do not fit ${shape.length} dimensions`);
  const heads = shape.slice(0, batch + depth);
  const last = tuples.shape.length - 1;
  const vector = (values: Any) => reshaped(values, [sizeOf(tuples.shape.slice(0, -1))]);
  let index = vector(narrowed(tuples, last, 0, 1));
  index = fromFront(call, index, heads[batch]!);
  for (let i = 1; i < depth; i++) {
    const size = heads[batch + i]!;
    const own = fromFront(call, vector(narrowed(tuples, last, i, 1)), size);
    index = run(add, [run(mul, [index], { other: size }), own], {});
  }
  if (batch > 0) {
    // Each item of the batch has rows of its own.
    const items = sizeOf(shape.slice(0, batch));
    const step = sizeOf(heads.slice(batch));
    const starts = call.make(arange, { start: 0, step, count: items, dtype: 'int64' });
    const apart = reshaped(converted(index, 'int64'), [items, sizeOf(tuples.shape.slice(batch, -1))]);
    index = vector(run(add, [apart, reshaped(starts, [items, 1])], {}));
  }
  return { matrix: reshaped(x, [sizeOf(heads), sizeOf(shape.slice(batch + depth))]), index };
}

/** Picks the elements that tuples of indices name, or the parts that they name. */
function gatheredByTuples(call: Call): Any {
  const [x, tuples] = [call.tensor(0), call.tensor(1)];
  const batch = call.integer('batch_dims', 0);
  if (batch < 0 || batch >= tuples.shape.length) throw onnxError(`batch_dims is ${batch}`);
  const { matrix, index } = pointedAt(call, x, tuples, batch);
  const rest = x.shape.slice(batch + tuples.shape.at(-1)!);
  return reshaped(run(indexSelect, [matrix, index], { dim: 0 }), [...tuples.shape.slice(0, -1), ...rest]);
}

const REDUCTIONS = ['none', 'add', 'mul', 'max', 'min'] as const satisfies readonly Reduction[];

function put(call: Call, { matrix, index }: Rows): Any {
  const { shape, dtype } = call.tensor(0);
  const updates = call.tensor(2);
  if (updates.dtype !== dtype) throw onnxError(`the input is of ${dtype}, but the updates of ${updates.dtype}`);
  const rows = reshaped(updates, [index.shape[0]!, matrix.shape[1]!]);
  const reduction = call.oneOf('reduction', REDUCTIONS, 'none');
  return reshaped(run(putRows, [matrix, index, rows], { reduction }), shape);
}

/** Copies the input and puts single elements along an axis, each at its own index. */
function scatteredElements(call: Call): Any {
  const [x, given] = [call.tensor(0), call.tensor(1)];
  const { shape } = x;
  const axis = axisOf(call.integer('axis', 0), shape.length);
  if (given.shape.length !== shape.length || given.shape.join() !== call.shape(2).join())
    throw onnxError(`indices of [${given.shape.join(', ')}] and updates of [${call.shape(2).join(', ')}] do not fit`);
  // An element's place: its index along the axis, and its own place in the other dimensions.
  const places = shape.map((_, dim): Any => {
    if (dim === axis) return fromFront(call, converted(given, 'int64'), shape[dim]!);
    const count = given.shape[dim]!;
    const along = call.make(arange, { start: 0, step: 1, count, dtype: 'int64' });
    return reshaped(
      along,
      shape.map((_, each) => (each === dim ? count : 1)),
    );
  });
  const index = places.reduce((all, each, dim) => run(add, [run(mul, [all], { other: shape[dim]! }), each], {}));
  return put(call, { matrix: reshaped(x, [sizeOf(shape), 1]), index: reshaped(index, [sizeOf(given.shape)]) });
}

/** Copies the input and puts elements, or parts, where tuples of indices say. */
function scatteredByTuples(call: Call): Any {
  const [x, tuples] = [call.tensor(0), call.tensor(1)];
  const rows = pointedAt(call, x, tuples, 0);
  const shape = [...tuples.shape.slice(0, -1), ...x.shape.slice(tuples.shape.at(-1)!)];
  if (call.shape(2).join() === shape.join()) return put(call, rows);
  throw onnxError(`the updates must be [${shape.join(', ')}], but are [${call.shape(2).join(', ')}]`);
}

/** Reverses the first elements of each item, as many as its length says. */
function reversed(call: Call): Any {
  const x = call.tensor(0);
  const [dim, batch] = [call.integer('time_axis', 0), call.integer('batch_axis', 1)].map((axis) =>
    axisOf(axis, x.shape.length),
  ) as [number, number];
  const steps = x.shape[dim]!;
  if (dim === batch || call.shape(1).join() !== String(x.shape[batch]))
    throw onnxError(`there are [${call.shape(1).join(', ')}] lengths for ${x.shape[batch]} items`);
  if (call.known(1) !== null && call.integers(1).every((length) => length === steps))
    return run(flip, [x], { dims: [dim] });
  const along = (values: Any, axis: number) =>
    reshaped(
      values,
      x.shape.map((size, each) => (each === axis ? size : 1)),
    );
  const places = along(call.make(arange, { start: 0, step: 1, count: steps, dtype: 'int64' }), dim);
  const lengths = along(converted(call.tensor(1), 'int64'), batch);
  const turned = run(sub, [run(sub, [lengths, places], {})], { other: 1 });
  const index = run(where, [run(lt, [places, lengths], {}), turned, places], undefined);
  return run(gather, [x, run(expand, [index], { sizes: x.shape })], { dim });
}

/** Operators that pick elements by indices, or put them there. */
export const indexing: Operators = {
  Gather: { inputs: [2, 2], attributes: ['axis'], run: gathered },
  GatherElements: { inputs: [2, 2], attributes: ['axis'], run: gatheredElements },
  GatherND: { inputs: [2, 2], attributes: ['batch_dims'], since: 11, run: gatheredByTuples },
  Scatter: { inputs: [3, 3], attributes: ['axis'], since: 9, run: scatteredElements },
  ScatterElements: { inputs: [3, 3], attributes: ['axis', 'reduction'], since: 11, run: scatteredElements },
  ScatterND: {
    inputs: [3, 3],
    attributes: ['reduction'],
    since: 11,
    run: scatteredByTuples,
  },
  ReverseSequence: { inputs: [2, 2], attributes: ['batch_axis', 'time_axis'], since: 10, run: reversed },
};
