import * as conv1d from '../../../lib/index.ts';
import type { DtypeName } from '../../golden/calls.ts';

type Tensor = conv1d.Tensor<conv1d.Dtype>;
export type Named = Readonly<Record<string, Tensor>>;

/** Of a network what these tests call. */
export interface Loaded {
  forward(inputs: Named): Named;
  summary(...shapes: readonly (readonly number[])[]): conv1d.Summary;
}

/** `loadOnnx`, whose network gives its outputs by name. */
export const load = (file: string | Uint8Array, options?: conv1d.OnnxOptions): Promise<Loaded> =>
  conv1d.loadOnnx(file, options) as unknown as Promise<Loaded>;

/** Loads a file and computes its outputs, by name. */
export async function run(file: string | Uint8Array, inputs: Named, options?: conv1d.OnnxOptions): Promise<Named> {
  return (await load(file, options)).forward(inputs);
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

/** A tensor of numbers as they are in memory. */
export function tensorOf(dtype: DtypeName, shape: readonly number[], bytes: Uint8Array): Tensor {
  const values = new ARRAYS[dtype](Uint8Array.from(bytes).buffer);
  const tensor = conv1d.tensor as unknown as (values: unknown, shape: readonly number[], options: object) => Tensor;
  return tensor(Array.from(values as ArrayLike<number>), shape, { dtype });
}

/** How a result differs: the largest difference and whether each element is within the tolerance; NaN equals NaN, infinities themselves. */
export interface Difference {
  readonly largest: number;
  readonly isWithin: boolean;
}

/** `numpy.testing.assert_allclose`, which ONNX's runner calls, of tensors of one dtype and shape; integers and bools have to be equal. */
export function difference(got: Tensor, expected: Tensor, rtol: number, atol: number): Difference {
  const same = got.dtype === expected.dtype && String(got.shape) === String(expected.shape);
  if (!same) {
    throw new Error(`${got.dtype} [${got.shape}] came, not ${expected.dtype} [${expected.shape}]`);
  }
  const right = expected.data as ArrayLike<number | bigint>;
  const isExact = !expected.dtype.startsWith('float');
  let largest = 0;
  let isWithin = true;
  Array.from(got.data as ArrayLike<number | bigint>).forEach((value, i) => {
    const [one, other] = [Number(value), Number(right[i]!)];
    if (value === right[i] || Object.is(one, other)) return;
    const distance = Math.abs(one - other);
    largest = Math.max(largest, Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance);
    isWithin &&= !isExact && distance <= atol + rtol * Math.abs(other);
  });
  return { largest, isWithin };
}
