import { rangeError, typeError } from '../../check/errors.ts';
import { matmul as compute } from '../../native/matmul.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { type FloatArray, type FloatDtype, isFloatDtype, torchName } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { broadcastShape, numelOf } from '../shape.ts';
import { broadcastSlab, slabOver, stridesOfSlab } from '../slab.ts';
import type { Slab, Steps } from '../steps.ts';
import { broadcastTo, elementsOfView, requireElements, stridesOf, type View, viewOfAll } from '../view.ts';

/** The product of matrices, of vectors, and of batches of them, as torch.matmul. */
export const matmul: Operation = {
  name: 'matmul',
  infer: ([a, b]) => {
    if (a!.shape.length === 0 || b!.shape.length === 0) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `both arguments to matmul need to be at least 1D, but they are ${a!.shape.length}D and ${b!.shape.length}D`,
      );
    }
    if (a!.dtype !== b!.dtype) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `expected m1 and m2 to have the same dtype, but got: ${a!.dtype} != ${b!.dtype}`,
      );
    }
    if (!isFloatDtype(a!.dtype)) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `"matmul" not implemented for '${torchName(a!.dtype)}': convert it with to('float64')`,
      );
    }
    return { dtype: a!.dtype, shape: resultShape(a!.shape, b!.shape) };
  },
  run: ([a, b], _, { dtype, shape }) => {
    const left = asMatrices(a!, a!.shape.length === 1 ? [1, ...a!.shape] : a!.shape);
    const right = asMatrices(b!, b!.shape.length === 1 ? [...b!.shape, 1] : b!.shape);
    const [m, k] = left.shape.slice(-2) as [number, number];
    const n = right.shape.at(-1)!;
    const batch = broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
    const out = allocateResult(dtype as FloatDtype, numelOf(shape));
    if (out.length > 0) {
      compute({ batch, m, k, n }, side(left, [...batch, m, k]), side(right, [...batch, k, n]), out);
    }
    return viewOfAll(out, dtype, shape);
  },
  lower: (steps, [a, b]) => {
    const left = matrixSlab(a!, a!.shape.length === 1 ? [1, ...a!.shape] : a!.shape);
    const right = matrixSlab(b!, b!.shape.length === 1 ? [...b!.shape, 1] : b!.shape);
    const [m, k] = left.shape.slice(-2) as [number, number];
    const n = right.shape.at(-1)!;
    const batch = broadcastShape(left.shape.slice(0, -2), right.shape.slice(0, -2));
    const [x, y] = [sideSlab(steps, left, [...batch, m, k]), sideSlab(steps, right, [...batch, k, n])];
    const out = steps.result();
    steps.add([x, y], [out], (program, place) =>
      program.matmul(batch, m, k, n, place(x), 0, sideStrides(x), place(y), 0, sideStrides(y), place(out)),
    );
    return [out];
  },
};

function matrixSlab(x: Slab, shape: readonly number[]): Slab {
  if (x.shape.length > 1) return x;
  const [stride] = stridesOfSlab(x) as [number];
  return slabOver(x, shape, [stride, stride]);
}

/** A side, its batch dimensions broadcast; rows and columns that repeat are copied. */
function sideSlab(steps: Steps, x: Slab, shape: readonly number[]): Slab {
  const repeats = stridesOfSlab(x)
    .slice(-2)
    .some((stride, i) => stride === 0 && x.shape.at(i - 2)! > 1);
  return broadcastSlab(repeats ? steps.contiguous(x) : x, shape);
}

/** Of one row or column the stride counts for nothing, but must be positive. */
function sideStrides(x: Slab): number[] {
  const batches = x.shape.length - 2;
  return stridesOfSlab(x).map((stride, dim) => (dim >= batches ? Math.max(stride, 1) : stride));
}

function resultShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const [m, k] = a.length === 1 ? [1, a[0]!] : [a.at(-2)!, a.at(-1)!];
  const [depth, n] = b.length === 1 ? [b[0]!, 1] : [b.at(-2)!, b.at(-1)!];
  if (k !== depth) throw wrongSizes(a, b, m, k, depth, n);
  const batch = broadcastShape(a.slice(0, -2), b.slice(0, -2));
  return Object.freeze([...batch, ...(a.length === 1 ? [] : [m]), ...(b.length === 1 ? [] : [n])]);
}

/** torch has a sentence for each way that it takes. */
function wrongSizes(
  a: readonly number[],
  b: readonly number[],
  m: number,
  k: number,
  depth: number,
  n: number,
): RangeError {
  if (a.length === 1 && b.length === 1) {
    return rangeError(
      'ERR_CONV1D_SHAPE',
      `inconsistent tensor size, expected tensor [${k}] and src [${depth}] to have the same number of elements, but got ${k} and ${depth} elements respectively`,
    );
  }
  if (a.length === 2 && b.length === 1) {
    return rangeError('ERR_CONV1D_SHAPE', `size mismatch, got ${m}, ${m}x${k},${depth}`);
  }
  if (a.length <= 2 || b.length <= 2) {
    const rows = a.slice(0, -1).reduce((product, size) => product * size, 1);
    return b.length <= 2
      ? rangeError('ERR_CONV1D_SHAPE', `mat1 and mat2 shapes cannot be multiplied (${rows}x${k} and ${depth}x${n})`)
      : rangeError('ERR_CONV1D_SHAPE', `mat1 and mat2 shapes cannot be multiplied (${m}x${k} and ${depth}x${n})`);
  }
  const batch = broadcastShape(a.slice(0, -2), b.slice(0, -2)).reduce((product, size) => product * size, 1);
  return rangeError(
    'ERR_CONV1D_SHAPE',
    `Expected size for first two dimensions of batch2 tensor to be: [${batch}, ${k}] but got: [${batch}, ${depth}].`,
  );
}

/** A view with at least two dimensions; a vector becomes a matrix of one row or column. */
function asMatrices(view: View, shape: readonly number[]): View {
  if (view.shape.length > 1) return view;
  return viewOfAll(elementsOfView(view), view.dtype, shape);
}

/** A side, its batch dimensions broadcast. The native side takes no repeated rows or columns. */
function side(view: View, shape: readonly number[]) {
  const own = stridesOf(view);
  const repeats = own.slice(-2).some((stride, i) => stride === 0 && view.shape.at(i - 2)! > 1);
  const plain = repeats ? viewOfAll(elementsOfView(view), view.dtype, view.shape) : view;
  requireElements(plain);
  const strides = stridesOf(broadcastTo(plain, shape)).map((stride, dim) =>
    // Of one row or column the stride counts for nothing, but must be positive.
    dim >= shape.length - 2 ? Math.max(stride, 1) : stride,
  );
  return { storage: plain.storage as FloatArray, offset: plain.offset, strides };
}
