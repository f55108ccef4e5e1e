import { allocate } from '../tensor/allocate.ts';
import type { FloatDtype } from '../tensor/dtype.ts';
import { uniform } from '../tensor/random/random.ts';
import { numelOf } from '../tensor/shape.ts';
import { Parameter } from './parameter.ts';

/** The bound of torch's `kaiming_uniform_(weight, a=sqrt(5))`: 1 / sqrt(fanIn), up to the rounding of torch's own steps. */
export function weightBound(fanIn: number): number {
  const a = Math.sqrt(5);
  const gain = Math.sqrt(2 / (1 + a * a));
  const deviation = gain / Math.sqrt(fanIn);
  return Math.sqrt(3) * deviation;
}

/** The bound of torch's initial bias: 1 / sqrt(fanIn). */
export function biasBound(fanIn: number): number {
  return 1 / Math.sqrt(fanIn);
}

/**
 * A new layer's weight, drawn as torch draws it: evenly from [-bound, bound) with {@link weightBound}. Draw it before the bias.
 *
 * @param fanIn  the inputs of one output: (inChannels / groups) * kernelSize
 * @param shape  a checked shape; it is copied
 * @throws RangeError ERR_CONV1D_SHAPE, ERR_CONV1D_MEMORY  when it is too large, before anything is drawn
 * @example
 * manualSeed(0);
 * kaimingUniform(10, [3, 2, 5], 'float32');   // the weight of torch's nn.Conv1d(2, 3, 5) after manual_seed(0)
 */
export function kaimingUniform(fanIn: number, shape: readonly number[], dtype: FloatDtype): Parameter {
  return drawn(weightBound(fanIn), shape, dtype);
}

/** A new layer's bias, drawn as torch draws it: evenly from [-bound, bound) with {@link biasBound}; see {@link kaimingUniform}. */
export function biasUniform(fanIn: number, shape: readonly number[], dtype: FloatDtype): Parameter {
  return drawn(biasBound(fanIn), shape, dtype);
}

/** The bound is infinite when nothing feeds an output: nothing is drawn then, as in torch, and the values are zeros. */
function drawn(bound: number, shape: readonly number[], dtype: FloatDtype): Parameter {
  const values = allocate(dtype, numelOf(shape));
  if (Number.isFinite(bound)) uniform(values, -bound, bound);
  return new Parameter(values, shape);
}
