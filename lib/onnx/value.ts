import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * What a value of a graph depends on: on nothing, as weights; on the sizes of the inputs alone, as what is computed from shapes; or on what
 * the inputs hold.
 */
export type Kind = 'fixed' | 'sized' | 'data';

/** A value of a graph while it is computed. */
export interface Value {
  readonly tensor: Tensor<Dtype>;
  readonly kind: Kind;
}
