import { rangeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean } from '../../check/validate.ts';
import { allocate } from '../../tensor/allocate.ts';
import { apply } from '../../tensor/dispatch.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { mul } from '../../tensor/ops/elementwise.ts';
import { uniform } from '../../tensor/random/random.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { viewOfAll } from '../../tensor/view.ts';
import { inputArgument, numberArgument } from '../arguments.ts';

/** The options of `functional.dropout`. */
export interface DropoutOptions {
  /** Whether elements are dropped at all. Default true. */
  readonly training?: boolean | undefined;
}

/**
 * Zeros in place of elements, each with probability p, and the others divided by 1 - p: PyTorch's `torch.nn.functional.dropout`.
 *
 * After the same `manualSeed` the mask is that of PyTorch on a CPU, in builds without MKL (Debian's): an element stays where a float64 drawn
 * as `rand` draws it lies below 1 - p.
 *
 * @param input    of floats
 * @param p        0.5 by default
 * @param options  `training`: true by default
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind or dtype
 * @throws RangeError ERR_CONV1D_VALUE  when p is not from 0 to 1
 * @example
 * functional.dropout(ones(3), 0.5, { training: false });   // tensor([1., 1., 1.])
 */
export function dropout<D extends FloatDtype, R extends number>(
  input: Tensor<D, R>,
  p = 0.5,
  options?: DropoutOptions,
): Tensor<D, R> {
  const x = inputArgument(input, 'dropout');
  const probability = readProbability(p);
  let training = true;
  if (options !== undefined) {
    refuseUnknownOptions(options, ['training'], 'functional.dropout');
    training = boolean(options.training ?? true, 'training');
  }
  if (!training || probability === 0 || x.numel === 0) return input;
  const mask = allocate(x.dtype as FloatDtype, x.numel);
  if (probability < 1) {
    const drawn = allocate('float64', x.numel);
    uniform(drawn);
    const kept = 1 - probability;
    const scale = 1 / (x.dtype === 'float32' ? Math.fround(kept) : kept);
    for (let i = 0; i < drawn.length; i++) mask[i] = drawn[i]! < kept ? scale : 0;
  }
  return apply(mul, [x, viewOfAll(mask, x.dtype, x.shape)], {}) as Tensor<D, R>;
}

/** A probability to be dropped. */
export function readProbability(p: unknown): number {
  const probability = numberArgument(p, 'dropout(): p');
  if (probability >= 0 && probability <= 1) return probability;
  throw rangeError('ERR_CONV1D_VALUE', `dropout probability has to be between 0 and 1, but got ${probability}`);
}
