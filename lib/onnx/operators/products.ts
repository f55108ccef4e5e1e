import { linear } from '../../nn/ops/linear.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type FloatArray, type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import { add, mul } from '../../tensor/ops/elementwise.ts';
import { matmul } from '../../tensor/ops/matmul.ts';
import { elementsOfView, type View } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { linearLayer } from '../layers.ts';
import { onnxError } from '../onnxError.ts';
import type { Operators } from '../operator.ts';
import { type Any, converted, moved, permuted, reshaped, run, sizeOf, strided } from './tensors.ts';

/** A matrix as the weight of a linear layer, (outFeatures, inFeatures): `factor` times its columns, or its rows. */
function weightOf(matrix: View, isTransposed: boolean, factor: number): FloatArray {
  const [rows, columns] = matrix.shape as [number, number];
  const from = elementsOfView(matrix) as FloatArray;
  if (isTransposed && factor === 1) return from;
  const out = allocate(matrix.dtype as FloatDtype, from.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++)
      out[isTransposed ? i * columns + j : j * rows + i] = factor * from[i * columns + j]!;
  }
  return out;
}

/** A product with a matrix that is fixed is a linear layer. */
function multiply(call: Call): Any {
  const matrix = call.fixed(1);
  const dtype = call.dtype(0);
  const isLayer =
    matrix !== null &&
    matrix.shape.length === 2 &&
    matrix.numel > 0 &&
    isFloatDtype(dtype) &&
    matrix.dtype === dtype &&
    call.shape(0).length > 0;
  if (isLayer && call.fixed(0) === null) {
    const [k, n] = matrix.shape as [number, number];
    const layer = call.once('linear', [1, 2], () => linearLayer(k, n, dtype, weightOf(matrix, false, 1), null));
    return run(linear, [call.tensor(0)], { layer });
  }
  return ofFloats(call.tensor(0), call.tensor(1));
}

/** Integers are multiplied as float64, which has those up to 2^53. */
function ofFloats(a: Any, b: Any): Any {
  if (isFloatDtype(a.dtype)) return run(matmul, [a, b], undefined);
  return converted(run(matmul, [converted(a, 'float64'), converted(b, 'float64')], undefined), a.dtype);
}

/** alpha A B + beta C, of matrices that may be transposed. */
function general(call: Call): Any {
  const [alpha, beta] = [call.float('alpha', 1), call.float('beta', 1)];
  const [transA, transB] = [call.flag('transA'), call.flag('transB')];
  const a = transA ? permuted(call.tensor(0), [1, 0]) : call.tensor(0);
  const matrix = call.fixed(1);
  const { dtype } = a;
  if (matrix !== null && matrix.numel > 0 && isFloatDtype(dtype) && matrix.dtype === dtype && call.fixed(0) === null) {
    const [rows, columns] = matrix.shape as [number, number];
    const [k, n] = transB ? [columns, rows] : [rows, columns];
    const bias = biasOf(call, n, beta);
    const layer = call.once('linear', [1, 2], () =>
      linearLayer(k, n, dtype, weightOf(matrix, transB, alpha), bias ?? null),
    );
    const product = run(linear, [a], { layer });
    return bias === undefined ? plus(product, call, beta) : product;
  }
  const b = transB ? permuted(call.tensor(1), [1, 0]) : call.tensor(1);
  const product = ofFloats(a, b);
  return plus(alpha === 1 ? product : run(mul, [product], { other: alpha }), call, beta);
}

/** C as a bias: null if there is none, undefined if it is no vector for the columns. */
function biasOf(call: Call, n: number, beta: number): FloatArray | null | undefined {
  if (!call.has(2)) return null;
  const c = call.fixed(2);
  if (c === null || c.shape.slice(0, -1).some((size) => size !== 1) || (c.numel !== n && c.numel !== 1))
    return undefined;
  return call.once('bias', [2], () => {
    const values = elementsOfView(c) as FloatArray;
    return allocate(c.dtype as FloatDtype, n).map(
      (_: number, i: number) => beta * values[c.numel === 1 ? 0 : i]!,
    ) as FloatArray;
  });
}

function plus(product: Any, call: Call, beta: number): Any {
  if (!call.has(2)) return product;
  const c = call.tensor(2);
  return run(add, [product, beta === 1 ? c : run(mul, [c], { other: beta })], {});
}

/** A tensor with a letter for each dimension. */
interface Lettered {
  readonly x: Any;
  readonly letters: readonly string[];
}

