import { type BinaryFunction, binary, type Operand } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { arrayKind } from '../dtype.ts';
import { broadcastShape, numelOf, sameShape } from '../shape.ts';
import { broadcastTo, elementsOfView, requireMemory, stridesOf, type View, viewOfAll } from '../view.ts';

/** A function of two elements, applied to all pairs; shapes are broadcast as in PyTorch. */
export function elementwise(a: View, b: View | number, name: BinaryFunction): View {
  const { dtype } = a;
  if (typeof b === 'number') {
    const x = elementsOfView(a);
    const y = new (arrayKind(dtype))([b]);
    const out = allocateResult(dtype, a.numel);
    binary(name, [a.numel], { storage: x, offset: 0, strides: [1] }, { storage: y, offset: 0, strides: [0] }, out);
    return viewOfAll(out, dtype, a.shape);
  }
  const shape = sameShape(a.shape, b.shape) ? a.shape : Object.freeze(broadcastShape(a.shape, b.shape));
  const numel = numelOf(shape);
  const [x, y] = [operand(a), operand(b)];
  const out = allocateResult(dtype, numel);
  if (a.strides === null && b.strides === null && sameShape(a.shape, b.shape)) {
    binary(name, [numel], { ...x, strides: [1] }, { ...y, strides: [1] }, out);
  } else {
    binary(name, shape, repeated(a, x, shape), repeated(b, y, shape), out);
  }
  return viewOfAll(out, dtype, shape);
}

/** The memory of a view as the native functions take it: where its last dimension has gaps, that of a copy. */
function operand(view: View): Omit<Operand, 'strides'> {
  const isDense = view.strides === null || view.strides.at(-1) === 1;
  if (!isDense) return { storage: elementsOfView(view), offset: 0 };
  const last = stridesOf(view).reduce((sum, stride, dim) => sum + (view.shape[dim]! - 1) * stride, view.offset);
  requireMemory(view, last + 1);
  return { storage: view.storage, offset: view.offset };
}

/** The same, broadcast to a shape. */
function repeated(view: View, memory: Omit<Operand, 'strides'>, shape: readonly number[]): Operand {
  const own = memory.storage === view.storage ? view : viewOfAll(memory.storage, view.dtype, view.shape);
  return { ...memory, strides: stridesOf(broadcastTo(own, shape)) };
}
