import { type ChannelFunction, channelwise as compute } from '../../native/channelwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatArray } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

/** The parameters of a function, one for each channel or one for all. */
export interface ChannelAttributes {
  readonly a: FloatArray;
  readonly b: FloatArray | null;
}

/** A function whose parameters belong to the channels of x (N, C, ...), or (C, L) without a batch: `channelDim` counts them. */
function ofChannels(name: ChannelFunction): Operation<ChannelAttributes & { readonly channelDim: number }> {
  return {
    name,
    infer: ([x]) => ({ dtype: x!.dtype, shape: x!.shape }),
    run: ([x], { a, b, channelDim }, { dtype, shape }) => {
      const elements = floatsOfView(x!);
      // What was gathered from a view with gaps is a copy already.
      const out = x!.strides === null ? allocateResult(dtype as 'float32' | 'float64', elements.length) : elements;
      if (elements.length > 0) {
        const length = a.length === 1 ? elements.length : numelOf(shape.slice(channelDim + 1));
        compute(name, elements.length / length, a.length, length, elements, a, b, out);
      }
      return viewOfAll(out, dtype, shape);
    },
    elementFunction: ({ a, b, channelDim }) => ({ kind: 'channel', name, a, b, channelDim }),
  };
}

/** a x + b, with one rounding. */
export const affine = ofChannels('affine');
/** x + b sin(a x)^2. */
export const snake = ofChannels('snake');
/** x, but a x below zero. */
export const prelu = ofChannels('leakyRelu');