/** Sums products by letters: tensor by tensor, each pair as a product of matrices. */
function einsum(call: Call): Any {
  const text = call.text('equation', '').replaceAll(' ', '');
  const term = String.raw`[a-zA-Z]*(?:\.{3}[a-zA-Z]*)?`;
  if (!new RegExp(`^${term}(?:,${term})*(?:->${term})?$`).test(text)) {
    throw onnxError(`the equation '${text}' is not computed: letters and ... are`);
  }
  const [left, right] = text.split('->') as [string, string?];
  const given = left.split(',');
  if (given.length !== call.count)
    throw onnxError(`the equation '${text}' is of ${given.length} tensors, but there are ${call.count}`);
  const { terms, whole } = withoutEllipses(call, given);
  // Without an arrow, the result has the dimensions of ... and then the letters that occur once, in alphabetical order.
  const once = [...new Set(left)].filter((letter) => /\w/.test(letter) && left.split(letter).length === 2).sort();
  const result = right === undefined ? `${whole}${once.join('')}` : right.replace('...', whole);
  if ([...whole].some((letter) => !result.includes(letter)))
    throw onnxError(`the result of the equation '${text}' has no ...`);
  if ([...result].some((letter) => !terms.some((each) => each.includes(letter))))
    throw onnxError(`the equation '${text}' has a result of letters that are nowhere else`);
  const tensors = terms.map((each, i) => summed(call, i, each, terms.toSpliced(i, 1).join('') + result));
  const product = tensors.reduce((all, each, i) => multiplied(all, each, terms.slice(i + 1).join('') + result));
  return permuted(
    product.x,
    [...result].map((letter) => product.letters.indexOf(letter)),
  );
}

/** Replaces each ... by letters that no equation can have; the last dimensions get the same ones in all terms. */
function withoutEllipses(call: Call, given: readonly string[]): { terms: readonly string[]; whole: string } {
  const counts = given.map((term, i) => (term.includes('...') ? call.shape(i).length - (term.length - 3) : 0));
  if (counts.some((count) => count < 0)) throw onnxError('a tensor has fewer dimensions than its letters');
  const most = Math.max(...counts);
  const whole = Array.from({ length: most }, (_, i) => String.fromCharCode(0x3b1 + i)).join('');
  return { terms: given.map((term, i) => term.replace('...', whole.slice(most - counts[i]!))), whole };
}

/** Takes the diagonal for a letter that a term has twice, and sums over letters that occur nowhere else. */
function summed(call: Call, index: number, term: string, elsewhere: string): Lettered {
  const given = call.tensor(index);
  if (term.length !== given.shape.length)
    throw onnxError(`'${term}' is of ${term.length} dimensions, but the tensor of ${given.shape.length}`);
  let [x, letters] = [given, [...term]];
  for (let twice = secondOf(letters); twice >= 0; twice = secondOf(letters)) {
    const first = letters.indexOf(letters[twice]!);
    const n = x.shape[first]!;
    if (n !== x.shape[twice]) throw onnxError(`'${letters[first]}' is ${n} and ${x.shape[twice]}`);
    const last = x.shape.length - 1;
    const behind = moved(moved(x, twice, last), first, last);
    const rows = reshaped(behind, [...behind.shape.slice(0, -2), n * n]);
    x = strided(call, rows, last - 1, 0, n + 1, n);
    letters = [...letters.filter((_, dim) => dim !== first && dim !== twice), letters[first]!];
  }
  const alone = letters.filter((letter) => !elsewhere.includes(letter));
  if (alone.length === 0) return { x, letters };
  return {
    x: x.sum(alone.map((letter) => letters.indexOf(letter))),
    letters: letters.filter((letter) => !alone.includes(letter)),
  };
}

/** The place where a letter occurs for the second time; -1 if none does. */
function secondOf(letters: readonly string[]): number {
  return letters.findIndex((letter, i) => letters.indexOf(letter) < i);
}

/** Multiplies two tensors: letters of both that are kept are batches, where a size of 1 broadcasts; the others of both are summed. */
function multiplied(a: Lettered, b: Lettered, kept: string): Lettered {
  const shared = a.letters.filter((letter) => b.letters.includes(letter));
  const batch = shared.filter((letter) => kept.includes(letter));
  const inner = shared.filter((letter) => !kept.includes(letter));
  const rows = a.letters.filter((letter) => !shared.includes(letter));
  const columns = b.letters.filter((letter) => !shared.includes(letter));
  const sizesIn = ({ x, letters }: Lettered, of: readonly string[]) =>
    of.map((letter) => x.shape[letters.indexOf(letter)]!);
  // (batch, one, other), of which the last two are matrices.
  const matrices = (each: Lettered, one: readonly string[], other: readonly string[]) => {
    const order = [...batch, ...one, ...other].map((letter) => each.letters.indexOf(letter));
    const [first, second] = [one, other].map((letters) => sizeOf(sizesIn(each, letters))) as [number, number];
    return reshaped(permuted(each.x, order), [...sizesIn(each, batch), first, second]);
  };
  const product = ofFloats(matrices(a, rows, inner), matrices(b, inner, columns));
  const sizes = [...product.shape.slice(0, batch.length), ...sizesIn(a, rows), ...sizesIn(b, columns)];
  return { x: reshaped(product, sizes), letters: [...batch, ...rows, ...columns] };
}

/** Products of matrices. */
export const products: Operators = {
  MatMul: { inputs: [2, 2], run: multiply },
  Gemm: { inputs: [2, 3], attributes: ['alpha', 'beta', 'transA', 'transB'], run: general },
  Einsum: { inputs: [1, Number.POSITIVE_INFINITY], attributes: ['equation'], run: einsum },
};
