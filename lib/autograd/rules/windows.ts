import * as native from '../../native/gradients.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import * as pooling from '../../nn/ops/pooling.ts';
import { upsample } from '../../nn/ops/upsample.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Meta } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';
import { defineMultiRule, defineRule } from '../rule.ts';

// Rows that become longer or shorter. torch pools images of one row, and squeezes them then: hence the name.

const POOLED = 'SqueezeBackward1';

/** How many rows there are, and how long they are before and behind. */
interface Rows {
  readonly rows: number;
  readonly length: number;
  readonly outLength: number;
}

/** The gradient of rows of x. */
function ofRows(
  { dtype, shape }: Meta,
  gradient: View,
  compute: (sizes: Rows, gradient: FloatArray, out: FloatArray) => void,
): View {
  const out = allocateResult(dtype as FloatDtype, numelOf(shape));
  const sizes = { rows: numelOf(shape.slice(0, -1)), length: shape.at(-1)!, outLength: gradient.shape.at(-1)! };
  if (out.length > 0) compute(sizes, floatsOfView(gradient), out);
  return viewOfAll(out, dtype, shape);
}

defineMultiRule(pooling.maxPool, {
  name: POOLED,
  saves: ({ inputs }) => inputs,
  backward: ({ attributes, saved: [x] }, [gradient]) => [
    gradient
      ? ofRows(x!, gradient, (sizes, g, out) =>
          native.maxPoolGradient({ ...attributes, ...sizes }, attributes.dilation, floatsOfView(x!), g, out),
        )
      : null,
  ],
});

defineMultiRule(pooling.adaptiveMaxPool, {
  name: POOLED,
  saves: ({ inputs }) => inputs,
  backward: ({ saved: [x] }, [gradient]) => [
    gradient
      ? ofRows(x!, gradient, ({ rows, length, outLength }, g, out) =>
          native.adaptiveMaxPoolGradient(rows, length, outLength, floatsOfView(x!), g, out),
        )
      : null,
  ],
});

defineRule(pooling.avgPool, {
  name: POOLED,
  backward: ({ attributes, inputs: [x] }, gradient) => [
    ofRows(x!, gradient, (sizes, g, out) =>
      native.avgPoolGradient({ ...attributes, ...sizes }, attributes.countIncludePad, g, out),
    ),
  ],
});

defineRule(pooling.adaptiveAvgPool, {
  name: POOLED,
  backward: ({ inputs: [x] }, gradient) => [
    ofRows(x!, gradient, ({ rows, length, outLength }, g, out) =>
      native.adaptiveAvgPoolGradient(rows, length, outLength, g, out),
    ),
  ],
});

defineRule(upsample, {
  name: ({ mode }) => (mode === 'nearest' ? 'UpsampleNearest1DBackward1' : 'UpsampleLinear1DBackward1'),
  backward: ({ attributes: { scale, mode, alignCorners }, inputs: [x] }, gradient) => [
    ofRows(x!, gradient, (sizes, g, out) => {
      if (mode === 'nearest') native.upsampleNearestGradient({ ...sizes, scale }, g, out);
      else native.upsampleLinearGradient({ ...sizes, scale }, alignCorners, g, out);
    }),
  ],
});
