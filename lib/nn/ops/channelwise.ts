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

/** What is known of the channels that a norm has made a x + b of, for its gradient. */
export interface NormedChannels {
  readonly mean: FloatArray;
  /** One over the standard deviation. */
  readonly rstd: FloatArray;
  /** Whether both come from the input, and change with it. */
  readonly areOfInput: boolean;
  /** What torch calls the gradient. */
  readonly gradientName: string;
}

/** Those of {@link affine}. */
export interface AffineAttributes extends ChannelAttributes {
  /** Null where there is no gradient to come. */
  readonly normed: NormedChannels | null;
}

/** A function whose parameters belong to the channels of x (N, C, ...), or (C, L) without a batch: `channelDim` counts them. */
function ofChannels<A extends ChannelAttributes>(
  name: ChannelFunction,
): Operation<A & { readonly channelDim: number }> {
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

/** a x + b, with one rounding: batch norm. It learns weight and bias. */
export const affine = ofChannels<AffineAttributes>('affine');
/** x + b sin(a x)^2, with b = 1 / (a + 1e-9). It learns a. */
export const snake = ofChannels<ChannelAttributes>('snake');
/** x, but a x below zero. It learns a. */
export const prelu = ofChannels<ChannelAttributes>('leakyRelu');
