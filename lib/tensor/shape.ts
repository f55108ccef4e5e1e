import { rangeError } from '../check/errors.ts';

/** The largest element count a tensor may have: what one typed array can hold on every engine we support. */
export const MAX_NUMEL = 2 ** 32 - 1;

/** The most dimensions a tensor may have, as in PyTorch and NumPy: what walks over a shape may recurse. */
export const MAX_DIMENSIONS = 64;

/** The number of elements of a shape; RangeError ERR_CONV1D_SHAPE when they or the dimensions are more than a tensor may have. */
export function numelOf(shape: readonly number[]): number {
  if (shape.length > MAX_DIMENSIONS) {
    throw rangeError('ERR_CONV1D_SHAPE', `a tensor has at most ${MAX_DIMENSIONS} dimensions, but got ${shape.length}`);
  }
  let numel = 1;
  for (let dim = 0; dim < shape.length; dim++) {
    const size = shape[dim]!;
    if (size === 0) return ofNothing(shape);
    numel *= size;
  }
  // Without zeros a product that passes 2^53, or even becomes Infinity, stays above MAX_NUMEL.
  if (!(numel <= MAX_NUMEL)) {
    throw rangeError('ERR_CONV1D_SHAPE', `a tensor of shape ${formatShape(shape)} has more than ${MAX_NUMEL} elements`);
  }
  return numel;
}

/** Zero, the number of elements when a size is; the others are still to be sizes. */
function ofNothing(shape: readonly number[]): 0 {
  if (shape.every(Number.isSafeInteger)) return 0;
  throw rangeError('ERR_CONV1D_SHAPE', `a tensor of shape ${formatShape(shape)} has a size beyond 2^53 - 1`);
}

/** Row-major strides, in elements. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** `[2, 5, 10]`, the way torch writes a shape in its messages. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The shape that two shapes are broadcast to, as in PyTorch. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const ndim = Math.max(a.length, b.length);
  return Array.from({ length: ndim }, (_, dim) => {
    const x = a[dim - ndim + a.length] ?? 1;
    const y = b[dim - ndim + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `The size of tensor a (${x}) must match the size of tensor b (${y}) at non-singleton dimension ${dim}`,
      );
    }
    return x === 1 ? y : x;
  });
}
