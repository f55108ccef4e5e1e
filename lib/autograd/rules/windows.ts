import { allocateResult } from '../../native/resultMemory.ts';
import * as pooling from '../../nn/ops/pooling.ts';
import { upsample } from '../../nn/ops/upsample.ts';
import type { FloatDtype } from '../../tensor/dtype.ts';
import {
  type Meta,
  type MultiOperation,
  type Operation,
  runMultiOperation,
  runOperation,
} from '../../tensor/operation.ts';
import { matmul } from '../../tensor/ops/matmul.ts';
import { permute } from '../../tensor/ops/views.ts';
import { type View, viewOfAll } from '../../tensor/view.ts';
import { defineMultiRule, defineRule } from '../rule.ts';
import { scatteredAlong } from '../scatter.ts';
import { reshaped } from '../shapes.ts';

/** The gradient of rows of which each output is a weighted sum: by the weights that the operation gives each element of a row. */
function ofRows<A>(operation: Operation<A>, attributes: A, gradient: View, { dtype, shape }: Meta): View {
  const length = shape.at(-1)!;
  const ones = allocateResult(dtype as FloatDtype, length * length).fill(0);
  for (let i = 0; i < length; i++) ones[i * (length + 1)] = 1;
  const weights = runOperation(operation, [viewOfAll(ones, dtype, [1, length, length])], attributes);
  const transposed = runOperation(permute, [reshaped(weights, [length, gradient.shape.at(-1)!])], { dims: [1, 0] });
  return runOperation(matmul, [gradient, transposed], undefined);
}

for (const operation of [pooling.avgPool, pooling.adaptiveAvgPool] as unknown as Operation<unknown>[]) {
  defineRule(operation, {
    name: 'SqueezeBackward1',
    backward: ({ attributes, inputs: [x] }, gradient) => [ofRows(operation, attributes, gradient, x!)],
  });
}

defineRule(upsample, {
  name: ({ mode }) => (mode === 'nearest' ? 'UpsampleNearest1DBackward1' : 'UpsampleLinear1DBackward1'),
  backward: ({ attributes, inputs: [x] }, gradient) => [ofRows(upsample, attributes, gradient, x!)],
});

// The element that was found to be the largest has all of the gradient.
for (const operation of [pooling.maxPool, pooling.adaptiveMaxPool] as unknown as MultiOperation<{
  readonly returnIndices: boolean;
}>[]) {
  defineMultiRule(operation, {
    name: 'SqueezeBackward1',
    saves: ({ inputs: [x], results: [, indices] }) => (indices ? [null, indices] : [x]),
    backward: ({ attributes, inputs: [x], saved: [input, found] }, [gradient]) => {
      if (!gradient) return [null];
      const indices = found ?? runMultiOperation(operation, [input!], { ...attributes, returnIndices: true })[1]!;
      return [scatteredAlong(gradient, indices, x!, x!.shape.length - 1)];
    },
  });
}
