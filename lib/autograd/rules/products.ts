import { runOperation } from '../../tensor/operation.ts';
import { matmul } from '../../tensor/ops/matmul.ts';
import { permute } from '../../tensor/ops/views.ts';
import type { View } from '../../tensor/view.ts';
import { defineRule } from '../rule.ts';
import { reshaped, sumTo } from '../shapes.ts';

/** torch's, by the numbers of dimensions. */
const NAMES: Readonly<Record<string, string>> = {
  '1 1': 'DotBackward0',
  '2 1': 'MvBackward0',
  '1 2': 'SqueezeBackward3',
  '2 2': 'MmBackward0',
};

/** With a batch, torch multiplies other shapes, and gives the product the shape that it must have. */
function nameOf(a: readonly number[], b: readonly number[]): string {
  if (b.length <= 2 || a.length !== 2) return NAMES[`${a.length} ${b.length}`] ?? 'UnsafeViewBackward0';
  return a[0] === 1 || b.at(-1) === 1 ? 'TransposeBackward0' : 'CloneBackward0';
}

defineRule(matmul, {
  name: (_, [a, b]) => nameOf(a!.shape, b!.shape),
  saves: ({ inputs: [a, b], needs }) => [needs[1] ? a : null, needs[0] ? b : null],
  backward: ({ inputs: [a, b], needs, saved: [left, right] }, gradient) => {
    // A vector counts as a matrix of one row on the left, of one column on the right.
    const aShape = a!.shape.length === 1 ? [1, ...a!.shape] : a!.shape;
    const bShape = b!.shape.length === 1 ? [...b!.shape, 1] : b!.shape;
    const [m, k, n] = [aShape.at(-2)!, aShape.at(-1)!, bShape.at(-1)!];
    // The rows of a batch that meets one matrix are the rows of one matrix.
    const isOneMatrix = bShape.length === 2;
    const vectors = Number(a!.shape.length === 1) + Number(b!.shape.length === 1);
    const batch = gradient.shape.slice(0, gradient.shape.length - 2 + vectors);
    const asRows = (view: View, columns: number) =>
      reshaped(view, isOneMatrix ? [product([...batch, m]), columns] : [...batch, m, columns]);
    const g = asRows(gradient, n);
    const [x, y] = [left && (isOneMatrix ? asRows(left, k) : reshaped(left, aShape)), right && reshaped(right, bShape)];
    return [
      needs[0]
        ? reshaped(sumTo(times(g, transposed(y!)), { ...a!, shape: isOneMatrix ? [g.shape[0]!, k] : aShape }), a!.shape)
        : null,
      needs[1] ? reshaped(sumTo(times(transposed(x!), g), { ...b!, shape: bShape }), b!.shape) : null,
    ];
  },
});

function times(x: View, y: View): View {
  return runOperation(matmul, [x, y], undefined);
}

function transposed(view: View): View {
  const last = view.shape.length - 1;
  const dims = view.shape.map((_, dim) => (dim === last ? last - 1 : dim === last - 1 ? last : dim));
  return runOperation(permute, [view], { dims });
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
