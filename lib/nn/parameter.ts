import { typeError } from '../check/errors.ts';
import { boolean, describe, isArray } from '../check/validate.ts';
import { floatDtypeOf } from '../tensor/arguments.ts';
import { type FloatArray, isFloatArray, plainElements } from '../tensor/dtype.ts';
import { readSizes, requireNumel } from '../tensor/sizes.ts';
import { Tensor, viewOf } from '../tensor/tensor.ts';
import { floatsOfView, type View } from '../tensor/view.ts';

/**
 * A tensor that a layer learns: its weight or its bias, which prints as torch prints a Parameter. `backward()` leaves its gradient in
 * `grad`, unless its `requiresGrad` is false.
 *
 * @example
 * String(new Parameter(tensor([0.5, -1])));
 * // Parameter containing:
 * // tensor([ 0.5000, -1.0000], requires_grad=True)
 * @category Tensors
 */
export class Parameter extends Tensor {
  readonly #isParameter = true;

  /**
   * @param tensor        a tensor of floats, whose memory the parameter shares; of one with gaps (`isContiguous` is false) it has a copy
   * @param requiresGrad  default true
   * @throws TypeError ERR_CONV1D_DTYPE  when the tensor has integers or bools
   */
  constructor(tensor: Tensor, requiresGrad?: boolean);
  /**
   * @param storage       the elements in row-major order; they are not copied
   * @param shape         sizes whose product is the number of elements
   * @param requiresGrad  default true
   * @throws TypeError ERR_CONV1D_TYPE    when the storage is no Float32Array or Float64Array, or the shape no array of numbers
   * @throws RangeError ERR_CONV1D_SHAPE  when the shape does not fit the storage
   */
  constructor(storage: FloatArray, shape: readonly number[], requiresGrad?: boolean);
  constructor(storage: FloatArray | Tensor, shapeOrGrad?: readonly number[] | boolean, lastRequiresGrad?: boolean) {
    const view = viewOf(storage);
    const { elements, shape } = view === undefined ? ofStorage(storage as FloatArray, shapeOrGrad) : ofTensor(view);
    const requiresGrad = view === undefined ? lastRequiresGrad : shapeOrGrad;
    super(elements, shape, boolean(requiresGrad ?? true, 'requiresGrad'));
  }

  /** Whether a value is a parameter of this library. */
  static isParameter(value: unknown): value is Parameter {
    return typeof value === 'object' && value !== null && #isParameter in value;
  }

  /** The parameter as torch prints it: one under a norm is no parameter, but a tensor that comes from its two parts. */
  override toString(): string {
    const text = super.toString();
    return this.isLeaf ? `Parameter containing:\n${text}` : text;
  }
}

function ofTensor(view: View): { elements: FloatArray; shape: readonly number[] } {
  floatDtypeOf(view.dtype, 'Parameter', 'the tensor');
  return { elements: floatsOfView(view), shape: view.shape };
}

function ofStorage(storage: unknown, shape: unknown): { elements: FloatArray; shape: readonly number[] } {
  if (!isFloatArray(storage)) {
    throw typeError(
      'ERR_CONV1D_TYPE',
      `Parameter(): the storage must be a Float32Array or a Float64Array, or give a Tensor alone, but got ${describe(storage)}`,
    );
  }
  if (!isArray(shape)) {
    throw typeError('ERR_CONV1D_TYPE', `Parameter(): the shape must be an array of sizes, but got ${describe(shape)}`);
  }
  const sizes = readSizes(shape, 'Parameter');
  const elements = plainElements(storage);
  requireNumel(sizes, elements.length);
  return { elements, shape: sizes };
}
