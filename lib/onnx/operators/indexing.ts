import { embedding } from '../../nn/ops/embedding.ts';
import { at } from '../../tensor/ops/at.ts';
import { lt } from '../../tensor/ops/compare.ts';
import { add } from '../../tensor/ops/elementwise.ts';
import { gather, indexSelect } from '../../tensor/ops/indexing.ts';
import { narrow } from '../../tensor/ops/views.ts';
import { where } from '../../tensor/ops/where.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import type { Operators } from '../operator.ts';
import { type Any, axisOf, reshaped, run } from './tensors.ts';

/** Indices that count from the end where they are negative, as those that do not. */
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

/** What some indices pick of one dimension; theirs take its place. */
function gathered(call: Call): Any {
  const x = call.tensor(0);
  const dim = axisOf(call.integer('axis', 0), x.shape.length);
  const { shape } = x;
  const size = shape[dim]!;
  const picked = call.fixed(1);
  // One that is known, or some that follow each other, are a view: no step of its own.
  if (picked !== null && picked.numel > 0 && x.ndim > 0) {
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

/** What is picked by indices. */
export const indexing: Operators = {
  Gather: { inputs: [2, 2], attributes: ['axis'], run: gathered },
  GatherElements: { inputs: [2, 2], attributes: ['axis'], run: gatheredElements },
};
