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
import { type Any, converted, permuted, reshaped, run, sizeOf } from './tensors.ts';

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

/** Sums of products by letters: of one tensor, or of two, which are then a product of matrices. */
function einsum(call: Call): Any {
  const text = call.text('equation', '').replaceAll(' ', '');
  if (!/^[a-zA-Z]*(?:,[a-zA-Z]*)?(?:->[a-zA-Z]*)?$/.test(text)) {
    throw onnxError(`the equation '${text}' is not computed: letters of one or two tensors are`);
  }
  const [left, right] = text.split('->') as [string, string?];
  const terms = left.split(',');
  if (terms.length !== call.count)
    throw onnxError(`the equation '${text}' is of ${terms.length} tensors, but there are ${call.count}`);
  const all = [...new Set(left.replace(',', ''))];
  // Without an arrow: the letters that are there once, in their order.
  const result =
    right ??
    all
      .filter((letter) => left.split(letter).length === 2)
      .sort()
      .join('');
  const tensors = terms.map((term, i) => summed(call.tensor(i), term, terms, result));
  const sizes = new Map<string, number>();
  for (const { x, letters } of tensors) for (const [dim, letter] of letters.entries()) sizes.set(letter, x.shape[dim]!);
  if ([...result].some((letter) => !sizes.has(letter)))
    throw onnxError(`the equation '${text}' has a result of letters that are nowhere else`);
  const [first, second] = tensors;
  const product = second === undefined ? first! : multiplied(first!, second, result, sizes);
  return permuted(
    product.x,
    [...result].map((letter) => product.letters.indexOf(letter)),
  );
}

interface Lettered {
  readonly x: Any;
  readonly letters: readonly string[];
}

/** A tensor without the letters that nobody else has: their sums. */
function summed(x: Any, term: string, terms: readonly string[], result: string): Lettered {
  const letters = [...term];
  if (letters.length !== x.shape.length)
    throw onnxError(`'${term}' is of ${letters.length} dimensions, but the tensor of ${x.shape.length}`);
  if (new Set(letters).size !== letters.length)
    throw onnxError(`a letter is twice in '${term}', a diagonal, which is not computed`);
  const elsewhere =
    terms.filter((each) => each !== term || terms.indexOf(each) !== terms.lastIndexOf(each)).join('') + result;
  const alone = letters.filter((letter) => !elsewhere.includes(letter));
  if (alone.length === 0) return { x, letters };
  return {
    x: x.sum(alone.map((letter) => letters.indexOf(letter))),
    letters: letters.filter((letter) => !alone.includes(letter)),
  };
}

/** Batch letters are in both and the result, those of the sum in both alone. */
function multiplied(a: Lettered, b: Lettered, result: string, sizes: ReadonlyMap<string, number>): Lettered {
  const shared = a.letters.filter((letter) => b.letters.includes(letter));
  const batch = shared.filter((letter) => result.includes(letter));
  const inner = shared.filter((letter) => !result.includes(letter));
  const rows = a.letters.filter((letter) => !shared.includes(letter));
  const columns = b.letters.filter((letter) => !shared.includes(letter));
  const size = (letters: readonly string[]) => letters.map((letter) => sizes.get(letter)!);
  const ordered = ({ x, letters }: Lettered, order: readonly string[]) =>
    permuted(
      x,
      order.map((letter) => letters.indexOf(letter)),
    );
  const left = reshaped(ordered(a, [...batch, ...rows, ...inner]), [
    ...size(batch),
    sizeOf(size(rows)),
    sizeOf(size(inner)),
  ]);
  const right = reshaped(ordered(b, [...batch, ...inner, ...columns]), [
    ...size(batch),
    sizeOf(size(inner)),
    sizeOf(size(columns)),
  ]);
  const letters = [...batch, ...rows, ...columns];
  return { x: reshaped(ofFloats(left, right), size(letters)), letters };
}

/** Products of matrices. */
export const products: Operators = {
  MatMul: { inputs: [2, 2], run: multiply },
  Gemm: { inputs: [2, 3], attributes: ['alpha', 'beta', 'transA', 'transB'], run: general },
  Einsum: { inputs: [1, 2], attributes: ['equation'], run: einsum },
};
