import { allocateResult } from '../../native/resultMemory.ts';
import { weightNorm } from '../../nn/ops/weightNorm.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';
import { defineRule } from '../rule.ts';

defineRule(weightNorm, {
  // torch composes the norms over other dimensions.
  name: ({ dim }, [, v]) =>
    dim === 0 || dim === v!.shape.length - 1 ? 'WeightNormInterfaceBackward0' : 'MulBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes: { dim }, inputs, needs, saved: [g, v] }, gradient) => {
    const [magnitude, direction, dw] = [floatsOfView(g!), floatsOfView(v!), floatsOfView(gradient)];
    // Seen as (before, size, after), the elements of one norm are those with one index in the middle.
    const size = dim < 0 ? 1 : v!.shape[dim]!;
    const after = dim < 0 ? v!.numel : v!.shape.slice(dim + 1).reduce((product, each) => product * each, 1);
    const squares = new Float64Array(size);
    const products = new Float64Array(size);
    for (let i = 0; i < direction.length; ) {
      for (let j = 0; j < size; j++) {
        let [square, product] = [squares[j]!, products[j]!];
        for (const end = i + after; i < end; i++) {
          square += direction[i]! * direction[i]!;
          product += dw[i]! * direction[i]!;
        }
        squares[j] = square;
        products[j] = product;
      }
    }
    const dg = needs[0] ? allocateResult(inputs[0]!.dtype as FloatDtype, size) : null;
    for (let j = 0; dg !== null && j < size; j++) dg[j] = products[j]! / Math.sqrt(squares[j]!);
    const dv = needs[1] ? allocateResult(inputs[1]!.dtype as FloatDtype, v!.numel) : null;
    for (let i = 0; dv !== null && i < dv.length; ) {
      for (let j = 0; j < size; j++) {
        const scale = magnitude[j]! / Math.sqrt(squares[j]!);
        const along = products[j]! / squares[j]!;
        for (const end = i + after; i < end; i++) dv[i] = scale * (dw[i]! - direction[i]! * along);
      }
    }
    return [dg, dv].map((memory, i) =>
      memory === null ? null : viewOfAll(memory, inputs[i]!.dtype, inputs[i]!.shape),
    );
  },
});
