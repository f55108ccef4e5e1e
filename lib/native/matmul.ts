import type { FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** A batch of matrices (batch..., rows, columns): a stride for each dimension; a batch dimension that is broadcast has stride 0. */
export interface Matrices {
  readonly storage: FloatArray;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** What is multiplied: (batch..., m, k) x (batch..., k, n). */
export interface MatmulShape {
  readonly batch: readonly number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** `out`, contiguous and apart from both, is (batch..., m, n). Unless k is 1, its strides are 1 or more. */
export function matmul({ batch, m, k, n }: MatmulShape, a: Matrices, b: Matrices, out: FloatArray): void {
  loadAddon().matmul(batch, m, k, n, a.storage, a.offset, a.strides, b.storage, b.offset, b.strides, out);
}
