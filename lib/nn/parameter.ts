import { typeError } from '../check/errors.ts';
import { boolean, describe, isArray } from '../check/validate.ts';
import { type FloatArray, isFloatArray, plainFloats } from '../tensor/dtype.ts';
import { readSizes, requireNumel } from '../tensor/sizes.ts';
import { Tensor } from '../tensor/tensor.ts';

/**
 * A tensor that a layer learns: its weight or its bias, which prints as torch prints a Parameter. There are no gradients yet:
 * `requiresGrad` is stored and printed.
 *
 * @example
 * String(new Parameter(new Float32Array([0.5, -1]), [2]));
 * // Parameter containing:
 * // tensor([ 0.5000, -1.0000], requires_grad=True)
 * @category Tensors
 */
export class Parameter extends Tensor {
  /**
   * @param storage       the elements in row-major order; they are not copied
   * @param shape         sizes whose product is the number of elements
   * @param requiresGrad  default true
   * @throws TypeError ERR_CONV1D_TYPE    when the storage is no Float32Array or Float64Array, or the shape no array of numbers
   * @throws RangeError ERR_CONV1D_SHAPE  when the shape does not fit the storage
   */
  constructor(storage: FloatArray, shape: readonly number[], requiresGrad = true) {
    if (!isFloatArray(storage)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `Parameter(): the storage must be a Float32Array or a Float64Array, but got ${describe(storage)}`,
      );
    }
    if (!isArray(shape)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `Parameter(): the shape must be an array of sizes, but got ${describe(shape)}`,
      );
    }
    const sizes = readSizes(shape, 'Parameter');
    const elements = plainFloats(storage);
    requireNumel(sizes, elements.length);
    super(elements, sizes, boolean(requiresGrad, 'requiresGrad'));
  }

  /** The parameter as torch prints it. */
  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }
}
