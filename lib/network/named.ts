import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';

/**
 * Tensors by their names.
 *
 * @category Networks
 */
export type NamedTensors = Readonly<Record<string, Tensor<Dtype>>>;

/**
 * The result of a call by name: each output under its name in `outputs`. Without such names, the one output itself, or the object
 * that the forward returns, or, if it returns an array, an object with `output0`, `output1` and so on.
 *
 * @typeParam Result  what the forward returns
 * @typeParam Names   the names in `outputs`
 * @category Networks
 */
export type NamedResult<Result, Names extends readonly string[]> = string[] extends Names
  ? Result extends Tensor<Dtype> | NamedTensors
    ? Result
    : Readonly<Record<string, Tensor>>
  : { readonly [name in Names[number]]: Tensor };
