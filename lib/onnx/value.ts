import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * What a value of a graph depends on: on nothing, like weights; only on the sizes of the inputs, like arithmetic on shapes; or on the values
 * of the inputs.
 */
export type Kind = 'fixed' | 'sized' | 'data';

/** A value of a graph while it is computed. */
export interface Value {
  readonly tensor: Tensor<Dtype>;
  readonly kind: Kind;
}
