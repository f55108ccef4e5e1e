import { gradOf, setGrad } from '../tensor/grad.ts';
import { runOperation } from '../tensor/operation.ts';
import { add } from '../tensor/ops/elementwise.ts';
import { tensorOf, viewOf } from '../tensor/tensor.ts';
import { wrote } from '../tensor/versions.ts';
import { copyOfView, floatsOfView, packedView, type View } from '../tensor/view.ts';

/** The sum of two gradients. */
export function sumOf(one: View | null | undefined, other: View): View {
  return one === null || one === undefined ? other : runOperation(add, [one, other], {});
}

/**
 * Adds to the gradient that a tensor has.
 *
 * @param isOwn  whether nobody else has the memory of the new gradient
 */
export function accumulate(view: View, gradient: View, isOwn: boolean): void {
  const before = gradOf(view);
  if (before === null) {
    setGrad(view, tensorOf(isOwn ? packedView(gradient) : copyOfView(gradient)));
    return;
  }
  const held = viewOf(before)!;
  const sum = runOperation(add, [held, gradient], {});
  if (held.strides !== null) {
    setGrad(view, tensorOf(sum));
    return;
  }
  // In place, as in torch: who holds the gradient sees it grow.
  const memory = floatsOfView(held);
  memory.set(floatsOfView(sum));
  wrote(memory);
}
