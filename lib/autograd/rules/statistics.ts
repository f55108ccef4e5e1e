import { runOperation } from '../../tensor/operation.ts';
import { converted } from '../../tensor/ops/convert.ts';
import { deviation, mean, norm, prod, sum, type VarianceAttributes, variance } from '../../tensor/ops/reduce.ts';
import type { View } from '../../tensor/view.ts';
import { chosen, minus, over, replaced, times } from '../algebra.ts';
import { both, equal } from '../masks.ts';
import { defineRule } from '../rule.ts';
import { spread } from '../shapes.ts';

defineRule(variance, {
  name: 'VarBackward0',
  saves: ({ inputs }) => inputs,
  backward: ({ attributes, saved: [x] }, gradient) => [ofVariance(gradient, x!, attributes)],
});

defineRule(deviation, {
  name: 'StdBackward0',
  saves: ({ inputs: [x], results: [result] }) => [x, result],
  backward: ({ attributes, saved: [x, result] }, gradient) => [
    ofVariance(replaced(equal(result!, 0), over(gradient, times(result!, 2)), 0), x!, attributes),
  ],
});

function ofVariance(gradient: View, x: View, { dims, keepdim, correction }: VarianceAttributes): View {
  const { shape } = x;
  const count = dims.reduce((product, dim) => product * shape[dim]!, 1);
  const spreadOut = spread(gradient, shape, dims, keepdim);
  if (dims.length === shape.length && count === correction) return times(spreadOut, Number.POSITIVE_INFINITY);
  const center = runOperation(mean, [x], { dims, keepdim: true });
  return times(times(spreadOut, 2 / (count - correction)), minus(x, center));
}

defineRule(norm, {
  name: 'NormBackward1',
  saves: ({ inputs: [x], results: [result] }) => [x, result],
  backward: ({ attributes: { dims, keepdim }, saved: [x, result] }, gradient) => {
    // At zero there is no slope; torch takes 0.
    const scale = replaced(equal(result!, 0), over(gradient, result!), 0);
    return [times(x!, spread(scale, x!.shape, dims, keepdim))];
  },
});

defineRule(prod, {
  name: ({ areAll }) => (areAll ? 'ProdBackward0' : 'ProdBackward1'),
  saves: ({ inputs: [x], results: [result] }) => [x, result],
  backward: ({ attributes: { dims, keepdim }, saved: [x, result] }, gradient) => {
    const { shape } = x!;
    const [g, product] = [gradient, result!].map((view) => spread(view, shape, dims, keepdim)) as [View, View];
    const isZero = equal(x!, 0);
    const quotient = over(times(g, product), x!);
    if (!(isZero.storage as Uint8Array).includes(1)) return [quotient];
    // Where there is one zero, its slope is the product of all others; where there are several, there is a zero among the others, too.
    const count = runOperation(sum, [converted(isZero, x!.dtype)], { dims, keepdim: true });
    const others = runOperation(prod, [replaced(isZero, x!, 1)], { dims, keepdim: true });
    const ofZeros = chosen(both(isZero, equal(count, 1)), times(g, others), 0);
    return [chosen(equal(count, 0), quotient, ofZeros)];
  },
});
