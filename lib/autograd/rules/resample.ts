import { inputGradient } from '../../convolution/gradients.ts';
import { copy } from '../../native/pointwise.ts';
import { resample } from '../../nn/ops/resample.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';
import { defineRule } from '../rule.ts';
import { reshaped } from '../shapes.ts';
import { zerosOf } from '../zeros.ts';

defineRule(resample, {
  name: 'SliceBackward0',
  backward: ({ attributes: { to, layer }, inputs: [x] }, gradient) => {
    if (numelOf(x!.shape) === 0) return [zerosOf(x!)];
    const { parameters, weight } = layer;
    const signals = [numelOf(x!.shape.slice(0, -1)), 1, x!.shape.at(-1)!];
    const { outShape } = layer.fits.of(signals);
    const steps = outShape.at(-1)!;
    const outLength = gradient.shape.at(-1)!;
    // Of all that the steps make, in rows as the convolution makes it.
    const rows = zerosOf({ dtype: gradient.dtype, shape: outShape });
    const [whole, left] = [Math.floor(outLength / to), outLength % to];
    const source = { storage: floatsOfView(gradient), offset: 0, strides: [outLength, to, 1] };
    const target = { storage: rows.storage, offset: 0, strides: [to * steps, 1, steps] };
    copy([signals[0]!, whole, to], source, target);
    copy([signals[0]!, 1, left], { ...source, offset: whole * to }, { ...target, offset: whole });
    const filter = viewOfAll(weight, parameters.dtype, parameters.weightShape);
    return [reshaped(inputGradient(layer, { shape: signals }, rows, filter), x!.shape)];
  },
});
