import { type BinaryFunction, binary, type Operand } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { arrayKind } from '../dtype.ts';
import { broadcastShape, numelOf, sameShape } from '../shape.ts';
import { broadcastTo, elementsOfView, requireMemory, stridesOf, type View, viewOfAll } from '../view.ts';

const ONE_BY_ONE = [1];
const THE_SAME = [0];

/** A function of two elements, applied to all pairs; shapes are broadcast as in PyTorch. */
export function elementwise(a: View, b: View | number, name: BinaryFunction): View {
  const { dtype } = a;
  if (typeof b === 'number') {
    const y = new (arrayKind(dtype))(1);
    y[0] = b;
    return inRows(a, { storage: y, offset: 0, strides: THE_SAME }, name);
  }
  if (sameShape(a.shape, b.shape)) {
    return inRows(a, { storage: elementsOfView(b), offset: 0, strides: ONE_BY_ONE }, name);
  }
  const shape = Object.freeze(broadcastShape(a.shape, b.shape));
  const numel = numelOf(shape);
  const [x, y] = [operand(a, shape), operand(b, shape)];
  const out = allocateResult(dtype, numel);
  if (numel > 0) binary(name, shape, x, y, out);
  return viewOfAll(out, dtype, shape);
}

/** With as many elements on the right, or one for all. */
function inRows(a: View, y: Operand, name: BinaryFunction): View {
  const x: Operand = { storage: elementsOfView(a), offset: 0, strides: ONE_BY_ONE };
  const out = allocateResult(a.dtype, a.numel);
  binary(name, [a.numel], x, y, out);
  return viewOfAll(out, a.dtype, a.shape);
}

/** A view broadcast to a shape, as the native functions take it: where neighbours in its last dimension lie apart, a copy. */
function operand(view: View, shape: readonly number[]): Operand {
  const strides = stridesOf(broadcastTo(view, shape));
  const last = shape.findLastIndex((size) => size > 1);
  if (last >= 0 && strides[last]! > 1) {
    const copy = viewOfAll(elementsOfView(view), view.dtype, view.shape);
    return { storage: copy.storage, offset: 0, strides: stridesOf(broadcastTo(copy, shape)) };
  }
  if (view.numel > 0) {
    const end = stridesOf(view).reduce((sum, stride, dim) => sum + (view.shape[dim]! - 1) * stride, view.offset);
    requireMemory(view, end + 1);
  }
  return { storage: view.storage, offset: view.offset, strides };
}
