import { rangeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean } from '../../check/validate.ts';
import { givenView, ownView } from '../dispatch.ts';
import type { Dtype } from '../dtype.ts';
import { tape } from '../history.ts';
import { converted } from '../ops/convert.ts';
import { sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** The options of {@link GradientMethods.backward}. */
export interface BackwardOptions {
  /** Whether what the gradients were computed with is kept, so that the graph can be run once more. Default false. */
  readonly retainGraph?: boolean | undefined;
}

/** How a tensor is learned. */
export interface GradientMethods {
  /**
   * Computes the gradient of this tensor with respect to every leaf that it was computed from, and adds it to the `grad` of each.
   * `torch.Tensor.backward`.
   *
   * What the graph has kept for this is given up at once, unless `retainGraph` says otherwise.
   *
   * @param gradient  of this tensor's shape: the gradient of what is to be learned with respect to it. Null, 1, of a tensor with one element
   * @param options   `retainGraph`: false by default
   * @throws RangeError ERR_CONV1D_GRAD   when the tensor requires no gradient, has several elements and no gradient is given, the graph was
   *                                      run already, or a value that is needed was written over
   * @throws RangeError ERR_CONV1D_SHAPE  when the gradient has another shape
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_MEMORY  when a gradient cannot be allocated
   * @example
   * const w = tensor([1, 2], { requiresGrad: true });
   * w.mul(tensor([3, 4])).sum().backward();
   * w.grad;   // tensor([3., 4.])
   */
  backward(gradient?: Tensor<Dtype> | null, options?: BackwardOptions): void;

  /**
   * Has `backward` keep the gradient of this tensor in its `grad`, though it is no leaf. `torch.Tensor.retain_grad`.
   *
   * @throws RangeError ERR_CONV1D_GRAD  when the tensor requires no gradient
   * @example
   * const y = tensor([3], { requiresGrad: true }).mul(2);
   * y.retainGrad();
   * y.mul(y).sum().backward();
   * y.grad;   // tensor([12.])
   */
  retainGrad(): void;
}

/** The methods of {@link GradientMethods}. */
export const gradientMethods = {
  backward(this: unknown, gradient: unknown, options: unknown): void {
    const root = ownView(this, 'backward');
    const retainGraph = readRetainGraph(options);
    if (gradient === undefined || gradient === null) {
      tape().backward(root, null, retainGraph);
      return;
    }
    const given = givenView(gradient, "backward(): argument 'gradient' (position 1)");
    if (!sameShape(given.shape, root.shape)) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `Mismatch in shape: grad_output[0] has a shape of torch.Size([${given.shape.join(', ')}]) and output[0] has a shape of torch.Size([${root.shape.join(', ')}]).`,
      );
    }
    tape().backward(root, converted(given, root.dtype), retainGraph);
  },

  retainGrad(this: unknown): void {
    tape().retain(ownView(this, 'retainGrad'));
  },
};

function readRetainGraph(options: unknown): boolean {
  if (options === undefined) return false;
  refuseUnknownOptions(options as object, ['retainGraph'], 'backward');
  const { retainGraph } = options as BackwardOptions;
  return retainGraph === undefined ? false : boolean(retainGraph, 'retainGraph');
}
