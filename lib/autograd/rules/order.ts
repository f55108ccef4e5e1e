import { type MultiOperation, runOperation } from '../../tensor/operation.ts';
import { flip } from '../../tensor/ops/flip.ts';
import { cumsum, sort, topk } from '../../tensor/ops/sorting.ts';
import { defineMultiRule, defineRule } from '../rule.ts';
import { scatteredAlong } from '../scatter.ts';

/** The gradient of elements that were put in order goes where they came from. */
function ofOrder<A extends { readonly dim: number }>(operation: MultiOperation<A>, name: string): void {
  defineMultiRule(operation, {
    name,
    saves: ({ results: [, indices] }) => [indices],
    backward: ({ attributes: { dim }, inputs: [x], saved: [indices] }, [gradient]) => [
      gradient ? scatteredAlong(gradient, indices!, x!, dim) : null,
    ],
  });
}

ofOrder(sort, 'SortBackward0');
ofOrder(topk, 'TopkBackward0');

defineRule(cumsum, {
  name: 'CumsumBackward0',
  backward: ({ attributes: { dim }, inputs: [x] }, gradient) => {
    if (x!.shape.length === 0) return [gradient];
    // Each element is in all sums from its own on: the running sum from the end.
    const turned = runOperation(flip, [gradient], { dims: [dim] });
    return [runOperation(flip, [runOperation(cumsum, [turned], { dim })], { dims: [dim] })];
  },
});
