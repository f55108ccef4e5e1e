import { embedding } from '../../nn/ops/embedding.ts';
import { runOperation } from '../../tensor/operation.ts';
import { gather, indexSelect } from '../../tensor/ops/indexing.ts';
import { permute } from '../../tensor/ops/views.ts';
import { defineRule } from '../rule.ts';
import { scatteredAlong, scatteredRows } from '../scatter.ts';

// Elements by their indices: the gradients of all copies of an element are added up, in the order of the indices.

defineRule(gather, {
  name: 'GatherBackward0',
  saves: ({ inputs: [, index] }) => [index],
  backward: ({ attributes: { dim }, inputs: [x], saved: [index] }, gradient) => [
    scatteredAlong(gradient, index!, x!, dim),
    null,
  ],
});

defineRule(indexSelect, {
  name: 'IndexSelectBackward0',
  saves: ({ inputs: [, index] }) => [index],
  backward: ({ attributes: { dim }, inputs: [x], saved: [index] }, gradient) => {
    const { dtype, shape } = x!;
    if (shape.length === 0) return [gradient, null];
    // The dimension first.
    const order = [dim, ...[...shape.keys()].filter((each) => each !== dim)];
    const rows = runOperation(permute, [gradient], { dims: order });
    const sum = scatteredRows(rows, index!, { dtype, shape: order.map((each) => shape[each]!) });
    return [runOperation(permute, [sum], { dims: order.map((_, each) => order.indexOf(each)) }), null];
  },
});

defineRule(embedding, {
  name: 'EmbeddingBackward0',
  saves: ({ inputs: [index] }) => [index],
  backward: ({ attributes: { paddingIdx }, inputs: [, weight], saved: [index] }, gradient) => {
    const sum = scatteredRows(gradient, index!, weight!);
    const width = weight!.shape[1]!;
    // A row that is not learned.
    if (paddingIdx !== null) (sum.storage as Float32Array).fill(0, paddingIdx * width, (paddingIdx + 1) * width);
    return [null, sum];
  },
});
